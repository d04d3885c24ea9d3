"""A merchant's daily sync as the clock tells it: when the next one ends, and when another would run into it.

Where both run at once over the same days, one fails (Codat docs: date overlaps with a previous sync date range).
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syncs.rules.salesdays import due_before, next_due

# Few syncs take longer: what is asked for so soon before the daily one may still run then.
NEAR = timedelta(minutes=20)


class Schedule(NamedTuple):
    zone: ZoneInfo
    sync_hour: int
    usual_delay: timedelta
    """From the sync hour to the usual end."""
    last_result_at: datetime | None


class Nightly(NamedTuple):
    due: datetime
    ends: datetime
    """About."""


def next_end(schedule: Schedule, now: datetime) -> datetime:
    """About when the next daily sync ends: the one that is due already, as long as it may be to come."""
    due, coming = _due(schedule, now), _next(schedule, now)
    return due.ends if due and now < due.ends else coming.ends


def in_the_way(schedule: Schedule, now: datetime) -> Nightly | None:
    """The daily sync that is due without a result, or falls due in a moment."""
    due, coming = _due(schedule, now), _next(schedule, now)
    if due and now < due.ends + NEAR:
        return due
    return coming if coming.due <= now + NEAR else None


def _due(schedule: Schedule, now: datetime) -> Nightly | None:
    due = due_before(now, schedule.zone, schedule.sync_hour)
    is_there = schedule.last_result_at is not None and schedule.last_result_at >= due
    return None if is_there else Nightly(due, due + schedule.usual_delay)


def _next(schedule: Schedule, now: datetime) -> Nightly:
    due = next_due(now, schedule.zone, schedule.sync_hour)
    return Nightly(due, due + schedule.usual_delay)
