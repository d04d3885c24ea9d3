"""One run of a sync, and what Codat says about it at a given moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.outcomes import Outcome

NOT_STARTED = Outcome(1000, "NotStarted", None)
STARTED = Outcome(1000, "Started", None)
PUSHING = Outcome(1000, "Pushing", None)
STARTED_LONG = Outcome(1010, "Started", None)
PUSHING_LONG = Outcome(1010, "Pushing", None)
LONG = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sync:
    sync_id: str
    commerce_sync_id: str
    at: datetime
    start: datetime
    finish: datetime
    outcome: Outcome
    starts: float
    pushes: float
    ends: float
    """Seconds after `at`, by the wall clock; the speed is in them."""
    scheduled: bool = True

    @property
    def ended(self) -> datetime:
        return self.at + timedelta(seconds=self.ends)

    def state(self, now: datetime) -> Outcome:
        """Codes as documented: 1000 while it runs, 1010 once that takes over ten minutes, then its end."""
        age = now - self.at
        seconds = age.total_seconds()
        if seconds >= self.ends:
            return self.outcome
        if age > LONG:
            return STARTED_LONG if seconds < self.pushes else PUSHING_LONG
        if seconds < self.starts:
            return NOT_STARTED
        return STARTED if seconds < self.pushes else PUSHING


def pace(duration: float, chance: float, outcome: Outcome) -> tuple[float, float, float]:
    """When a sync starts, pushes and ends, in seconds; what fails before its writing never pushes."""
    starts = min(20.0, duration / 8)
    ends = duration * (0.8 + chance * 0.4)
    if outcome.reaches_books or outcome.is_success:
        return starts, ends * 0.55, ends
    ends *= 0.6
    return starts, ends, ends


def to_json(sync: Sync) -> dict[str, Any]:
    return {
        "sync_id": sync.sync_id,
        "commerce_sync_id": sync.commerce_sync_id,
        "start": sync.start.isoformat(),
        "finish": sync.finish.isoformat(),
        "outcome": [sync.outcome.code, sync.outcome.text, sync.outcome.message, sync.outcome.pushed],
        "pace": [sync.starts, sync.pushes, sync.ends],
    }


def from_json(at: datetime, body: dict[str, Any]) -> Sync:
    starts, pushes, ends = body["pace"]
    return Sync(
        body["sync_id"],
        body["commerce_sync_id"],
        at,
        datetime.fromisoformat(body["start"]),
        datetime.fromisoformat(body["finish"]),
        Outcome(*body["outcome"]),
        starts,
        pushes,
        ends,
        scheduled=False,
    )
