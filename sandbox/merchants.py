"""A merchant as the seed made it: everything about it is a function of the seed, its index and the birth."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from sandbox.dice import dice
from sandbox.kinds import NEWCOMER, Kind, kind_of
from sandbox.life import Life
from sandbox.names import PLACES, shop_name, words_of_books
from sandbox.outcomes import COMPLETE, EMPTY, NO_MESSAGE, SERVER_ERROR, Outcome
from sandbox.runs import Run
from sandbox.schedule import DAY, due, local_date, weekdays

_COMMERCE = ("fztf",) * 4 + ("fqly",) * 3 + ("ugxp",) * 2 + ("ldgh",)
_ACCOUNTING = ("gbol",) * 5 + ("qhyg",) * 4 + ("fbrh", "pdvj", "qudb", "pbbf")

_LONGEST_MEAN = 25_000.0
"""Seconds: nobody's runs usually come later than this, unless all are late."""
_BAD_LUCK = 0.012
"""The chance that a scheduled run fails for no reason of the merchant's."""
_LAST_FLAKY = DAY * 1.25
"""So long before the birth every run of a flaky merchant fails, so that it is failing when people first look."""

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

    @property
    def words(self) -> dict[str, str]:
        """What error messages of a wave name."""
        return _words(dice(self.company_id, "words"), self.company_id)

    @property
    def risk(self) -> int:
        """A scheduled run whose chance is not below this succeeds ..."""
        return int((self.kind.flaky or _BAD_LUCK) * 65536)

    @property
    def untroubled_until(self) -> datetime | None:
        """... before this moment."""
        return self.born - _LAST_FLAKY if self.kind.flaky else self.trouble_since

    def outcome_of_run(self, run: Run, start: datetime) -> Outcome:
        return self._failure_of(run) or self.sales_in(start, run.due)

    def outcome_of_request(self, start: datetime, finish: datetime) -> Outcome:
        if self.failure and not self.fixed:
            return self.failure
        return self.sales_in(start, finish)

    def sales_in(self, start: datetime, finish: datetime) -> Outcome:
        if self.quiet_since and start >= self.quiet_since:
            return EMPTY
        if self.closed and weekdays(start, finish, self.zone) <= self.closed:
            return EMPTY
        return COMPLETE

    def _failure_of(self, run: Run) -> Outcome | None:
        if self.kind.flaky:
            fails = run.chance < self.risk or timedelta(0) < self.born - run.at <= _LAST_FLAKY
            return self.failure if fails else None
        if self.trouble_since and self.failure and run.at >= self.trouble_since:
            return None if self.fixed and run.at >= self.born else self.failure
        # Never near the birth, so that a healthy merchant is healthy when people first look.
        if run.chance < self.risk and abs(self.born - run.at) > DAY * 2:
            return NO_MESSAGE if run.chance < self.risk / 3 else SERVER_ERROR
        return None


def newcomer(company_id: str, name: str, born: datetime, created: datetime) -> Merchant:
    return Merchant(company_id, name, NEWCOMER, born, created)


def seeded(seed: int, index: int, company_id: str, born: datetime, life: Life) -> Merchant:
    kind, roll = kind_of(seed, index), dice(seed, "merchant", index)
    zone, country, region, towns = roll.choice(PLACES)
    zone = dice(seed, "zone", index).choice(life.zones) if life.zones else zone
    created = born.replace(microsecond=0) - timedelta(days=_age(roll, kind), seconds=roll.randrange(86_400))
    failure = roll.choice(kind.failures).worded(_words(roll, company_id)) if kind.failures else None
    platforms = (roll.choice(_COMMERCE), roll.choice(_ACCOUNTING))
    pending = None if kind.linked else roll.choice(platforms)
    hour = roll.choice(life.hours)
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
        delay=_delay_of_hanging(born, hour, zone) if kind.hangs else _delay(roll, life),
        duration=roll.uniform(*life.duration),
    )


def _words(roll: Random, company_id: str) -> dict[str, str]:
    return {**words_of_books(roll), "company_id": company_id}


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


def _delay(roll: Random, life: Life) -> tuple[float, float]:
    mean = life.delay * roll.lognormvariate(0, life.delay_differs)
    mean = min(mean, max(_LONGEST_MEAN, life.delay))
    return mean, mean * roll.uniform(*life.spread)


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
