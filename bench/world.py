"""Merchants and their nights, as the simulation of freshness draws them. Times are seconds from its beginning."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syncs.rules.salesdays import due_before, next_due

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
# Noon where most merchants are: what came in the night is known, and the next night is yet to come.
BEGIN = datetime(2026, 6, 16, 16, tzinfo=UTC)
LARGEST = "America/New_York"
OTHERS = (
    *(
        "America/Chicago",
        "America/Denver",
        "America/Los_Angeles",
        "Europe/London",
        "Europe/Berlin",
        "Europe/Helsinki",
    ),
    *("Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland"),
    *(
        "America/Halifax",
        "America/Sao_Paulo",
        "Europe/Paris",
        "Europe/Athens",
        "Africa/Lagos",
        "Asia/Karachi",
    ),
    *("Asia/Shanghai", "Australia/Perth", "Pacific/Honolulu", "America/Anchorage", "Asia/Dhaka"),
    # Those that are half an hour or a quarter off, and the first and the last to begin a day.
    *(
        "America/St_Johns",
        "Asia/Kathmandu",
        "Australia/Adelaide",
        "Pacific/Chatham",
        "Asia/Tehran",
        "Asia/Yangon",
    ),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Marquesas", "Asia/Kabul", "Atlantic/Azores"),
    *("America/Caracas", "America/Phoenix", "Africa/Nairobi", "Atlantic/South_Georgia", "Pacific/Noumea"),
)


@dataclass(frozen=True)
class Conditions:
    """What the world is like. Shares from 0 to 1; minutes, but hours from the sync hour to the usual time.

    Off are those that Codat says it does not run; dormant, that it has stopped running without a word, some nights ago;
    of the refused, it answers no look. From the measured night on, or from some nights before it, all syncs come so
    many minutes later than they used to, or earlier.
    """

    merchants: int = 100_000
    seed: int = 1
    zones: int = 10
    in_largest: float = 0.5
    other_hours: float = 0.3
    usually: float = 3.0
    spread: float = 35.0
    explained: float = 0.8
    failing: float = 0.03
    off: float = 0.03
    dormant: float = 0.0
    never: float = 0.0
    refused: float = 0.0
    missed: float = 0.005
    by_hand: float = 0.02
    run: float = 2.0
    days: int = 30
    outage: tuple[float, float] | None = None
    outage_of: str = "both"
    doubled: bool = False
    moved: float = 0.0
    moved_nights_ago: int = 0


SHARES = {
    *("in_largest", "other_hours", "explained", "failing", "off", "dormant", "never", "refused", "missed"),
    "by_hand",
}


class Run(NamedTuple):
    start: float
    end: float
    failed: bool
    expected: bool


@dataclass(slots=True)
class Shop:
    """A merchant as Codat knows it."""

    zone: ZoneInfo
    sync_hour: int
    delay: float
    rest: float
    is_off: bool
    is_refused: bool
    is_new: bool
    begins: float
    """Its company was created then; the first and last of its nights."""
    ends: float
    runs: list[Run] = field(default_factory=list)


def moment(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def shops(conditions: Conditions, until: float) -> Iterator[Shop]:
    draw = random.Random(conditions.seed)
    night = Night(conditions, draw, until)
    for number in range(conditions.merchants * (2 if conditions.doubled else 1)):
        shop = _shop(conditions, draw, is_new=number >= conditions.merchants)
        shop.runs = sorted(night.runs(shop))
        yield shop


def _shop(conditions: Conditions, draw: random.Random, *, is_new: bool) -> Shop:
    others = OTHERS[: max(0, conditions.zones - 1)]
    zone = draw.choice(others) if others and draw.random() >= conditions.in_largest else LARGEST
    hour = draw.randint(1, 6) if draw.random() < conditions.other_hours else 0
    own, rest = (
        conditions.spread * MINUTE * part**0.5 for part in (conditions.explained, 1 - conditions.explained)
    )
    delay = max(MINUTE, draw.gauss(conditions.usually * HOUR, own))
    is_off, kind = draw.random() < conditions.off, draw.random()
    ago = draw.uniform(1, 60) * DAY
    is_never = kind < conditions.never
    is_dormant = conditions.never <= kind < conditions.never + conditions.dormant
    return Shop(
        zone=ZoneInfo(zone),
        sync_hour=hour,
        delay=delay,
        rest=rest,
        is_off=is_off,
        is_refused=draw.random() < conditions.refused,
        is_new=is_new,
        begins=-ago if is_never else -conditions.days * DAY,
        ends=-DAY * 100 if is_off or is_never else -ago if is_dormant else float("inf"),
    )


@dataclass(frozen=True)
class Night:
    """Draws when Codat runs a merchant's syncs, and how that ends."""

    conditions: Conditions
    draw: random.Random
    until: float

    def runs(self, shop: Shop) -> Iterator[Run]:
        """From the first of the nights that Codat still lists."""
        failed = self.draw.random() < self.conditions.failing
        due = due_before(moment(shop.begins), shop.zone, shop.sync_hour)
        while (at := (due - BEGIN).total_seconds()) < min(self.until, shop.ends):
            failed = self._fails_after(failed)
            if self.draw.random() >= self.conditions.missed:
                delay = max(MINUTE, self.draw.gauss(shop.delay, shop.rest)) + self._moved(at)
                yield self._run(self._held_back(at + delay), failed, expected=True)
            if self.draw.random() < self.conditions.by_hand:
                by_hand = self._held_back(at + self.draw.uniform(8 * HOUR, 22 * HOUR))
                yield self._run(by_hand, failed, expected=False)
            due = next_due(due, shop.zone, shop.sync_hour)

    def _moved(self, due: float) -> float:
        """Of the night of this sync hour, in seconds. No merchant's measured night begins earlier than a quarter day
        after the simulation."""
        is_moved = due >= (1 / 4 - self.conditions.moved_nights_ago) * DAY
        return self.conditions.moved * MINUTE if is_moved else 0.0

    def _fails_after(self, failed: bool) -> bool:
        """Nine in ten that fail fail again the next night; as many begin to as end."""
        share = self.conditions.failing
        begins = 0.1 * share / (1 - share) if share < 1 else 1.0
        return self.draw.random() < (0.9 if failed else begins)

    def _run(self, start: float, failed: bool, *, expected: bool) -> Run:
        return Run(
            start, start + MINUTE * self.draw.lognormvariate(0, 0.7) * self.conditions.run, failed, expected
        )

    def _held_back(self, start: float) -> float:
        """What would have run in an outage runs after it, in order, within half the time: the wave."""
        outage = self.conditions.outage
        if outage is None or self.conditions.outage_of == "answers" or not outage[0] <= start < outage[1]:
            return start
        return outage[1] + (start - outage[0]) / 2
