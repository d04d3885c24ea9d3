"""The daily chart of the sync health page: how each of the last 30 sales days ended, over all merchants."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.utils import timezone
from django.utils.safestring import SafeString

from syncs.operations import tallies
from syncs.rules.coverage import DayOutcome
from syncs.views import daily_bars, glances
from syncs.views.daily_bars import Part

# Seconds. A day's results change slowly.
KEPT = 60
# The clock counts each minute; an older count says how old it is.
OLD = timedelta(minutes=5)
# The highest bar leaves room above it.
FULL_HEIGHT = 93
PIECES = {
    DayOutcome.FAILED: "failed",
    DayOutcome.DISCONNECTED: "hold",
    DayOutcome.NOT_RUN: "hold",
    DayOutcome.EMPTY: "none",
    DayOutcome.SYNCED: "ok",
}
PROBLEMS = ("failed", "hold")
WORDS = {
    "ok": "synced",
    "none": "synced with no sales",
    "hold": "disconnected or did not run",
    "failed": "failed",
}


@dataclass(frozen=True)
class Bar:
    """`counts` are all that is known of the day; drawn are those of `kinds`, by `most` of them on any day."""

    day: date
    counts: dict[str, int]
    most: int
    kinds: tuple[str, ...] = tuple(dict.fromkeys(PIECES.values()))
    waiting: int = 0
    """Of the newest day, those whose result may still come in today."""

    @property
    def told(self) -> list[int]:
        """The numbers of the table, in the order of its columns."""
        return [self.counts.get(kind, 0) for kind in WORDS]

    @property
    def failed(self) -> int:
        return self.counts.get("failed", 0)

    @property
    def sentence(self) -> str:
        told = [f"{self.counts[kind]:,} {words}" for kind, words in WORDS.items() if self.counts.get(kind)]
        told += [self.waits] if self.waits else []
        return ", ".join(told) or "nothing known"

    @property
    def waits(self) -> str:
        return f"{self.waiting:,} without a result yet" if self.waiting else ""

    @property
    def parts(self) -> tuple[Part, ...]:
        """From the bottom up, so that failed days stand on one line."""
        top, parts = 100.0, list[Part]()
        for kind in self.kinds:
            if number := self.counts.get(kind, 0):
                height = FULL_HEIGHT * number / self.most
                top -= height
                parts.append(Part(kind, f"{top:.1f}%", f"{height:.1f}%"))
        return tuple(parts)

    def drawn(self, *, is_stop: bool) -> SafeString:
        today = timezone.localdate()
        failed = f"{self.failed:,} failed{' so far' if self.waiting else ''}"
        is_open = self.waiting > 0
        return daily_bars.bar(
            self.day, today, self.sentence, failed, self.parts, is_stop=is_stop, is_open=is_open
        )


@dataclass(frozen=True)
class Line:
    """A line across the chart with its number."""

    y: str
    number: int


@dataclass(frozen=True)
class Chart:
    """`as_of` where it is not of now."""

    bars: list[Bar]
    lines: list[Line]
    as_of: datetime | None
    read_at: datetime

    @property
    def digest(self) -> str:
        """It is sent anew only to pages that show another one."""
        return glances.digest((self.bars, self.as_of))

    @property
    def mark(self) -> str:
        """For the poll of a page that shows it."""
        return f"{self.read_at.timestamp():.0f}-{self.digest}"

    def is_news_to(self, seen: str) -> bool:
        """Whether it is another one than that of this mark, and no older one: each process reads for itself."""
        read_at, _, digest = seen.partition("-")
        return digest != self.digest and int(self.mark.partition("-")[0]) > _number(read_at)

    @property
    def is_coming_in(self) -> bool:
        return self.bars[-1].waiting > 0

    @property
    def drawn(self) -> list[SafeString]:
        return [bar.drawn(is_stop=bar is self.bars[-1]) for bar in self.bars]

    @property
    def newest_first(self) -> list[Bar]:
        return self.bars[::-1]

    @property
    def marks(self) -> list[date]:
        """The days named under the chart, evenly apart; panel.css puts each below its bar."""
        return [self.bars[round(n * (len(self.bars) - 1) / 4)].day for n in range(5)]


def chart(now: datetime, *, only_problems: bool = False) -> Chart | None:
    """None before anything is known. Of problems alone the bars are as high as they can be: a few failed among many are
    a thin line else."""
    bars, counted_at, read_at = _kept(now)
    if not bars:
        return None
    if only_problems:
        most = max(sum(bar.counts.get(kind, 0) for kind in PROBLEMS) for bar in bars)
        bars = [replace(bar, most=most or 1, kinds=PROBLEMS) for bar in bars]
    most = bars[0].most
    marks = [0, most // 2, most] if most > 1 else [0, most]
    lines = [Line(f"{100 - FULL_HEIGHT * mark / most:.1f}%", mark) for mark in marks]
    return Chart(bars, lines, counted_at if now - counted_at > OLD else None, read_at)


def _number(text: str) -> int:
    return int(text) if text[:12].isdecimal() and len(text) <= 12 else 0


def _kept(now: datetime) -> tuple[list[Bar], datetime, datetime]:
    return cache.get_or_set("daily-results", lambda: (*_bars(now), now), KEPT)  # type: ignore[return-value]


def _bars(now: datetime) -> tuple[list[Bar], datetime]:
    """With the moment since which none of the newest days was counted."""
    days = tallies.shown_days(now)
    counts: dict[date, Counter[str]] = {day: Counter() for day in days}
    known = tallies.of(days, now)
    waiting = 0
    for tally in known:
        for outcome, number in tally.outcomes.items():
            # A run comes hours after its day: what has not run for yesterday may still do so.
            is_to_come = tally.day == days[-1] and outcome == DayOutcome.NOT_RUN
            is_to_come |= tally.day == days[-1] and outcome == DayOutcome.RUNNING
            waiting += number if is_to_come else 0
            if (kind := PIECES.get(DayOutcome(outcome))) and not is_to_come:
                counts[tally.day][kind] += number
    most = max(sum(kinds.values()) for kinds in counts.values())
    bars = [Bar(day, dict(kinds), most) for day, kinds in counts.items()] if most else []
    bars[-1:] = [replace(bar, waiting=waiting) for bar in bars[-1:]]
    newest = [tally.counted_at for tally in known if tally.day in days[-tallies.RECENT :]]
    return bars, min(newest, default=now)
