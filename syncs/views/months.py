"""The days covered, as four rows of a month each, and the chosen range in them."""

import calendar
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import F

from syncs import moments
from syncs.models import Merchant, Sync, SyncRequest
from syncs.operations.days import LETTERS, as_day
from syncs.rules import coverage
from syncs.rules.coverage import Day, DayOutcome
from syncs.rules.salesdays import ONE_DAY, today, uneven_days
from syncs.rules.states import State

MONTHS = 4
# Codat has no sales from before (syncs/forms).
FIRST_YEAR = 2000

# The cell's class in the stylesheet, its mark (an icon's name or a sign), and its words.
SYNCED = ("w", "check", "synced")
EMPTY = ("n", "", "synced, no sales")
FAILED = ("f", "x", "failed")
DISCONNECTED = ("f", "plug", "failed: disconnected")
RUNNING = ("r", "run", "a sync is running")
GAP = ("g", "", "never synced")
IN_PART = ("p", "", "synced in part")
TO_COME = ("t", "", coverage.TO_COME)
BEFORE = ("z", "", "before the first sync")
FUTURE = ("z", "", "not over yet")
OPEN = {
    DayOutcome.FAILED: FAILED,
    DayOutcome.DISCONNECTED: DISCONNECTED,
    DayOutcome.RUNNING: RUNNING,
    DayOutcome.NOT_RUN: GAP,
    # Its own run ended well, and left some of it open.
    DayOutcome.SYNCED: IN_PART,
    DayOutcome.EMPTY: IN_PART,
}
LEGEND = {
    "w": "Synced",
    "n": "No sales",
    "p": "Synced in part",
    "f": "Failed",
    "r": "Running",
    "g": "Gap",
}
COVERED = {"w", "n"}
UNDER_WAY = {State.SENDING, State.ACCEPTED}


@dataclass(frozen=True)
class Cell:
    day: date
    style: str
    mark: str
    words: str
    is_inferred: bool = False
    """Only the schedule says that the run which covers it did: Codat does not tell."""
    chosen: str = ""
    """Classes of a day in the chosen range: its ends, and whether it is synced already, wholly (ov) or in part (pt)."""

    @property
    def classes(self) -> str:
        return " ".join(filter(None, [self.style, "inf" if self.is_inferred else "", self.chosen]))

    @property
    def query(self) -> str:
        return f"run=historic&first={self.day}&last={self.day}"

    @property
    def can_be_chosen(self) -> bool:
        return self.style != "z"


class Chosen(NamedTuple):
    """A range of days, both ends inclusive, and those of them that are synced already."""

    first: date
    last: date
    wholly: frozenset[date]
    partly: frozenset[date]

    def in_it(self, cell: Cell) -> Cell:
        """The cell as the range shows it."""
        if not self.first <= cell.day <= self.last:
            return cell
        is_part = cell.day in self.partly
        told = {
            "ov": cell.day in self.wholly,
            "pt": is_part,
            "a": cell.day == self.first,
            "z2": cell.day == self.last,
        }
        classes = " ".join(["sel", *(name for name, is_so in told.items() if is_so)])
        mark = "warn" if told["ov"] or is_part else cell.mark
        return replace(_in_part(cell) if is_part else cell, chosen=classes, mark=mark)


@dataclass(frozen=True)
class Grid:
    """`earlier` and `later` are the newest months of the neighbouring pages, as the address names them."""

    rows: list[tuple[date, list[Cell]]]
    counts: list[tuple[str, str, int]]
    earlier: str
    later: str
    newest: str
    this_year: int
    inferred: int
    uneven: str
    """Which of these days have not 24 hours, in a sentence."""

    @property
    def certain(self) -> int:
        """Those in the books of which it is known which run covers them."""
        return sum(cell.style in COVERED and not cell.is_inferred for _, cells in self.rows for cell in cells)

    @property
    def overlapping(self) -> int:
        return self._count("ov")

    @property
    def in_part(self) -> int:
        return self._count("pt")

    def _count(self, name: str) -> int:
        return sum(name in cell.chosen.split() for _, cells in self.rows for cell in cells)


def of(
    merchant: Merchant,
    now: datetime,
    active: SyncRequest | None = None,
    *,
    newest: str = "",
    chosen: Chosen | None = None,
) -> Grid:
    """Four months, this one the last or `newest` ("2026-08"); a day counts as covered whoever covered it."""
    this_day = today(merchant.zone, now)
    last = _month_named(newest, this_day)
    firsts = list(_first_days(last))
    stored = merchant.days.filter(day__gte=firsts[0], day__lt=_following(last))
    rows_of_days = list(stored.annotate(known=F("covered_by__window_known")))
    days = {row.day: as_day(row) for row in rows_of_days}
    inferred = {row.day for row in rows_of_days if row.known == Sync.Known.INFERRED}
    begun = min((day.day for day in days.values() if day.says_something), default=this_day)
    # A day on which nothing ran, before anything ever did, is no gap.
    has_earlier = (
        merchant.days.filter(day__lt=firsts[0])
        .exclude(outcome=DayOutcome.NOT_RUN, covered_by__isnull=True)
        .exists()
    )
    begun = firsts[0] if has_earlier else begun

    last_day = _following(last) - ONE_DAY
    uneven = dict(uneven_days(firsts[0], last_day, merchant.zone))

    def cell(day: date) -> Cell:
        found = _cell(day, days.get(day), begun, this_day)
        found = _asked_for(_inferred(found) if day in inferred else found, active)
        found = chosen.in_it(found) if chosen else found
        hours = uneven.get(day)
        return replace(found, words=f"{found.words}, a day of {hours:g} hours") if hours else found

    rows = [(first, [cell(day) for day in _month(first)]) for first in firsts]
    counts = Counter(cell.style for _, cells in rows for cell in cells)
    return Grid(
        rows,
        [(style, word, counts[style]) for style, word in LEGEND.items() if counts[style]],
        earlier=_name(firsts[0] - ONE_DAY) if has_earlier else "",
        later=_name(min(_months_later(last), this_day)) if _name(last) < _name(this_day) else "",
        newest=_name(last),
        this_year=this_day.year,
        inferred=sum(cell.is_inferred for _, cells in rows for cell in cells),
        uneven=moments.uneven(list(uneven.items()), this_day),
    )


def yesterday_without_result(merchant: Merchant, now: datetime) -> str:
    """How the grid words yesterday where it has no result; the fuse says the same."""
    yesterday = today(merchant.zone, now) - ONE_DAY
    is_running = merchant.last_days_end == yesterday and merchant.last_days.endswith(
        LETTERS[DayOutcome.RUNNING]
    )
    return (RUNNING if is_running else TO_COME)[2]


def _inferred(cell: Cell) -> Cell:
    return replace(cell, is_inferred=True, words=f"{cell.words}, inferred")


def _asked_for(cell: Cell, active: SyncRequest | None) -> Cell:
    """The days that Codat is working on because we asked, whatever they were before."""
    if not active or active.state not in UNDER_WAY or not active.first_day or not active.last_day:
        return cell
    if not active.first_day <= cell.day <= active.last_day:
        return cell
    style, mark, words = RUNNING
    words = f"{words}; before: {cell.words}"
    return replace(cell, style=style, mark=mark, words=words, is_inferred=False)


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


def _in_part(cell: Cell) -> Cell:
    """What failed stays so, and what has not run yet; a gap is none."""
    style, mark, words = IN_PART
    if cell.style in {"g", "p"}:
        return replace(cell, style=style, mark=mark, words=words)
    return replace(cell, words=f"{cell.words}, {words}")


def _name(day: date) -> str:
    return f"{day:%Y-%m}"


def _month_named(name: str, this_day: date) -> date:
    """A day of that month; today where it names none, or one to come."""
    try:
        found = date.fromisoformat(f"{name}-01")
    except ValueError:
        return this_day
    return found if found.year >= FIRST_YEAR and found < this_day else this_day


def _following(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _months_later(day: date) -> date:
    for _ in range(MONTHS):
        day = _following(day)
    return day


def _first_days(this_day: date) -> list[date]:
    first = this_day.replace(day=1)
    found = [first]
    for _ in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found[::-1]


def _month(first: date) -> list[date]:
    return [first.replace(day=n + 1) for n in range(calendar.monthrange(first.year, first.month)[1])]
