"""Which sales days are synced, by which sync, and what a wanted range would write a second time.

A run speaks for one sales day: the last one that ended inside its window. So a daily run from midnight to
midnight speaks for that day, a run that catches up on twenty days for the twentieth (the days before it had
runs of their own), and one from 05:00 to 05:00 for the day in which it started. A window inside one day
speaks for none. What a run wrote is another matter, judged on UTC instants alone: a day is covered when
the windows of successful runs leave nothing of it open.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syncs.codat.statuses import Outcome
from syncs.rules import salesdays
from syncs.rules.windows import Window, intersect, union

# A window that nobody told: the schedule's.
INFERRED = "inferred"
# Of the newest day that is over, while no run speaks for it.
TO_COME = "its sync has not run yet"


@dataclass(frozen=True)
class RanSync:
    """A sync as Codat reports it; `known` is how we know its window: answered, requested, inferred, or ""."""

    key: int
    at: datetime
    outcome: Outcome
    needs_reconnect: bool
    window: Window | None
    known: str
    until: datetime | None = None
    """Where it was asked for here, and up to when, though nobody told its window."""


class DayOutcome(StrEnum):
    SYNCED = "synced"
    EMPTY = "empty"
    FAILED = "failed"
    DISCONNECTED = "disconnected"
    RUNNING = "running"
    NOT_RUN = "not_run"


FAILURES = {DayOutcome.FAILED, DayOutcome.DISCONNECTED}
NOT_IN_THE_BOOKS = FAILURES | {DayOutcome.NOT_RUN}


@dataclass(frozen=True)
class Day:
    """How a sales day's own run ended, and the key of the sync that covers it wholly, perhaps a later one."""

    day: date
    outcome: DayOutcome
    decided_by: int | None
    covered_by: int | None
    covered_empty: bool

    @property
    def says_something(self) -> bool:
        return self.outcome is not DayOutcome.NOT_RUN or self.covered_by is not None


class Reach(NamedTuple):
    """What a run is told to be about: the days up to the one that it speaks for, and the day after, of which it had a
    part only. That one has a run of its own."""

    days: tuple[date, date] | None
    part_of: date | None


def place(
    syncs: Iterable[RanSync],
    zone: ZoneInfo,
    sync_hour: int,
    start_date: date | None,
    reached: datetime | None = None,
) -> list[RanSync]:
    """All of them in time order, each without a window given the one a scheduled run would have had.

    Codat's schedule goes from where the last success ended, at first from the start date, to the hour the
    run fell due (Codat docs, sync schedule). Where that leaves nothing, the window stays unknown. `reached` is where
    the windows of the successes before all of these end.
    """
    begin = salesdays.first_instant(start_date, time(sync_hour), zone) if start_date else None
    placed: list[RanSync] = []
    for reported in sorted(syncs, key=_age):
        sync = reported if reported.window else _infer(reported, reached, begin, zone, sync_hour)
        if sync.window and sync.outcome.is_success:
            reached = max(reached or sync.window.finish, sync.window.finish)
        placed.append(sync)
    return placed


def decide_days(placed: Sequence[RanSync], zone: ZoneInfo, first: date, last: date) -> dict[date, Day]:
    """Every day of the range, both ends included."""
    runs = _runs_by_day(placed, zone)
    writers = _writers_by_day(placed, zone, first, last)
    written = union(_successful_windows(placed))
    return {
        day: _decide(day, runs.get(day), writers.get(day, []), salesdays.day_window(day, zone), written)
        for day in salesdays.days_between(first, last)
    }


def overlapping(wanted: Window, placed: Iterable[RanSync]) -> list[Window]:
    """The parts of the wanted window that successful syncs have covered already."""
    return intersect(wanted, _successful_windows(placed))


def synced_days(first: date, last: date, placed: Iterable[RanSync], zone: ZoneInfo) -> list[date]:
    """The days of the wanted range that are synced already, wholly or in part."""
    wanted = salesdays.range_window(first, last, zone)
    days = {day for part in overlapping(wanted, placed) for day in salesdays.touched_days(part, zone)}
    return sorted(days)


def partly_synced(days: Iterable[date], placed: Iterable[RanSync], zone: ZoneInfo) -> list[date]:
    """Those of the days that no union of successful syncs covers wholly: a sync hour lies inside them."""
    written = union(_successful_windows(placed))
    windows = {day: salesdays.day_window(day, zone) for day in days}
    return [day for day, window in windows.items() if not any(span.covers(window) for span in written)]


def trim(first: date, last: date, synced: Iterable[date]) -> tuple[date, date] | None:
    """The longest stretch of the range without a synced day, the newest of equals; None if none is left."""
    taken = set(synced)
    free = stretches(day for day in salesdays.days_between(first, last) if day not in taken)
    return max(free, key=lambda stretch: (stretch[1] - stretch[0], stretch[1]), default=None)


def stretches(days: Iterable[date]) -> list[tuple[date, date]]:
    """First and last day of each unbroken stretch, in order."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day - found[-1][1] <= salesdays.ONE_DAY:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def spoken_day(window: Window, zone: ZoneInfo) -> date | None:
    """The sales day that a run with this window speaks for."""
    day = salesdays.last_ended_day(window, zone)
    return day if salesdays.day_window(day, zone).overlaps(window) else None


def reach(window: Window, zone: ZoneInfo) -> Reach:
    touched = salesdays.touched_days(window, zone)
    spoken = spoken_day(window, zone)
    return Reach((touched[0], spoken) if spoken else None, touched[-1] if touched[-1] != spoken else None)


def _infer(
    sync: RanSync, reached: datetime | None, begin: datetime | None, zone: ZoneInfo, sync_hour: int
) -> RanSync:
    due = sync.until or salesdays.due_before(sync.at, zone, sync_hour)
    start = reached or (begin if begin and begin < due else _due_before_that(due, zone, sync_hour))
    window = Window.of(start, due)
    return replace(sync, window=window, known=INFERRED) if window else sync


def _due_before_that(due: datetime, zone: ZoneInfo, sync_hour: int) -> datetime:
    return salesdays.due_before(due - salesdays.INSTANT, zone, sync_hour)


def _age(sync: RanSync) -> tuple[datetime, int]:
    return sync.at, sync.key


def _successful_windows(placed: Iterable[RanSync]) -> list[Window]:
    return [sync.window for sync in placed if sync.window and sync.outcome.is_success]


def _runs_by_day(placed: Iterable[RanSync], zone: ZoneInfo) -> dict[date, RanSync]:
    """The newest run that speaks for each day. One that still runs does not hide how an earlier one ended, nor does one
    that was asked for and failed where the day was in the books already: Codat stops it, and nothing is lost."""
    runs: dict[date, RanSync] = {}
    written: list[Window] = []
    for sync in sorted(placed, key=_age):
        day = spoken_day(sync.window, zone) if sync.window else None
        hides = day in runs and (sync.outcome is Outcome.RUNNING or _loses_nothing(sync, day, written, zone))
        if day and sync.outcome is not Outcome.UNKNOWN and not hides:
            runs[day] = sync
        written += _successful_windows([sync])
    return runs


def _loses_nothing(sync: RanSync, day: date | None, written: list[Window], zone: ZoneInfo) -> bool:
    if day is None or sync.outcome is not Outcome.FAILED or sync.known == INFERRED:
        return False
    return any(span.covers(salesdays.day_window(day, zone)) for span in union(written))


def _writers_by_day(
    placed: Iterable[RanSync], zone: ZoneInfo, first: date, last: date
) -> dict[date, list[RanSync]]:
    """The successful syncs that touch each day of the range, oldest first."""
    wanted = salesdays.range_window(first, last, zone)
    writers: dict[date, list[RanSync]] = defaultdict(list)
    for sync in sorted(placed, key=_age):
        for part in overlapping(wanted, [sync]):
            for day in salesdays.touched_days(part, zone):
                writers[day].append(sync)
    return writers


def _decide(
    day: date, run: RanSync | None, writers: list[RanSync], window: Window, written: list[Window]
) -> Day:
    covered = any(span.covers(window) for span in written)
    return Day(
        day=day,
        outcome=_day_outcome(run),
        decided_by=run.key if run else None,
        covered_by=writers[-1].key if covered and writers else None,
        covered_empty=covered and all(sync.outcome is Outcome.EMPTY for sync in writers),
    )


def _day_outcome(run: RanSync | None) -> DayOutcome:
    if run is None:
        return DayOutcome.NOT_RUN
    if run.outcome is Outcome.FAILED and run.needs_reconnect:
        return DayOutcome.DISCONNECTED
    return DayOutcome(run.outcome.value)
