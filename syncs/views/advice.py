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
    if merchant.health not in {Health.HEALTHY, Health.FAILING}:
        return None
    if offered.missing:
        return _range(offered.missing, is_more_open=bool(offered.awaited), is_held=is_held)
    if not offered.awaited:
        return _nothing(due) if merchant.health == Health.HEALTHY else None
    covered = _days(offered, today(merchant.zone, timezone.now()) - ONE_DAY)
    is_broken = diagnosis and diagnosis.rerun in fix_first.FAILS_AGAIN and fix_first.hold_on(merchant)
    first = [word for word, stands in ((MENDED, is_broken), (OVER, is_held)) if stands]
    if first:
        return Advice(
            f"Nothing to run before {' and '.join(first)}",
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


def _range(missing: Missing, *, is_more_open: bool, is_held: bool) -> Advice:
    first = missing.stretches[0]
    days = moments.day_range(first.first, first.last, timezone.localdate())
    more = f" and {missing.more + len(missing.named) - 1} more" if len(missing.stretches) > 1 else ""
    newer = ("The newer days come with Sync latest or with the next daily sync.",) if is_more_open else ()
    needed = "Once the outage is over, a range is needed" if is_held else "A range is needed"
    return Advice(
        f"{needed}: {days}{more}",
        (
            "No later sync goes back for these days. Ask whether the sales were entered by hand first.",
            *newer,
        ),
    )


def _nothing(due: datetime | None) -> Advice:
    return Advice(
        "Nothing needs to run",
        (f"All days that are over are in the books. The next daily sync goes on from there{_about(due)}.",),
    )


def _days(offered: Offers, yesterday: date) -> str:
    """A latest sync runs until now: also over days of which no result is awaited yet."""
    return moments.day_range(offered.awaited[0][0], yesterday, timezone.localdate())


def _about(due: datetime | None) -> str:
    """Empty where Codat has stopped trying."""
    if due is None:
        return ""
    return f", {moments.about(due, timezone.localtime())}"
