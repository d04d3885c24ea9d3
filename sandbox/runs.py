"""When a merchant's scheduled runs start, and what chance has in store for them: pure functions of the day."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import shake_128
from itertools import islice
from struct import Struct
from typing import NamedTuple

from sandbox.schedule import BLOCK, days_of
from sandbox.weather import Weather

_SOONEST, _LATEST = 20.0, 36_000.0
LATEST = timedelta(seconds=_LATEST)
"""How long after its due time a run starts at the latest."""
_CHANCES = Struct(f">{BLOCK}H")
_LOT = Struct(">32s4IH")


class Habit(NamedTuple):
    """What decides the times of a merchant's runs."""

    company_id: str
    hour: int
    zone: str | None
    delay: tuple[float, float]
    """How long after the due time they start: mean and spread in seconds."""


class Run(NamedTuple):
    day: int
    """An ordinal."""
    due: datetime
    at: datetime
    """When Codat really starts it: after the due time, by hours at times (Codat docs)."""
    raw: bytes
    """What its ids are made of."""
    chance: int
    """Drawn from 0 to 65,535: what happens to it ..."""
    pace: int
    """... and how quick it is."""


def runs(habit: Habit, first: int, weather: Weather) -> Iterator[Run]:
    """One for each day from this one on, for ever.

    A run that an outage holds up beyond the next due time is left to the next, which makes up for it (our guess).
    """
    block, skip = divmod(first, BLOCK)
    mean, outages = habit.delay[0], weather.outages
    base, step = _delays(habit)
    while True:
        chances, lots = _draw(habit, block)
        days = zip(days_of(block, habit.hour, habit.zone), chances, _LOT.iter_unpack(lots), strict=True)
        for (day, due, next_due), chance, (raw, a, b, c, d, pace) in islice(days, skip, None):
            delay = base + (a + b + c + d) * step
            if not _SOONEST < delay < _LATEST:
                delay = min(max(delay, _SOONEST), _LATEST)
            at = due + timedelta(0, delay)
            if outages:
                at = weather.after_outages(at, timedelta(0, _SOONEST + abs(delay - mean)))
                if at >= next_due:
                    continue
            yield Run(day, due, at, raw, chance, pace)
        block, skip = block + 1, 0


def calm_starts(habit: Habit, first: int, last: int) -> Iterator[tuple[datetime, datetime, bytes]]:
    """When the runs from one day to another are due and start if there is no outage, and what their ids are made of.

    What `runs` tells, without a Run for each: lists of syncs are long.
    """
    base, step = _delays(habit)
    while first < last:
        block, skip = divmod(first, BLOCK)
        days = days_of(block, habit.hour, habit.zone)[skip : skip + last - first]
        _, lots = _draw(habit, block)
        lots = lots[skip * _LOT.size : (skip + len(days)) * _LOT.size]
        for (_, due, _), (raw, a, b, c, d, _) in zip(days, _LOT.iter_unpack(lots), strict=True):
            delay = base + (a + b + c + d) * step
            if not _SOONEST < delay < _LATEST:
                delay = min(max(delay, _SOONEST), _LATEST)
            yield due, due + timedelta(0, delay), raw
        first += len(days)


def first_below(habit: Habit, bound: int, first: int, last: int) -> int:
    """The first day from one to another on which chance falls below a bound; the last if there is none."""
    for block in range(first // BLOCK, last // BLOCK + 1):
        chances, _ = _draw(habit, block)
        if min(chances) < bound:
            for day, chance in enumerate(chances, block * BLOCK):
                if chance < bound and first <= day < last:
                    return day
    return last


def _delays(habit: Habit) -> tuple[float, float]:
    """The least of its delays and, since four draws make one, what each 2^-32 of a draw adds; in seconds."""
    mean, spread = habit.delay
    return mean - 2 * 1.732 * spread, spread * 1.732 / (1 << 32)


@lru_cache(maxsize=64)
def _draw(habit: Habit, block: int) -> tuple[tuple[int, ...], bytes]:
    """The chances of the days of a block, and what the rest is made of; kept while a history is being folded."""
    words = f"{habit.company_id}\x1f{habit.hour}\x1f{habit.zone}\x1f{block}"
    raw = shake_128(words.encode()).digest(_CHANCES.size + BLOCK * _LOT.size)
    return _CHANCES.unpack_from(raw), raw[_CHANCES.size :]
