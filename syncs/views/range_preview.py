"""What a range would do, before anybody presses: its days, what is synced already, and what it leaves out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from syncs import moments
from syncs.forms import written
from syncs.models import Merchant, Sync
from syncs.operations.coverage import Overlap, Ways, goes_back_to, overlap, reached, ways
from syncs.rules.coverage import stretches
from syncs.rules.salesdays import days_between, range_window
from syncs.rules.windows import Window
from syncs.views.months import Chosen
from syncs.views.offers import Gap, Offers


@dataclass(frozen=True)
class Preview:
    """What a range means: its days, its UTC window, and what is in the books already."""

    first: date
    last: date
    window: Window
    overlap: Overlap
    failed: int
    ways: Ways
    outside: list[Gap]
    left_out: list[Gap]
    """Of what is outside, the days that only this range leaves behind."""
    end: Sync | None
    """The success that ends last: where a latest sync starts."""

    @property
    def chosen(self) -> Chosen:
        return Chosen(self.first, self.last, frozenset(self.overlap.wholly), frozenset(self.overlap.partly))

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def seen(self) -> str:
        """What is said to be in the books already, for the form that accepts it."""
        return written(self.overlap.windows)

    @property
    def synced(self) -> list[date]:
        return self.overlap.days

    @property
    def told_overlap(self) -> str:
        """ "4 of these 7 days are already synced (10 – 13 Jun), and a part of 14 Jun"."""
        if not self.synced:
            return self._no_overlap
        wholly = self.overlap.wholly
        if len(wholly) == self.count:
            return f"{_all(self.count).capitalize()} {_are(self.count)} already synced"
        said = f"{len(wholly)} of these {self.count} days {_are(len(wholly))} already synced"
        return self._with_a_part(f"{said} ({_told(wholly)})")

    @property
    def accepted(self) -> str:
        """The same for who says to know it: "4 days are already synced, and a part of 14 Jun"."""
        count = len(self.overlap.wholly)
        said = self._with_a_part(f"{count} day{'s' if count > 1 else ''} {_are(count)} already synced")
        return said[0].lower() + said[1:]

    def _with_a_part(self, whole: str) -> str:
        if not self.overlap.wholly:
            return f"A part of {self.told_partly} is already synced"
        return f"{whole}, and a part of {self.told_partly}" if self.partly else whole

    @property
    def _no_overlap(self) -> str:
        if not self.failed:
            return "None, not synced yet"
        if self.failed < self.count:
            return f"None, {self.failed} of these {self.count} days failed before"
        return f"None, {_all(self.count)} failed before"

    @property
    def told_partly(self) -> str:
        return _told(self.overlap.partly)

    @property
    def told_latest(self) -> str:
        return _told(self.ways.latest)

    @property
    def told_by_range(self) -> str:
        return _told(self.ways.by_range)

    @property
    def told_left_out(self) -> str:
        return _told(day for gap in self.left_out for day in days_between(gap.first, gap.last))

    @property
    def is_one_left_out(self) -> bool:
        return [gap.first == gap.last for gap in self.left_out] == [True]

    @property
    def partly(self) -> list[tuple[date, date]]:
        return stretches(self.overlap.partly)


def of(merchant: Merchant, first: date, last: date, offered: Offers) -> Preview:
    failed = merchant.days.filter(day__gte=first, day__lte=last, outcome__in=["failed", "disconnected"])
    found, end = overlap(merchant, first, last), reached(merchant)
    back_to = goes_back_to(merchant, end)
    return Preview(
        first=first,
        last=last,
        window=range_window(first, last, merchant.zone),
        overlap=found,
        failed=failed.filter(covered_by=None).count(),
        ways=ways(merchant, found, first, last, end),
        outside=offered.outside(first, last, back_to),
        left_out=offered.left_out(first, back_to),
        end=end,
    )


def _all(count: int) -> str:
    return {1: "this day", 2: "both days"}.get(count, f"all {count} days")


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _told(days: Iterable[date]) -> str:
    """ "14 Jun, 16 – 17 Jun"."""
    this_day = timezone.localdate()
    return ", ".join(moments.day_range(first, last, this_day) for first, last in stretches(days))
