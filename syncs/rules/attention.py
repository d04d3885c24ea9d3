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
from syncs.rules.stored_moments import as_stored, daily_as_stored

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3_600, 86_400))

# Nobody is left alone for longer. With two hours more to wait for a turn, that makes a day.
OLDEST = 22 * HOUR
HOT_SOON, HOT_LATER, HOT_STUCK = 5 * SECOND, MINUTE, 10 * MINUTE
STUCK_AFTER = 6 * HOUR
UNKNOWN_DELAY, UNKNOWN_SPREAD = 2 * HOUR, HOUR
LEAST_SPREAD, MOST_SPREAD = 5 * MINUTE, 6 * HOUR
CONFIGURATION_OLD, CONFIGURATION_TOO_OLD = 18 * HOUR, 36 * HOUR
# One more result moves what was learned by this part of the surprise. A night that strays by more than so many spreads
# hardly ever belongs to what was learned: either results now come at another hour, and then every night that is not
# believed is looked for at the wrong time, or this night was odd, and believing it costs one night a few minutes. So it
# counts for half, and for so many spreads at most.
LEARNING, SURPRISE = 0.1, 4
LEARNING_ANEW, MOST_SURPRISE = 0.5, 6
# What a call must promise: chance of news x minutes that it would be old. A larger number asks more rarely.
WORTH = 1.4
# Who is so many scales over its usual time has a night of its own, and the formula of its chances does not hold.
OVER = 2.5
# Who brings no news is asked ever more rarely: by this part of how long it was waited for already.
PATIENCE = 1 / 3
# Whose look failed is asked again after so long, and from the second time on after so long at least. Who is new waits
# for its first state, and is asked at least hourly.
AFTER_A_PROBLEM, AFTER_PROBLEMS, NEW_AT_LATEST = 2 * MINUTE, 10 * MINUTE, HOUR
# From so many minutes on (a scale) it asks for more: who may come at any time would cost ever more calls a night.
WIDE = 30.0
# Looks at a run that is on its way are less far apart, and between two of them lies its end.
WATCHED = 2 * HOUR
# A logistic delay strays from its mean by so many scales on average.
SCALES_IN_A_SPREAD = 2 * log(2)

TO_MISS_NOTHING = "its result is in, and one more look makes sure that nothing was missed"
OFF = {Health.SWITCHED_OFF: "it is switched off", Health.NEEDS_RECONNECT: "the merchant must act first"}


@dataclass(frozen=True)
class Facts:
    """What the merchant's row says; `jitter` in [0, 1) is its own, so that a zone never asks all at once."""

    health: Health
    running_since: datetime | None
    awaited_since: datetime | None
    """Since when Codat may be working on what was asked for here."""
    zone_name: str | None
    sync_hour: int
    usual_delay: timedelta | None
    spread: timedelta | None
    last_result_at: datetime | None
    silent_since: datetime | None
    """The last success; without one, when the company was created."""
    refreshed_at: datetime | None
    archived: bool
    jitter: float

    @property
    def zone(self) -> ZoneInfo:
        return salesdays.zone_of(self.zone_name)

    @property
    def usual(self) -> "Usual":
        """What was learned, within reason; a guess where nothing was."""
        delay = UNKNOWN_DELAY if self.usual_delay is None else self.usual_delay % DAY
        spread = UNKNOWN_SPREAD if self.spread is None else self.spread
        return Usual(delay, min(max(spread, LEAST_SPREAD), MOST_SPREAD))


class Look(NamedTuple):
    at: datetime
    reason: str


class Usual(NamedTuple):
    """How long after the sync hour a merchant's result comes, and how far it strays from that."""

    delay: timedelta
    spread: timedelta


class Night(NamedTuple):
    """When a result is expected. It opens at the sync hour, or so much before or after that what comes around the
    usual time is of one night, also where that is near the next sync hour."""

    opens: datetime
    usual: datetime


def learn(mean: timedelta | None, spread: timedelta | None, delay: timedelta) -> Usual:
    """The running mean and mean deviation after one more result, on the circle of a day.

    A great surprise moves the usual time and widens the spread at once: the next night is looked for from earlier on,
    and where it comes at the new hour it is no surprise any more.
    """
    if mean is None or spread is None:
        return Usual(delay % DAY, UNKNOWN_SPREAD)
    usual_spread = max(spread, LEAST_SPREAD)
    strays = (delay - mean + DAY / 2) % DAY - DAY / 2
    rate = LEARNING if abs(strays) <= SURPRISE * usual_spread else LEARNING_ANEW
    most = MOST_SURPRISE * usual_spread
    surprise = min(max(strays, -most), most)
    return Usual((mean + surprise * rate) % DAY, spread + (abs(surprise) - spread) * rate)


def delay_of(facts: Facts, started: datetime, ended: datetime) -> timedelta | None:
    """What a result teaches: how long after the sync hour it came. Only a night's first: others were run by hand."""
    if not is_due(facts, started):
        return None
    return ended - salesdays.due_before(started, facts.zone, facts.sync_hour)


def ended(was_seen_running: bool, last_look: datetime | None, now: datetime) -> datetime | None:
    """About when a run ended that is over by now: Codat tells only when it began. None where nobody has watched it."""
    if not was_seen_running or last_look is None or now - last_look > WATCHED:
        return None
    return last_look + (now - last_look) / 2


def next_look(facts: Facts, now: datetime) -> Look:
    """Never later than so long after the last look; in the past for whom should have been asked by now."""
    if facts.refreshed_at is None:
        return Look(now, "asked at once: never looked at before")
    asked = min(facts.refreshed_at, now)
    at, why = _wish(facts, asked, now)
    if at > asked + OLDEST:
        at, why = asked + OLDEST, f"every merchant is asked about at least every {OLDEST // HOUR} hours"
    at = max(at, asked)
    return Look(at, f"asked again at {as_stored(at)}: {why}")


def patience(waited: timedelta, least: timedelta = HOUR) -> timedelta:
    """Until the next look at somebody that brought no news for so long."""
    return min(max(least, waited * PATIENCE), OLDEST)


def after_a_look_in_vain(failing_for: timedelta, *, is_first: bool, is_new: bool) -> timedelta:
    """Until the next look at somebody whose looks have failed since it was due, or since it was registered."""
    wait = patience(failing_for, AFTER_A_PROBLEM if is_first else AFTER_PROBLEMS)
    return min(wait, NEW_AT_LATEST) if is_new else wait


def _wish(facts: Facts, asked: datetime, now: datetime) -> tuple[datetime, str]:
    if facts.awaited_since or facts.running_since:
        return asked + _hot_wait(facts, now), "a sync is on its way"
    if facts.archived or facts.health in OFF:
        return asked + OLDEST * (1 - facts.jitter / 10), OFF.get(facts.health, "it is archived")
    if facts.health is Health.NEVER_SYNCED:
        return _silent(facts, asked), "it has never synced"
    next_night = _next_night(facts, now)
    if is_due(facts, now):
        return min(_due(facts, asked, now), next_night)
    if facts.health is Health.FAILING and (again := _silent(facts, asked)) < next_night[0]:
        return again, "its last sync failed"
    return _settled(facts, asked, now, next_night)


def _silent(facts: Facts, asked: datetime) -> datetime:
    """Hourly while people are likely to act: a wave of failures must not use up everybody's calls."""
    waited = asked - (facts.silent_since or asked) - DAY
    return asked + patience(waited) * (1 + facts.jitter / 10)


def _hot_wait(facts: Facts, now: datetime) -> timedelta:
    """A part of its age where somebody waits, so that a short sync is seen at once and a long one costs little.

    A run that nobody here asked for is worth no more than any other news; whoever has its page open is told sooner all
    the same. Of a run whose length nobody knows, the chance that it ends in a step is about `step / age`.
    """
    age = max(0 * SECOND, now - (facts.awaited_since or facts.running_since or now))
    if facts.awaited_since:
        return HOT_STUCK if age > STUCK_AFTER else min(HOT_LATER, max(HOT_SOON, age / 10))
    return max(HOT_LATER, sqrt(2 * WORTH * (age / MINUTE)) * MINUTE)


def night_of(facts: Facts, moment: datetime) -> Night:
    """The newest that was open by then."""
    delay, spread = facts.usual
    shift = max(delay - DAY / 2, min(0 * SECOND, delay - 2 * spread))
    due = salesdays.due_before(moment - shift, facts.zone, facts.sync_hour)
    return Night(due + shift, due + delay)


def is_due(facts: Facts, now: datetime) -> bool:
    """Whether a night's result is not in."""
    return facts.last_result_at is None or facts.last_result_at < night_of(facts, now).opens


def is_stale(configured_at: datetime | None, facts: Facts, now: datetime) -> bool:
    """Whether the configuration is to be read again: once a day, by a look that no result waits for.

    Where a result is late for long, it is read all the same. In the hours in which most results come, a second call
    for each merchant would keep all the others waiting.
    """
    if configured_at is None:
        return True
    return now - configured_at > (CONFIGURATION_TOO_OLD if is_due(facts, now) else CONFIGURATION_OLD)


def _due(facts: Facts, asked: datetime, now: datetime) -> tuple[datetime, str]:
    """From its first look on, each a step after the last; who was silent for nights takes longer steps."""
    night = night_of(facts, now)
    first = _first_look(facts, night)
    at = (
        first
        if asked < first
        else asked + _step(asked - night.usual, facts.usual.spread) * _nights(facts, night)
    )
    return at, _usual_words(facts, night)


def _nights(facts: Facts, night: Night) -> float:
    """For how many nights no result has come; of the first nothing is made, since one may be left out."""
    last = facts.last_result_at or facts.silent_since or night.opens
    return max(1.0, (night.opens - last) / DAY - 1)


def _settled(
    facts: Facts, asked: datetime, now: datetime, next_night: tuple[datetime, str]
) -> tuple[datetime, str]:
    """When the next result may come, with one look halfway that makes sure."""
    opened = night_of(facts, now).opens
    safety = opened + (next_night[0] - opened) / 2 + HOUR * facts.jitter
    return (safety, TO_MISS_NOTHING) if asked < safety else next_night


def _next_night(facts: Facts, now: datetime) -> tuple[datetime, str]:
    night = night_of(facts, night_of(facts, now).opens + 1.25 * DAY)
    return _first_look(facts, night), _usual_words(facts, night)


def _first_look(facts: Facts, night: Night) -> datetime:
    """When a result is in with about the chance that each later look has."""
    spread = facts.usual.spread
    scale = _scale(spread)
    before = scale * log(3 * scale / _worth(scale)) / 2 * MINUTE
    start = max(night.opens, night.usual - before)
    return start + _step(start - night.usual, spread) / 2 * facts.jitter


def _step(late: timedelta, spread: timedelta) -> timedelta:
    """To the next look, from one so late after the usual time (or before it) that found no result.

    News comes with a chance of `is_in / scale` a minute, so a step is worth (its chance) x (its minutes).
    """
    scale, minutes = _scale(spread), late / MINUTE
    step = 0.0
    for _ in range(2):
        # In the middle of the step, which has to be guessed first.
        is_in = 1 / (1 + exp(min(30.0, -(minutes + step / 2) / scale)))
        step = sqrt(_worth(scale) * scale / is_in)
    return patience(late - OVER * scale * MINUTE, max(1.0, step) * MINUTE)


def _worth(scale: float) -> float:
    return WORTH * max(1.0, scale / WIDE)


def _scale(spread: timedelta) -> float:
    return spread / MINUTE / SCALES_IN_A_SPREAD


def _usual_words(facts: Facts, night: Night) -> str:
    spread = facts.usual.spread
    known = "usually end" if facts.usual_delay is not None else "may end"
    if 4 * spread > DAY / 2:
        return f"its syncs {known} at any hour"
    early, late = max(night.opens, night.usual - 2 * spread), night.usual + 2 * spread
    return f"its syncs {known} {daily_as_stored(early, late)}"
