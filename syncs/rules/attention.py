"""When to ask Codat about a merchant again: soon while a sync is on its way, else when one usually ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from syncs.rules import salesdays
from syncs.rules.health import Health

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3_600, 86_400))

OLDEST = DAY
HOT_SOON, HOT_LATER, HOT_STUCK = 5 * SECOND, MINUTE, 10 * MINUTE
STUCK_AFTER = 6 * HOUR
UNKNOWN_DELAY, UNKNOWN_SPREAD = 2 * HOUR, HOUR
LEAST_SPREAD, MOST_SPREAD = 10 * MINUTE, 6 * HOUR
LEARNING = 8

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
    return Usual(mean + (delay - mean) / LEARNING, spread + (abs(delay - mean) - spread) / LEARNING)


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
    if _is_due(facts, now):
        return _due(facts, asked, now)
    if facts.health is Health.FAILING:
        return _hourly(facts, asked), "its last sync failed"
    return _settled(facts, asked, now)


def _hourly(facts: Facts, asked: datetime) -> datetime:
    return asked + HOUR * (1 + facts.jitter / 10)


def _hot_wait(facts: Facts, now: datetime) -> timedelta:
    """A tenth of its age, so that a short sync is seen at once and a long one costs little."""
    since = facts.active_since if facts.has_active_request else facts.running_since
    age = now - (since or now)
    return HOT_STUCK if age > STUCK_AFTER else min(HOT_LATER, max(HOT_SOON, age / 10))


def _is_due(facts: Facts, now: datetime) -> bool:
    due = salesdays.due_before(now, facts.zone, facts.sync_hour)
    return facts.last_result_at is None or facts.last_result_at < due


def _due(facts: Facts, asked: datetime, now: datetime) -> tuple[datetime, str]:
    """Dense around the usual time, thinner the longer it is over."""
    early, late = _usual_span(facts, salesdays.due_before(now, facts.zone, facts.sync_hour))
    step = min(HOUR, max((late - early) / 4, (now - late) / 3))
    return max(early + step * facts.jitter, asked + step), _usual_words(facts, early, late)


def _settled(facts: Facts, asked: datetime, now: datetime) -> tuple[datetime, str]:
    """When the next result may come, with one safety look halfway."""
    due = salesdays.due_before(now, facts.zone, facts.sync_hour)
    early, late = _usual_span(facts, salesdays.next_due(now, facts.zone, facts.sync_hour))
    safety = due + (early - due) / 2 + HOUR * facts.jitter
    if asked < safety:
        return safety, "its result is in, this is the safety look"
    return early + (late - early) / 4 * facts.jitter, _usual_words(facts, early, late)


def _usual_span(facts: Facts, due: datetime) -> tuple[datetime, datetime]:
    delay = UNKNOWN_DELAY if facts.usual_delay is None else min(max(facts.usual_delay, 0 * SECOND), DAY)
    spread = min(max(facts.spread or UNKNOWN_SPREAD, LEAST_SPREAD), MOST_SPREAD)
    return max(due, due + delay - spread), due + delay + spread


def _usual_words(facts: Facts, early: datetime, late: datetime) -> str:
    known = "usually end" if facts.usual_delay is not None else "may end"
    return f"its syncs {known} {_clock(early, facts.zone)}-{_clock(late, facts.zone)}"


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"
