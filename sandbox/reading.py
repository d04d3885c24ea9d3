"""How Codat reads a connection's data: when, and how one pull operation goes (OpenAPI, PullOperation).

A connection is read when it is linked and then once a day at a time of its own, for as long as it is linked. How often
and how long is our guess; the statuses and their order are documented. These reads are no commerce syncs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from sandbox.dice import digest

FIRST_READ = timedelta(minutes=1)
"""How long after it was linked the first read of a connection is complete."""
DAY = timedelta(days=1)
STAGES = (
    "Initial", "Queued", "Fetching", "MapQueued", "Mapping", "ProcessingQueued", "Processing", "ValidationQueued",
    "Validating",
)  # fmt: skip
_UNTIL_FETCHED = 3


class Spell(NamedTuple):
    """A time during which a connection was linked."""

    start: datetime
    end: datetime | None = None
    became: str = "Linked"
    """The status that ended it."""


class Progress(NamedTuple):
    status: str
    percent: int
    done: bool


@dataclass(frozen=True, slots=True)
class Pull:
    """One read of one data type; also called a dataset."""

    id: str
    connection_id: str
    data_type: str
    requested: datetime
    ends: datetime
    ends_as: str = "Complete"

    def progress(self, now: datetime) -> Progress:
        failed = self.ends_as != "Complete"
        stages = _UNTIL_FETCHED if failed else len(STAGES)
        if now >= self.ends:
            return Progress(self.ends_as, stages * 10 if failed else 100, done=True)
        stage = int(stages * ((now - self.requested) / (self.ends - self.requested)))
        return Progress(STAGES[stage], (stage + 1) * 10, done=False)


def to_json(pull: Pull) -> dict[str, Any]:
    return {
        "id": pull.id,
        "connection": pull.connection_id,
        "type": pull.data_type,
        "seconds": (pull.ends - pull.requested).total_seconds(),
        "ends_as": pull.ends_as,
    }


def from_json(at: datetime, body: dict[str, Any]) -> Pull:
    ends = at + timedelta(seconds=body["seconds"])
    return Pull(body["id"], body["connection"], body["type"], at, ends, body["ends_as"])


def reads(
    connection_id: str, spells: tuple[Spell, ...], since: datetime, until: datetime
) -> Iterator[datetime]:
    """The moments at which the connection had been read as a whole, in their order."""
    for spell in spells:
        stop = min(spell.end or until, until)
        first = spell.start + FIRST_READ
        if since <= first <= stop:
            yield first
        read = _daily(connection_id, max(spell.start, since))
        while read <= stop:
            if read > first and read >= since:
                yield read
            read += DAY


def last_read(connection_id: str, spells: tuple[Spell, ...], now: datetime) -> datetime | None:
    for spell in reversed(spells):
        until = min(spell.end or now, now)
        read = _daily(connection_id, until)
        newest = max(read if read <= until else read - DAY, spell.start + FIRST_READ)
        if newest <= until:
            return newest
    return None


def _daily(connection_id: str, moment: datetime) -> datetime:
    """When the connection is read on this day."""
    time_of_day = timedelta(microseconds=int.from_bytes(digest(connection_id, size=4), "big") * 20)
    return datetime.combine(moment.date(), time(0), UTC) + time_of_day
