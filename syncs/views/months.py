"""The days covered, as four rows of a month each."""

import calendar
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from syncs.models import Merchant, SyncRequest
from syncs.operations.days import as_day
from syncs.rules.coverage import Day, DayOutcome
from syncs.rules.salesdays import ONE_DAY, today
from syncs.rules.states import State

MONTHS = 4

# The cell's class in the stylesheet, its mark (an icon's name or a sign), and its words.
SYNCED = ("w", "check", "synced")
EMPTY = ("n", "", "synced, no sales")
FAILED = ("f", "x", "failed")
DISCONNECTED = ("f", "plug", "failed: disconnected")
RUNNING = ("r", "run", "a sync is running")
GAP = ("g", "", "never synced")
TO_COME = ("t", "", "its sync has not run yet")
BEFORE = ("z", "", "before the first sync")
FUTURE = ("z", "", "not over yet")
OPEN = {
    DayOutcome.FAILED: FAILED,
    DayOutcome.DISCONNECTED: DISCONNECTED,
    DayOutcome.RUNNING: RUNNING,
    DayOutcome.NOT_RUN: GAP,
}
LEGEND = {"w": "Synced", "n": "No sales", "f": "Failed", "r": "Running", "g": "Gap"}
UNDER_WAY = {State.SENDING, State.ACCEPTED}


@dataclass(frozen=True)
class Cell:
    day: date
    style: str
    mark: str
    words: str

    @property
    def query(self) -> str:
        return f"run=historic&first={self.day}&last={self.day}"

    @property
    def can_be_chosen(self) -> bool:
        return self.style != "z"


@dataclass(frozen=True)
class Grid:
    rows: list[tuple[date, list[Cell]]]
    counts: list[tuple[str, str, int]]


def of(merchant: Merchant, now: datetime, active: SyncRequest | None = None) -> Grid:
    """This month and the three before it; a day counts as covered whoever covered it, and whenever."""
    this_day = today(merchant.zone, now)
    firsts = list(_first_days(this_day))
    days = {row.day: as_day(row) for row in merchant.days.filter(day__gte=firsts[0])}
    begun = min((day.day for day in days.values() if day.says_something), default=this_day)
    rows = [
        (first, [_asked_for(_cell(day, days.get(day), begun, this_day), active) for day in _month(first)])
        for first in firsts
    ]
    counts = Counter(cell.style for _, cells in rows for cell in cells)
    return Grid(rows, [(style, word, counts[style]) for style, word in LEGEND.items() if counts[style]])


def _asked_for(cell: Cell, active: SyncRequest | None) -> Cell:
    """The days that Codat is working on because we asked, whatever they were before."""
    if not active or active.state not in UNDER_WAY or not active.first_day or not active.last_day:
        return cell
    if not active.first_day <= cell.day <= active.last_day:
        return cell
    style, mark, words = RUNNING
    return replace(cell, style=style, mark=mark, words=f"{words}; before: {cell.words}")


def _cell(day: date, known: Day | None, begun: date, this_day: date) -> Cell:
    if day >= this_day:
        style, mark, words = FUTURE
        return Cell(day, "t" if day == this_day else style, mark, "today" if day == this_day else words)
    is_open = known is None or (known.outcome is DayOutcome.NOT_RUN and known.covered_by is None)
    if is_open and day == this_day - ONE_DAY:
        return Cell(day, *TO_COME)
    if known is None or day < begun:
        return Cell(day, *(GAP if known is None and day >= begun else BEFORE))
    if known.covered_by is None:
        return Cell(day, *OPEN.get(known.outcome, GAP))
    style, mark, words = EMPTY if known.covered_empty else SYNCED
    late = known.outcome in {DayOutcome.FAILED, DayOutcome.DISCONNECTED}
    return Cell(day, style, mark, f"failed at first, then {words}" if late else words)


def _first_days(this_day: date) -> list[date]:
    first = this_day.replace(day=1)
    found = [first]
    for _ in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found[::-1]


def _month(first: date) -> list[date]:
    return [first.replace(day=n + 1) for n in range(calendar.monthrange(first.year, first.month)[1])]
