"""One run of a sync, and what Codat says about it at a given moment."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sandbox.dice import guid, raw_of
from sandbox.outcomes import SERVER_ERROR, Outcome
from sandbox.weather import CALM, Weather

NOT_STARTED = Outcome(1000, "NotStarted", None)
STARTED = Outcome(1000, "Started", None)
PUSHING = Outcome(1000, "Pushing", None)
STARTED_LONG = Outcome(1010, "Started", None)
PUSHING_LONG = Outcome(1010, "Pushing", None)
LONG = timedelta(minutes=10)
_PUSHING, _PUSHING_AT_LATEST = 0.55, 300.0
"""The part of its time after which a sync pushes, and the seconds when that is long (our guess)."""


Told = tuple[bytes, datetime, Outcome]
"""What a list tells of a sync: what its id is made of, its time, and its state."""


class Sync(NamedTuple):
    at: datetime
    start: datetime
    finish: datetime
    outcome: Outcome
    raw: bytes
    """32 bytes, of which its two ids are made."""
    seconds: float
    """How long it takes by the wall clock when no outage comes in between; the speed is in it."""
    scheduled: bool = True
    weather: Weather = CALM

    @property
    def sync_id(self) -> str:
        return guid(self.raw)

    @property
    def commerce_sync_id(self) -> str:
        return guid(self.raw[16:])

    @property
    def ended(self) -> datetime:
        return self.weather.done(self.at, self.seconds)

    @property
    def pushing(self) -> datetime:
        """When it begins to write."""
        return self.weather.done(self.at, min(self.seconds * _PUSHING, _PUSHING_AT_LATEST))

    def state(self, now: datetime) -> Outcome:
        """Codes as documented: 1000 while it runs, 1010 once that takes over ten minutes, then its end."""
        age = now - self.at
        worked = age if self.weather is CALM else self.weather.worked(self.at, now)
        seconds = worked.total_seconds()
        if seconds >= self.seconds:
            return self.outcome
        is_pushing = self.outcome.pushes and seconds >= min(self.seconds * _PUSHING, _PUSHING_AT_LATEST)
        if age > LONG:
            return PUSHING_LONG if is_pushing else STARTED_LONG
        if seconds < min(20.0, self.seconds / 8):
            return NOT_STARTED
        return PUSHING if is_pushing else STARTED

    def under(self, weather: Weather) -> "Sync":
        """The same sync, as outages let it be."""
        end = weather.breaks(self.at, weather.done(self.at, self.seconds))
        if not end:
            return self._replace(weather=weather)
        worked = weather.worked(self.at, end).total_seconds()
        return self._replace(weather=weather, outcome=SERVER_ERROR, seconds=worked)


def to_json(sync: Sync) -> dict[str, Any]:
    """What is kept of a sync that was asked for."""
    return {
        "sync_id": sync.sync_id,
        "commerce_sync_id": sync.commerce_sync_id,
        "start": sync.start.isoformat(),
        "finish": sync.finish.isoformat(),
        "outcome": list(sync.outcome),
        "seconds": sync.seconds,
    }


def from_json(at: datetime, body: dict[str, Any]) -> Sync:
    return Sync(
        at,
        datetime.fromisoformat(body["start"]),
        datetime.fromisoformat(body["finish"]),
        Outcome(*body["outcome"]),
        raw_of(body["sync_id"]) + raw_of(body["commerce_sync_id"]),
        # Folders written before there were outages hold all the steps of a sync.
        body["seconds"] if "seconds" in body else body["pace"][-1],
        scheduled=False,
    )
