"""When a merchant's daily sync is due, and which days of sales it is about (Codat docs, schedule)."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
BLOCK = 16
"""Days are reckoned in blocks: the merchants of a zone and an hour share their due times."""


@lru_cache(maxsize=512)
def zone(name: str | None) -> ZoneInfo:
    """Codat reads a missing zone as Etc/UTC. Raises ZoneInfoNotFoundError or ValueError for an unknown one."""
    return ZoneInfo(name or "Etc/UTC")


def due(day: date, hour: int, zone_name: str | None) -> datetime:
    """The instant, in UTC, at which the sync of this day is due; its window ends there."""
    return datetime.combine(day, time(hour), zone(zone_name)).astimezone(UTC)


class Day(NamedTuple):
    ordinal: int
    due: datetime
    next_due: datetime


@lru_cache(maxsize=4096)
def days_of(block: int, hour: int, zone_name: str | None) -> list[Day]:
    first = date.fromordinal(block * BLOCK)
    dues = [due(first + DAY * n, hour, zone_name) for n in range(BLOCK + 1)]
    return [Day(block * BLOCK + n, *pair) for n, pair in enumerate(pairwise(dues))]


def local_date(moment: datetime, zone_name: str | None) -> date:
    try:
        return moment.astimezone(zone(zone_name)).date()
    except OverflowError:  # Beyond the first or last day that there is.
        return moment.date()


MOST_SALES_DAYS = 40
"""More than anybody looks at of one window, which may be thousands of years long."""


def sales_days(start: datetime, finish: datetime, zone_name: str | None) -> list[date]:
    """The local days whose noon lies in the window, the last of them; the day of its end when there is none."""
    first, last = local_date(start, zone_name), local_date(finish, zone_name)
    first = max(first, date.fromordinal(max(last.toordinal() - MOST_SALES_DAYS, 1)))
    days = [first + DAY * n for n in range((last - first).days + 1)]
    return [day for day in days if start <= due(day, 12, zone_name) < finish] or [last]


@lru_cache(maxsize=1 << 15)
def weekdays(start: datetime, finish: datetime, zone_name: str | None) -> frozenset[int]:
    """Of the days of sales in a window; Monday = 0."""
    return frozenset(day.weekday() for day in sales_days(start, finish, zone_name))
