"""Latest, a range, or nothing? What the re-run card says before anybody presses."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from syncs import moments
from syncs.models import Merchant, Outage
from syncs.operations import fix_first
from syncs.rules.health import Health
from syncs.rules.playbook import PERHAPS_OVER, Diagnosis
from syncs.rules.salesdays import ONE_DAY, today
from syncs.views.offers import Missing, Offers

MENDED, OVER = "the cause is mended", "the outage is over"


@dataclass(frozen=True)
class Advice:
    lead: str
    lines: tuple[str, ...]


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
    if merchant.health not in {Health.HEALTHY, Health.FAILING, Health.SILENT}:
        return None
    is_silent = merchant.health == Health.SILENT
    if offered.missing:
        return _range(offered, offered.missing, is_held=is_held, is_silent=is_silent)
    yesterday = today(merchant.zone, timezone.now()) - ONE_DAY
    is_to_come = offered.awaited == [(yesterday, yesterday)]
    if merchant.health == Health.HEALTHY and (is_to_come or not offered.awaited):
        return _nothing(offered, due)
    if not offered.awaited:
        return None
    covered = _days(offered, yesterday)
    is_broken = diagnosis and diagnosis.rerun in fix_first.FAILS_AGAIN and fix_first.hold_on(merchant)
    first = [word for word, stands in ((MENDED, is_broken), (OVER, is_held)) if stands]
    if first:
        return Advice(
            f"Nothing to run before {' and '.join(first)}",
            (
                "A re-run now would probably fail the same way.",
                f"After that, Sync latest covers {covered}. So does the next daily sync{_about(due)}.",
                *_in_part(offered),
            ),
        )
    waiting = "Do not wait for the daily sync: none has ended for days."
    return Advice(
        "Sync latest is enough",
        (
            f"It covers {covered}: it starts where the last success ended.",
            waiting if is_silent else f"If you do nothing, the next daily sync covers them{_about(due)}.",
            *((f"It may fail again: {PERHAPS_OVER}.",) if outage else ()),
            *_in_part(offered),
        ),
    )


def _range(offered: Offers, missing: Missing, *, is_held: bool, is_silent: bool) -> Advice:
    days = _told(missing.stretches[0].first, missing.stretches[0].last)
    more = f" and {missing.more + len(missing.named) - 1} more" if len(missing.stretches) > 1 else ""
    ways = "Sync latest" if is_silent else "Sync latest or with the next daily sync"
    newer = (f"The newer days come with {ways}.",) if offered.awaited else ()
    needed = "Once the outage is over, a range is needed" if is_held else "A range is needed"
    return Advice(
        f"{needed}: {days}{more}",
        (
            "No later sync goes back for these days. Ask whether the sales were entered by hand first.",
            *newer,
            *_in_part(offered),
        ),
    )


def _nothing(offered: Offers, due: datetime | None) -> Advice:
    """Where at most yesterday's own sync is still to come."""
    ask = _in_part(offered)
    if offered.awaited:
        day = _told(*offered.awaited[0])
        to_come = f"The sales of {day} come with the next daily sync{_about(due)}."
        lines = ask or ("All days before that are in the books.",)
    else:
        to_come = f"The next daily sync goes on from there{_about(due)}."
        lines = ask or ("All days that are over are in the books.",)
    return Advice("Ask before you run anything" if ask else "Nothing needs to run", (*lines, to_come))


def _in_part(offered: Offers) -> tuple[str, ...]:
    if not offered.in_part:
        return ()
    days = " and ".join(_told(first, last) for first, last in offered.in_part)
    return (
        f"Of {days} a part is in the books, and no later sync goes back for the rest.",
        "A range overlaps that part, and Codat may stop it. Ask the merchant first whether sales are missing.",
    )


def _days(offered: Offers, yesterday: date) -> str:
    """A latest sync runs until now: also over days of which no result is awaited yet."""
    return _told(offered.awaited[0][0], yesterday)


def _told(first: date, last: date) -> str:
    return moments.day_range(first, last, timezone.localdate())


def _about(due: datetime | None) -> str:
    """Empty where Codat has stopped trying."""
    if due is None:
        return ""
    return f", {moments.about(due, timezone.localtime())}"
