"""When to ask Codat about a merchant again: soon while a sync is on its way, else when one usually ends.

A merchant's result comes some time after its sync hour; we know that delay's mean and mean deviation, and take it for
logistic, whose chances are easily written down. A look is worth its call when a result has probably come and would
already be old: steps shrink as the chance of news grows, and where the delay strays little.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log, sqrt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syncs.rules import salesdays
from syncs.rules.health import Health

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3_600, 86_400))

OLDEST = DAY
HOT_SOON, HOT_LATER, HOT_STUCK = 5 * SECOND, MINUTE, 10 * MINUTE
STUCK_AFTER = 6 * HOUR
UNKNOWN_DELAY, UNKNOWN_SPREAD = 2 * HOUR, HOUR
LEAST_SPREAD, MOST_SPREAD = 5 * MINUTE, 6 * HOUR
CONFIGURATION_OLD, CONFIGURATION_TOO_OLD = 18 * HOUR, 36 * HOUR
# One more result moves what was learned by this part of the surprise, and no surprise counts for more than so many
# spreads: a night on which Codat stood still teaches little about the next.
LEARNING, SURPRISE = 0.1, 4
# What a call must promise: chance of news x minutes that it would be old. A larger number asks more rarely.
WORTH = 1.2
# Who is so many scales over its usual time has a night of its own: asked ever more rarely, by this part of how late.
OVER, THINNING = 4, 0.125
# A logistic delay strays from its mean by so many scales on average.
SCALES_IN_A_SPREAD = 2 * log(2)

OFF = {Health.SWITCHED_OFF: "it is switched off", Health.NEEDS_RECONNECT: "the merchant must reconnect first"}


@dataclass(frozen=True)
class Facts:
    """What the merchant's row says; `jitter` in [0, 1) is its own, so that a zone never asks all at once."""

    health: Health
    running_since: datetime | None
    has_active_request: bool
    active_since: datetime | None
    zone_name: str | None
    sync_hour: int
    usual_delay: timedelta | None
    spread: timedelta | None
    last_result_at: datetime | None
    refreshed_at: datetime | None
    archived: bool
    jitter: float

    @property
    def zone(self) -> ZoneInfo:
        return salesdays.zone_of(self.zone_name)


class Look(NamedTuple):
    at: datetime
    reason: str


class Usual(NamedTuple):
    """How long after the sync hour a merchant's result comes, and how far it strays from that."""

    delay: timedelta
    spread: timedelta


def learn(mean: timedelta | None, spread: timedelta | None, delay: timedelta) -> Usual:
    """The running mean and mean deviation after one more result; delays beyond a day teach nothing."""
    if mean is None or spread is None:
        return Usual(min(max(delay, 0 * SECOND), DAY), UNKNOWN_SPREAD)
    if not 0 * SECOND <= delay <= DAY:
        return Usual(mean, spread)
    most = SURPRISE * max(spread, LEAST_SPREAD)
    surprise = min(max(delay - mean, -most), most)
    return Usual(mean + surprise * LEARNING, spread + (abs(surprise) - spread) * LEARNING)


def next_look(facts: Facts, now: datetime) -> Look:
    """Never before now, and never later than a day after the last look: nobody starves."""
    if facts.refreshed_at is None:
        return Look(now, "asked at once: never looked at before")
    asked = min(facts.refreshed_at, now)
    at, why = _wish(facts, asked, now)
    at = max(now, min(at, asked + OLDEST))
    return Look(at, f"asked again at {_clock(at, facts.zone)}: {why}")


def _wish(facts: Facts, asked: datetime, now: datetime) -> tuple[datetime, str]:
    if facts.has_active_request or facts.running_since:
        return asked + _hot_wait(facts, now), "a sync is on its way"
    if facts.archived or facts.health in OFF:
        return asked + DAY * (1 - facts.jitter / 10), OFF.get(facts.health, "it is archived")
    if facts.health is Health.NEVER_SYNCED:
        return _hourly(facts, asked), "it has never synced"
    if is_due(facts.last_result_at, facts.zone, facts.sync_hour, now):
        return _due(facts, asked, now)
    if facts.health is Health.FAILING:
        return _failing(facts, asked, now)
    return _settled(facts, asked, now)


def _hourly(facts: Facts, asked: datetime) -> datetime:
    return asked + HOUR * (1 + facts.jitter / 10)


def _hot_wait(facts: Facts, now: datetime) -> timedelta:
    """A tenth of its age, so that a short sync is seen at once and a long one costs little.

    A run that nobody here asked for can wait a minute; whoever has its page open is told sooner all the same.
    """
    since = facts.active_since if facts.has_active_request else facts.running_since
    age = now - (since or now)
    if age > STUCK_AFTER:
        return HOT_STUCK
    return min(HOT_LATER, max(HOT_SOON, age / 10)) if facts.has_active_request else HOT_LATER


def is_due(last_result_at: datetime | None, zone: ZoneInfo, sync_hour: int, now: datetime) -> bool:
    """Whether its sync hour has passed and the result of that is not in."""
    return last_result_at is None or last_result_at < salesdays.due_before(now, zone, sync_hour)


def is_stale(
    configured_at: datetime | None,
    last_result_at: datetime | None,
    zone: ZoneInfo,
    sync_hour: int,
    now: datetime,
) -> bool:
    """Whether the configuration is to be read again: once a day, by a look that no result waits for.

    Where a result is late for long, it is read all the same. In the hours in which most results come, a second call
    for each merchant would keep all the others waiting.
    """
    if configured_at is None:
        return True
    waits = is_due(last_result_at, zone, sync_hour, now)
    return now - configured_at > (CONFIGURATION_TOO_OLD if waits else CONFIGURATION_OLD)


def _due(facts: Facts, asked: datetime, now: datetime) -> tuple[datetime, str]:
    """From its first look on, each a step after the last."""
    due = salesdays.due_before(now, facts.zone, facts.sync_hour)
    usual = _usual(facts)
    first = _first_look(facts, due, usual)
    at = first if asked < first else asked + _step(asked - due - usual.delay, usual.spread)
    return at, _usual_words(facts, due, usual)


def _failing(facts: Facts, asked: datetime, now: datetime) -> tuple[datetime, str]:
    """Hourly while people are likely to act, then more rarely: a wave of failures must not use up everybody's calls."""
    age = asked - (facts.last_result_at or asked)
    again = max(_hourly(facts, asked), asked + age / 4)
    first, why = _next_night(facts, now)
    return (again, "its last sync failed") if again < first else (first, why)


def _settled(facts: Facts, asked: datetime, now: datetime) -> tuple[datetime, str]:
    """When the next result may come, with one safety look halfway."""
    due = salesdays.due_before(now, facts.zone, facts.sync_hour)
    first, why = _next_night(facts, now)
    safety = due + (first - due) / 2 + HOUR * facts.jitter
    return (safety, "its result is in, this is the safety look") if asked < safety else (first, why)


def _next_night(facts: Facts, now: datetime) -> tuple[datetime, str]:
    due = salesdays.next_due(now, facts.zone, facts.sync_hour)
    usual = _usual(facts)
    return _first_look(facts, due, usual), _usual_words(facts, due, usual)


def _first_look(facts: Facts, due: datetime, usual: Usual) -> datetime:
    """When a result is in with about the chance that each later look has."""
    scale = _scale(usual.spread)
    before = scale * log(3 * scale / WORTH) / 2
    start = max(0 * SECOND, usual.delay - before * MINUTE)
    return due + start + _step(start - usual.delay, usual.spread) / 2 * facts.jitter


def _step(late: timedelta, spread: timedelta) -> timedelta:
    """To the next look, from one so late after the usual time (or before it) that found no result.

    News comes with a chance of `is_in / scale` a minute, so a step is worth (its chance) x (its minutes).
    """
    scale, minutes = _scale(spread), late / MINUTE
    step = 0.0
    for _ in range(2):
        # In the middle of the step, which has to be guessed first.
        is_in = 1 / (1 + exp(min(30.0, -(minutes + step / 2) / scale)))
        step = sqrt(WORTH * scale / is_in)
    step = max(1.0, step, (minutes - OVER * scale) * THINNING)
    return min(HOUR, step * MINUTE)


def _scale(spread: timedelta) -> float:
    return spread / MINUTE / SCALES_IN_A_SPREAD


def _usual(facts: Facts) -> Usual:
    """What was learned, within reason; a guess where nothing was."""
    delay = UNKNOWN_DELAY if facts.usual_delay is None else min(max(facts.usual_delay, 0 * SECOND), DAY)
    spread = UNKNOWN_SPREAD if facts.spread is None else facts.spread
    return Usual(delay, min(max(spread, LEAST_SPREAD), MOST_SPREAD))


def _usual_words(facts: Facts, due: datetime, usual: Usual) -> str:
    early, late = due + max(0 * SECOND, usual.delay - 2 * usual.spread), due + usual.delay + 2 * usual.spread
    known = "usually end" if facts.usual_delay is not None else "may end"
    return f"its syncs {known} {_clock(early, facts.zone)}-{_clock(late, facts.zone)}"


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"
