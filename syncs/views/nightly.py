"""The merchant's daily sync, as its page and a press for many tell of it: when the next one ends, and what would run
into it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from syncs import moments
from syncs.codat.statuses import status_of
from syncs.models import Merchant
from syncs.rules import nightly
from syncs.rules.health import Health
from syncs.rules.nightly import Schedule
from syncs.rules.salesdays import day_of

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
    return sum(
        _runs(each) and _takes_along(each, last_day) and nightly.in_the_way(_schedule(each), now) is not None
        for each in merchants
    )


def _takes_along(merchant: Merchant, day: date | None) -> bool:
    """It goes back to the last success: of many, that is told by the day on which it ran."""
    since = merchant.last_success_at
    return day is None or since is None or day >= day_of(since, merchant.zone)


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
