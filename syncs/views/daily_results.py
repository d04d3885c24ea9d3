"""The daily chart of the sync health page: how each of the last 30 sales days ended, over all merchants."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Q

from syncs.models import MerchantDay
from syncs.rules.coverage import DayOutcome

DAYS = 30
# Seconds. A day's results change slowly, and counting them all is the dearest query of the page.
KEPT = 60
# The highest bar leaves room above it.
FULL_HEIGHT = 93
PIECES = {
    DayOutcome.FAILED: "failed",
    DayOutcome.DISCONNECTED: "hold",
    DayOutcome.NOT_RUN: "hold",
    DayOutcome.EMPTY: "none",
    DayOutcome.SYNCED: "ok",
}
WORDS = {
    "ok": "synced",
    "none": "synced with no sales",
    "hold": "disconnected or did not run",
    "failed": "failed",
}


@dataclass(frozen=True)
class Part:
    """A piece of a bar: `y` from the top and `height`, as SVG percentages."""

    kind: str
    y: str
    height: str


@dataclass(frozen=True)
class Bar:
    day: date
    counts: dict[str, int]
    most: int

    @property
    def failed(self) -> int:
        return self.counts.get("failed", 0)

    @property
    def sentence(self) -> str:
        told = [f"{self.counts[kind]:,} {words}" for kind, words in WORDS.items() if self.counts.get(kind)]
        return ", ".join(told) or "nothing known"

    @property
    def parts(self) -> list[Part]:
        """From the bottom up, so that failed days stand on one line."""
        top, parts = 100.0, []
        for kind in dict.fromkeys(PIECES.values()):
            if number := self.counts.get(kind, 0):
                height = FULL_HEIGHT * number / self.most
                top -= height
                parts.append(Part(kind, f"{top:.1f}%", f"{height:.1f}%"))
        return parts


@dataclass(frozen=True)
class Line:
    """A line across the chart with its number."""

    y: str
    number: int


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    lines: list[Line]

    @property
    def marks(self) -> list[date]:
        """The days named under the chart, evenly apart."""
        return [self.bars[round(n * (DAYS - 1) / 4)].day for n in range(5)]


def chart(now: datetime) -> Chart | None:
    """None before anything is known."""
    bars: list[Bar] = cache.get_or_set("daily-results", lambda: _bars(now.date()), KEPT) or []
    if not bars:
        return None
    most = bars[0].most
    marks = [0, most // 2, most] if most > 1 else [0, most]
    return Chart(bars, [Line(f"{100 - FULL_HEIGHT * mark / most:.1f}%", mark) for mark in marks])


def _bars(today: date) -> list[Bar]:
    first = today - timedelta(days=DAYS)
    # A run comes hours after its day: what has not run for yesterday may still do so.
    to_come = Q(day=today - timedelta(days=1), outcome=DayOutcome.NOT_RUN)
    known = MerchantDay.objects.filter(day__gte=first, day__lt=today).exclude(to_come).order_by()
    counts: dict[date, Counter[str]] = {first + timedelta(days=n): Counter() for n in range(DAYS)}
    for day, outcome, number in known.values_list("day", "outcome").annotate(number=Count("pk")):
        if kind := PIECES.get(DayOutcome(outcome)):
            counts[day][kind] += number
    most = max(sum(kinds.values()) for kinds in counts.values())
    return [Bar(day, dict(kinds), most) for day, kinds in counts.items()] if most else []
