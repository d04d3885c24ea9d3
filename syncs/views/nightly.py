"""The merchant's daily sync, as its page and a press for many tell of it: when the next one ends, and what would run
into it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from syncs import moments
from syncs.codat.statuses import status_of
from syncs.models import Merchant
from syncs.operations import coverage
from syncs.rules import nightly
from syncs.rules.health import Health
from syncs.rules.nightly import Schedule
from syncs.rules.salesdays import day_window

# For whom Codat runs none.
STOPPED = {Health.SWITCHED_OFF, Health.SILENT, Health.UNSEEN}


@dataclass(frozen=True)
class Clash:
    is_due: bool
    due: str
    ends: str
    """Empty where that is over."""


def next_sync(merchant: Merchant, now: datetime) -> datetime | None:
    """About when the next scheduled sync ends; None where Codat has stopped, or has not begun."""
    return nightly.next_end(_schedule(merchant), now) if _runs(merchant) else None


def clash(
    merchant: Merchant, now: datetime, up_to: datetime | None, reached: datetime | None
) -> Clash | None:
    """Of a sync over days up to that moment, None for now, with the daily one, which starts at what was reached."""
    found = nightly.in_the_way(_schedule(merchant), now) if _runs(merchant) else None
    if found is None or (up_to and reached and up_to <= reached):
        return None
    here = timezone.localtime(now)
    ends = moments.at_in_a_sentence(found.ends, here) if now < found.ends else ""
    return Clash(found.due <= now, moments.at_in_a_sentence(found.due, here), ends)


def clashing(merchants: Sequence[Merchant], now: datetime, last_day: date | None) -> int:
    """How many have a daily sync about now that takes days along up to that one; None for today."""
    about_now = [each for each in merchants if _runs(each) and nightly.in_the_way(_schedule(each), now)]
    return len(about_now if last_day is None else _that_take_along(last_day, about_now))


def _that_take_along(day: date, merchants: Sequence[Merchant]) -> list[Merchant]:
    """Whose daily sync starts before that day ends: who never had a success begins before all days."""
    ends = {each.pk: day_window(day, each.zone).finish for each in merchants}
    starts = coverage.starts_before(merchants, max(ends.values())) if ends else {}
    return [
        each
        for each in merchants
        if each.last_success_at is None or (each.pk in starts and starts[each.pk] < ends[each.pk])
    ]


def _runs(merchant: Merchant) -> bool:
    if merchant.health in STOPPED or merchant.is_archived:
        return False
    linked = all(side and side.is_linked for side in (merchant.commerce, merchant.accounting))
    if merchant.health == Health.NEEDS_RECONNECT:
        # An expired plan is tried again each night.
        return linked and status_of(merchant.last_code).plan_expired
    return linked or merchant.health != Health.NEVER_SYNCED


def _schedule(merchant: Merchant) -> Schedule:
    usual = timedelta(seconds=merchant.usual_delay_mean or 0)
    return Schedule(merchant.zone, merchant.sync_hour or 0, usual, merchant.last_final_at)
