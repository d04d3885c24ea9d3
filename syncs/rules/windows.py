"""Spans of time on the UTC line, and the little algebra that overlap and coverage need."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, order=True)
class Window:
    """From `start` up to, but not including, `finish`; ValueError unless both are UTC and in order."""

    start: datetime
    finish: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0) or self.finish.utcoffset() != timedelta(0):
            raise ValueError("a window needs aware UTC datetimes")
        if self.start >= self.finish:
            raise ValueError("a window must start before it finishes")

    @classmethod
    def of(cls, start: datetime, finish: datetime) -> "Window | None":
        """The window between two aware moments of any zone, or None where nothing lies between them."""
        start, finish = start.astimezone(UTC), finish.astimezone(UTC)
        return cls(start, finish) if start < finish else None

    def overlaps(self, other: "Window") -> bool:
        return self.start < other.finish and other.start < self.finish

    def covers(self, other: "Window") -> bool:
        return self.start <= other.start and other.finish <= self.finish


def union(windows: Iterable[Window]) -> list[Window]:
    """The same time as disjoint windows in order; windows that touch become one."""
    merged: list[Window] = []
    for window in sorted(windows):
        if merged and window.start <= merged[-1].finish:
            merged[-1] = Window(merged[-1].start, max(merged[-1].finish, window.finish))
        else:
            merged.append(window)
    return merged


def without(windows: Iterable[Window], taken: Iterable[Window]) -> list[Window]:
    """What is left of `windows` where none of `taken` lies, in order."""
    left = union(windows)
    for other in taken:
        pieces = ((w.start, min(w.finish, other.start), max(w.start, other.finish), w.finish) for w in left)
        left = [part for a, b, c, d in pieces for part in (Window.of(a, b), Window.of(c, d)) if part]
    return left


def intersect(window: Window, windows: Iterable[Window]) -> list[Window]:
    """The parts of `window` that lie in any of `windows`, in order."""
    parts = (
        Window.of(max(window.start, other.start), min(window.finish, other.finish))
        for other in union(windows)
    )
    return [part for part in parts if part]
