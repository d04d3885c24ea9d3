"""The syncs of one merchant in the order of time; most are only noted until somebody reads them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple, cast

from sandbox.outcomes import Outcome
from sandbox.runs import Habit, Run, calm_starts, runs
from sandbox.switches import Switches
from sandbox.syncs import Sync, Told
from sandbox.weather import CALM


class PlainDays(NamedTuple):
    """Days on which nothing but the schedule happened, and each run succeeded."""

    habit: Habit
    first: int
    last: int
    """Ordinals; the last day is not among them."""
    start: datetime
    """Where the window of the first run begins."""


class Maker(NamedTuple):
    """Makes the syncs of scheduled runs."""

    duration: float
    """How many seconds one usually takes."""
    switches_at: Callable[[datetime], Switches]
    """How the switches stood when a run began."""

    def takes(self, chance: float, outcome: Outcome) -> float:
        """How many seconds; what does not push is done sooner (our guess)."""
        seconds = self.duration * (0.8 + chance * 0.4)
        return seconds if outcome.pushes else seconds * 0.6

    def made(self, run: Run, start: datetime, outcome: Outcome) -> Sync:
        one_id = self.switches_at(run.at).commerce_sync_id == "same"
        raw = run.raw[:16] * 2 if one_id else run.raw
        return Sync(run.at, start, run.due, outcome, raw, self.takes(run.pace / 65536, outcome))


class History:
    def __init__(self, maker: Maker, sales_in: Callable[[datetime, datetime], Outcome]) -> None:
        self.length = 0
        """How many syncs there are."""
        self._maker, self._sales_in = maker, sales_in
        self._parts: list[Sync | PlainDays] = []
        self._has_plain_days = False

    def append(self, sync: Sync) -> None:
        self._parts.append(sync)
        self.length += 1

    def note(self, days: PlainDays) -> None:
        self._parts.append(days)
        self._has_plain_days = True
        self.length += days.last - days.first

    def syncs(self) -> list[Sync]:
        """All of them, oldest first."""
        if self._has_plain_days:
            self._parts[:], self._has_plain_days = [*self.backwards()][::-1], False
        return cast(list[Sync], self._parts)

    def backwards(self) -> Iterator[Sync]:
        """The newest first; what nobody comes to is not made."""
        for part in reversed(self._parts):
            if isinstance(part, Sync):
                yield part
            else:
                yield from reversed([self._maker.made(*run) for run in self._runs_of(part)])

    def told(self, now: datetime) -> list[Told]:
        """What a list tells of each sync, oldest first."""
        told: list[Told] = []
        for part in self._parts:
            if isinstance(part, Sync):
                told.append((part.raw, part.at, part.state(now)))
            else:
                told += self._plainly_told(part)
        return told

    def _plainly_told(self, days: PlainDays) -> Iterator[Told]:
        start, sales_in = days.start, self._sales_in
        for due, at, raw in calm_starts(days.habit, days.first, days.last):
            yield raw, at, sales_in(start, due)
            start = due

    def _runs_of(self, days: PlainDays) -> Iterator[tuple[Run, datetime, Outcome]]:
        start = days.start
        for run in islice(runs(days.habit, days.first, CALM), days.last - days.first):
            yield run, start, self._sales_in(start, run.due)
            start = run.due
