"""A merchant's sales days in its own zone, and the sync hour at which its daily sync falls due."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from syncs.rules.windows import Window

ONE_DAY = timedelta(days=1)
ONE_HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)


@cache
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_known_zone(name: str) -> bool:
    return name in known_zones()


# Python itself keeps only the last few zones: beyond these it would read a file for each row of a list.
@lru_cache(maxsize=1000)
def zone_of(name: str | None) -> ZoneInfo:
    """The zone of that name; Etc/UTC for none (Codat docs, sync schedule) and for a name nobody knows."""
    return ZoneInfo(name if name and is_known_zone(name) else "Etc/UTC")


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def today(zone: ZoneInfo, now: datetime) -> date:
    return day_of(now, zone)


def day_window(day: date, zone: ZoneInfo) -> Window:
    """From its first instant to the next day's; a day that the zone skipped gives the day that followed."""
    return range_window(day, day, zone)


def range_window(first: date, last: date, zone: ZoneInfo) -> Window:
    """Both days included. ValueError when the last is before the first."""
    start, finish = start_of(first, zone), start_of(last + ONE_DAY, zone)
    if start == finish and first == last:
        finish = start_of(last + 2 * ONE_DAY, zone)
    return Window(start, finish)


def last_ended_day(window: Window, zone: ZoneInfo) -> date:
    """The newest day that was over when the window finished; it may have ended before the window started."""
    return day_before(day_of(window.finish, zone), zone)


def touched_days(window: Window, zone: ZoneInfo) -> list[date]:
    """The days that have any part in the window."""
    return list(days_between(day_of(window.start, zone), day_of(window.finish - INSTANT, zone)))


def days_between(first: date, last: date) -> Iterator[date]:
    """Both included; nothing when the last is before the first."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def day_before(day: date, zone: ZoneInfo) -> date:
    """The day before, as the zone counted them."""
    return day_of(start_of(day, zone) - INSTANT, zone)


def day_after(day: date, zone: ZoneInfo) -> date:
    """The day after, as the zone counted them."""
    return day_of(start_of(day + ONE_DAY, zone), zone)


def length_hours(day: date, zone: ZoneInfo) -> float:
    """24, or 23 or 25 when the clocks change, or 0 for a day that the zone skipped."""
    return (start_of(day + ONE_DAY, zone) - start_of(day, zone)) / ONE_HOUR


def uneven_days(first: date, last: date, zone: ZoneInfo) -> list[tuple[date, float]]:
    """Those of the days, both included, that have more or fewer than 24 hours, with their hours; no skipped ones."""
    lengths = [(day, length_hours(day, zone)) for day in days_between(first, last)]
    return [(day, hours) for day, hours in lengths if hours not in {0, 24}]


def due_before(moment: datetime, zone: ZoneInfo, sync_hour: int) -> datetime:
    """The latest moment, in UTC and not after this one, at which a daily sync fell due."""
    day = day_of(moment, zone)
    due = first_instant(day, time(sync_hour), zone)
    return due if due <= moment else first_instant(day_before(day, zone), time(sync_hour), zone)


def next_due(moment: datetime, zone: ZoneInfo, sync_hour: int) -> datetime:
    """The first moment, in UTC and after this one, at which a daily sync falls due."""
    day = day_of(moment, zone)
    due = first_instant(day, time(sync_hour), zone)
    return due if due > moment else first_instant(day_after(day, zone), time(sync_hour), zone)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day, in UTC: midnight, or the end of the jump when the clocks skip it."""
    return first_instant(day, time(0), zone)


@lru_cache(maxsize=10_000)
def first_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When the zone's clocks first show that time or a later one, in UTC. ValueError past the calendar."""
    if not 1 < day.year < 9999:
        raise ValueError(f"the year {day.year} is outside the calendar")
    wall = datetime.combine(day, at)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(found, zone) == wall:
        return found
    return _end_of_jump(wall, zone, found)


def _end_of_jump(wall: datetime, zone: ZoneInfo, late: datetime) -> datetime:
    """The second at which the clocks jump over `wall`; `late` is at or after that jump."""
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // timedelta(seconds=2) * timedelta(seconds=1)
        early, late = (early, middle) if _wall(middle, zone) >= wall else (middle, late)
    return late


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
