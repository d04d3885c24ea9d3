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
COME_WITH_LATEST = "The newer days come with Sync latest."
DO_NOT_WAIT = "Do not wait for the daily sync: none has ended for days."
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
    is_silent = merchant.health == Health.SILENT
    if offered.missing:
        newer = NEED_ONE_TOO if needs_other_days else COME_WITH_LATEST if is_silent else COME_ALONG
        return _range(offered, offered.missing, newer if offered.awaited else "", first)
    yesterday = today(merchant.zone, timezone.now()) - ONE_DAY
    if merchant.health == Health.HEALTHY and offered.awaited in ([], [(yesterday, yesterday)]):
        return _nothing(offered, due)
    if needs_other_days and offered.awaited:
        return _other_days(merchant, offered, due, first)
    return _latest(merchant, offered, due, first, outage) if offered.awaited else None


def _latest(
    merchant: Merchant, offered: Offers, due: datetime | None, first: str, outage: Outage | None
) -> Advice:
    yesterday = today(merchant.zone, timezone.now()) - ONE_DAY
    covered = _told(offered.awaited[0][0], yesterday)
    if first:
        return Advice(
            f"Nothing to run before {first}",
            (
                "A re-run now would probably fail the same way.",
                f"After that, Sync latest covers {covered}. So does the next daily sync{_about(due)}.",
                *_in_part(offered),
            ),
        )
    return Advice(
        "Sync latest is enough",
        (
            f"It covers {covered}: it starts where the last success ended.",
            DO_NOT_WAIT
            if merchant.health == Health.SILENT
            else f"If you do nothing, the next daily sync covers them{_about(due)}.",
            *((f"It may fail again: {PERHAPS_OVER}.",) if outage else ()),
            *_in_part(offered),
        ),
    )


def _goes_on(merchant: Merchant, due: datetime | None) -> bool:
    """Whether its daily syncs do, or should: who must reconnect has none before, unless only the plan has expired."""
    is_tried = merchant.health == Health.NEEDS_RECONNECT and due is not None
    return is_tried or merchant.health in {Health.HEALTHY, Health.FAILING, Health.SILENT}


def _fix(diagnosis: Diagnosis) -> str:
    """As the playbook names it: "account 090 is fixed"."""
    words = diagnosis.rerun_words.removesuffix(f", {HELD_TOO}").rstrip(".")
    return words.removeprefix(NOT_UNTIL) if words.startswith(NOT_UNTIL) else MENDED


def _other_days(merchant: Merchant, offered: Offers, due: datetime | None, first: str) -> Advice:
    """Where Codat stopped a sync since its days overlap another: only other days may pass."""
    stopped = Offer("Stopped days", offered.awaited[0][0], offered.awaited[-1][1])
    days = _told(stopped.first, stopped.last)
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


def _range(offered: Offers, missing: Missing, newer: str, first: str) -> Advice:
    days = _told(missing.stretches[0].first, missing.stretches[0].last)
    more = f" and {missing.more + len(missing.named) - 1} more" if len(missing.stretches) > 1 else ""
    return Advice(
        f"{_once(first, 'a range is needed')}: {days}{more}",
        (
            "No later sync goes back for these days. Ask whether the sales were entered by hand first.",
            *([newer] if newer else []),
            *_in_part(offered),
        ),
        "" if first else missing.stretches[0].query,
    )


def _nothing(offered: Offers, due: datetime | None) -> Advice:
    """Where at most yesterday's own sync is still to come."""
    ask = _in_part(offered)
    over, to_come = "All days that are over are in the books.", "The next daily sync goes on from there"
    if offered.awaited:
        over = "All days before that are in the books."
        to_come = f"The sales of {_told(*offered.awaited[0])} come with the next daily sync"
    lead = "Ask before you run anything" if ask else "Nothing needs to run"
    return Advice(lead, (*(ask or (over,)), f"{to_come}{_about(due)}."))


def _in_part(offered: Offers) -> tuple[str, ...]:
    if not offered.in_part:
        return ()
    days = " and ".join(_told(first, last) for first, last in offered.in_part)
    return (
        f"Of {days} a part is in the books, and no later sync goes back for the rest.",
        "A range overlaps that part, and Codat may stop it. Ask the merchant first whether sales are missing.",
    )


def _once(first: str, then: str) -> str:
    return f"Once {first}, {then}" if first else f"{then[0].upper()}{then[1:]}"


def _told(first: date, last: date) -> str:
    return moments.day_range(first, last, timezone.localdate())


def _about(due: datetime | None) -> str:
    """Empty where Codat has stopped trying."""
    if due is None:
        return ""
    return f", {moments.about(due, timezone.localtime())}"
