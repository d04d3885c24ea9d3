"""Latest, a range, or nothing? What the re-run card says before anybody presses."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from syncs import moments
from syncs.models import Merchant, Outage
from syncs.operations import fix_first
from syncs.rules.entries import OTHER_DAYS
from syncs.rules.health import Health
from syncs.rules.playbook import HELD_TOO, PERHAPS_OVER, Diagnosis
from syncs.rules.salesdays import ONE_DAY, today
from syncs.views import range_preview
from syncs.views.offers import Missing, Offer, Offers

NOT_UNTIL = "Not until "
MENDED, OVER = "the cause is mended", "the outage is over"
COME_ALONG = "The newer days come with Sync latest or with the next daily sync."
NEED_ONE_TOO = "The newer days, which Codat stopped, need one of their own."
STOPPED = (
    "Codat stopped the last sync because its days overlap an earlier one. "
    "Sync latest begins at the same place, and would probably be stopped too."
)


@dataclass(frozen=True)
class Advice:
    lead: str
    lines: tuple[str, ...]
    query: str = ""
    """Of the range that it is about, for the form."""


def of(
    merchant: Merchant,
    diagnosis: Diagnosis | None,
    offered: Offers,
    due: datetime | None,
    outage: Outage | None = None,
) -> Advice | None:
    """None where nothing is known that one could advise by. `due` is when the next scheduled sync ends, about; `outage`
    one that the merchant is in."""
    is_held = outage is not None and not outage.is_quiet
    if not _goes_on(merchant, due):
        return None
    fails_again = diagnosis is not None and diagnosis.rerun in fix_first.FAILS_AGAIN
    broken = diagnosis if fails_again and fix_first.hold_on(merchant) else None
    needs_other_days = broken is not None and broken.fixed_by == OTHER_DAYS
    mended = [_fix(broken)] if broken and not needs_other_days else []
    first = " and ".join([*mended, *([OVER] if is_held else [])])
    if offered.missing:
        newer = NEED_ONE_TOO if needs_other_days else COME_ALONG
        return _range(offered.missing, newer if offered.awaited else "", first)
    if not offered.awaited:
        return _nothing(due) if merchant.health == Health.HEALTHY else None
    if needs_other_days:
        return _other_days(merchant, offered, due, first)
    covered = _days(offered, today(merchant.zone, timezone.now()) - ONE_DAY)
    if first:
        return Advice(
            f"Nothing to run before {first}",
            (
                "A re-run now would probably fail the same way.",
                f"After that, Sync latest covers {covered}. So does the next daily sync{_about(due)}.",
            ),
        )
    return Advice(
        "Sync latest is enough",
        (
            f"It covers {covered}: it starts where the last success ended.",
            f"If you do nothing, the next daily sync covers them{_about(due)}.",
            *((f"It may fail again: {PERHAPS_OVER}.",) if outage else ()),
        ),
    )


def _goes_on(merchant: Merchant, due: datetime | None) -> bool:
    """Whether its daily syncs do: who must reconnect has none before, unless only the plan has expired."""
    is_tried = merchant.health == Health.NEEDS_RECONNECT and due is not None
    return is_tried or merchant.health in {Health.HEALTHY, Health.FAILING}


def _fix(diagnosis: Diagnosis) -> str:
    """As the playbook names it: "account 090 is fixed"."""
    words = diagnosis.rerun_words.removesuffix(f", {HELD_TOO}").rstrip(".")
    return words.removeprefix(NOT_UNTIL) if words.startswith(NOT_UNTIL) else MENDED


def _other_days(merchant: Merchant, offered: Offers, due: datetime | None, first: str) -> Advice:
    """Where Codat stopped a sync since its days overlap another: only other days may pass."""
    stopped = Offer("Stopped days", offered.awaited[0][0], offered.awaited[-1][1])
    days = moments.day_range(stopped.first, stopped.last, timezone.localdate())
    preview = range_preview.of(merchant, stopped.first, stopped.last, offered)
    again = f"If you do nothing, the next daily sync tries these days again{_about(due)}."
    if preview.overlap.windows:
        return Advice(
            "Ask Codat's support before anything runs",
            (STOPPED, f"A range of {days} overlaps, too. {preview.told_overlap}.", again),
        )
    return Advice(
        f"{_once(first, 'a range may help')}: {days}",
        (
            STOPPED,
            "No sync that we know of has these days. "
            "If Codat stops the range as well, send its support the company ID and sync IDs.",
            again,
        ),
        "" if first else stopped.query,
    )


def _range(missing: Missing, newer: str, first: str) -> Advice:
    oldest = missing.stretches[0]
    days = moments.day_range(oldest.first, oldest.last, timezone.localdate())
    more = f" and {missing.more + len(missing.named) - 1} more" if len(missing.stretches) > 1 else ""
    return Advice(
        f"{_once(first, 'a range is needed')}: {days}{more}",
        (
            "No later sync goes back for these days. Ask whether the sales were entered by hand first.",
            *([newer] if newer else []),
        ),
        "" if first else oldest.query,
    )


def _nothing(due: datetime | None) -> Advice:
    return Advice(
        "Nothing needs to run",
        (f"All days that are over are in the books. The next daily sync goes on from there{_about(due)}.",),
    )


def _once(first: str, then: str) -> str:
    return f"Once {first}, {then}" if first else f"{then[0].upper()}{then[1:]}"


def _days(offered: Offers, yesterday: date) -> str:
    """A latest sync runs until now: also over days of which no result is awaited yet."""
    return moments.day_range(offered.awaited[0][0], yesterday, timezone.localdate())


def _about(due: datetime | None) -> str:
    """Empty where Codat has stopped trying."""
    if due is None:
        return ""
    return f", {moments.about(due, timezone.localtime())}"
