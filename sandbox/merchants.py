"""A merchant as the seed made it: everything about it is a function of the seed, its index and the birth."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from struct import unpack
from typing import Literal

from sandbox.dice import dice, digest, fraction, guid
from sandbox.kinds import NEWCOMER, Kind, kind_of
from sandbox.names import PLACES, shop_name, words_of_books
from sandbox.outcomes import COMPLETE, EMPTY, NO_MESSAGE, SERVER_ERROR, Outcome
from sandbox.schedule import DAY, due, local_date, sales_days

_SYNC_HOURS = (0,) * 10 + (1, 2, 3, 4, 5, 22)
_COMMERCE = ("fztf",) * 4 + ("fqly",) * 3 + ("ugxp",) * 2 + ("ldgh",)
_ACCOUNTING = ("gbol",) * 5 + ("qhyg",) * 4 + ("fbrh", "pdvj", "qudb", "pbbf")

Rerun = Literal["succeeds", "same error", "overlaps"]


@dataclass(frozen=True, slots=True)
class Merchant:
    company_id: str
    name: str
    kind: Kind
    born: datetime
    created: datetime
    zone: str | None = None
    hour: int = 0
    country: str = "GB"
    tags: tuple[tuple[str, str], ...] = ()
    platforms: tuple[str, ...] = ()
    """The platforms it has connections to, commerce first."""
    pending: str | None = None
    """The platform whose connection still waits for the merchant."""
    closed: frozenset[int] = frozenset()
    """Weekdays without sales, Monday = 0."""
    quiet_since: datetime | None = None
    failure: Outcome | None = None
    trouble_since: datetime | None = None
    fixed: bool = True
    delay: tuple[float, float] = (1800.0, 300.0)
    """How long after the due time its scheduled runs start: mean and spread in seconds, never compressed."""
    duration: float = 120.0
    """How many seconds a sync usually takes at speed 1."""

    @property
    def rerun(self) -> Rerun:
        if self.kind.hangs:
            return "overlaps"
        return "succeeds" if self.fixed else "same error"

    def run_of(self, day: date, due: datetime) -> "Run":
        raw = digest(self.company_id, day.toordinal(), size=44)
        bell = (sum(unpack(">4H", raw[32:40])) / 65536 - 2) * 1.732
        mean, spread = self.delay
        delay = min(max(mean + bell * spread, 20.0), 36_000.0)
        return Run(due, due + timedelta(seconds=delay), raw)

    def outcome_of_run(self, run: "Run", start: datetime) -> Outcome:
        return self._failure_of(run) or self.sales_in(start, run.due)

    def outcome_of_request(self, start: datetime, finish: datetime) -> Outcome:
        if self.failure and not self.fixed:
            return self.failure
        return self.sales_in(start, finish)

    def sales_in(self, start: datetime, finish: datetime) -> Outcome:
        if self.quiet_since and start >= self.quiet_since:
            return EMPTY
        if self.closed and all(day.weekday() in self.closed for day in sales_days(start, finish, self.zone)):
            return EMPTY
        return COMPLETE

    def _failure_of(self, run: "Run") -> Outcome | None:
        chance = fraction(run.raw[40:])
        before = self.born - run.at
        if self.kind.flaky:
            return self.failure if chance < self.kind.flaky or timedelta(0) < before <= DAY * 1.25 else None
        if self.trouble_since and self.failure and run.at >= self.trouble_since:
            return None if self.fixed and run.at >= self.born else self.failure
        # Never near the birth, so that a healthy merchant is healthy when people first look.
        if chance < 0.012 and abs(before) > DAY * 2:
            return NO_MESSAGE if chance < 0.004 else SERVER_ERROR
        return None


@dataclass(frozen=True, slots=True)
class Run:
    """One scheduled run: when it was due, when it starts, and the bytes its ids and chances come from."""

    due: datetime
    at: datetime
    raw: bytes

    @property
    def sync_id(self) -> str:
        return guid(self.raw[:16])

    @property
    def commerce_sync_id(self) -> str:
        return guid(self.raw[16:32])


def newcomer(company_id: str, name: str, born: datetime, created: datetime) -> Merchant:
    return Merchant(company_id, name, NEWCOMER, born, created)


def seeded(seed: int, index: int, company_id: str, born: datetime) -> Merchant:
    kind, roll = kind_of(seed, index), dice(seed, "merchant", index)
    zone, country, region, towns = roll.choice(PLACES)
    created = born.replace(microsecond=0) - timedelta(days=_age(roll, kind), seconds=roll.randrange(86_400))
    failure = roll.choice(kind.failures).worded(words_of_books(roll)) if kind.failures else None
    platforms = (roll.choice(_COMMERCE), roll.choice(_ACCOUNTING))
    pending = None if kind.linked else roll.choice(platforms)
    hour = roll.choice(_SYNC_HOURS)
    return Merchant(
        company_id=company_id,
        name=shop_name(roll, towns),
        kind=kind,
        born=born,
        created=created,
        zone=zone,
        hour=hour,
        country=country,
        tags=tuple(_tags(roll, region, index)),
        platforms=platforms if kind.linked else tuple(_half_linked(roll, platforms, pending)),
        pending=pending,
        closed=_closed(roll),
        quiet_since=born - DAY * roll.randint(*kind.quiet_days) if kind.quiet_days[1] else None,
        failure=failure,
        trouble_since=born - DAY * roll.randint(*kind.failing_days) if kind.failing_days[1] else None,
        fixed=kind.linked
        and not kind.severed
        and (not failure or bool(kind.flaky) or roll.random() < kind.fixed),
        delay=_delay_of_hanging(born, hour, zone) if kind.hangs else _delay(roll),
        duration=roll.uniform(90, 190),
    )


def _age(roll: Random, kind: Kind) -> int:
    """Days since the company was made: mostly long ago, but a healthy one may be days old."""
    if kind.name == "healthy" and roll.random() < 0.06:
        return roll.randint(3, 40)
    return roll.randint(100, 900)


def _half_linked(roll: Random, platforms: tuple[str, str], pending: str | None) -> Iterator[str]:
    form = roll.random()
    if form < 0.3:
        return
    yield from platforms if form < 0.65 else (key for key in platforms if key == pending)


def _closed(roll: Random) -> frozenset[int]:
    form = roll.random()
    if form < 0.6:
        return frozenset()
    return frozenset({6}) if form < 0.8 else frozenset({0}) if form < 0.9 else frozenset({0, 1})


def _delay(roll: Random) -> tuple[float, float]:
    mean = min(roll.lognormvariate(8.2, 0.8), 25_000.0)
    return mean, mean * roll.uniform(0.05, 0.3)


def _delay_of_hanging(born: datetime, hour: int, zone: str | None) -> tuple[float, float]:
    """So that at the birth its newest run has been hanging for a while, and still has hours to go."""
    since_due = (born - due(local_date(born, zone), hour, zone)) % DAY
    early = timedelta(hours=1) < since_due < timedelta(hours=20)
    return (1200.0, 100.0) if early else (28_800.0, 100.0)


def _tags(roll: Random, region: str, index: int) -> Iterator[tuple[str, str]]:
    yield "region", region
    if roll.random() < 0.8:
        yield "merchant_id", f"M-{index + 1:05d}"
    if roll.random() < 0.25:
        yield "plan", roll.choice(("starter", "plus", "enterprise"))
