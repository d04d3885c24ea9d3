"""When nobody may call Codat: noted by the clock, so that pages need not ask the queue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from syncs.models import Heartbeat

SINCE, UNTIL = "pause since", "pause until"


@dataclass(frozen=True)
class Pause:
    since: datetime
    until: datetime

    def within(self, start: datetime, end: datetime) -> timedelta:
        """How much of that time it took up."""
        return max(min(self.until, end) - max(self.since, start), timedelta())


def note(until: datetime | None, now: datetime) -> None:
    """Calls go on at `until` at the latest; None: they go. What was noted before goes on, or ends now."""
    ahead = Heartbeat.objects.filter(name=UNTIL, at__gt=now)
    if until is None:
        ahead.update(at=now)
        return
    with transaction.atomic():
        if not ahead.exists():
            _store(SINCE, now)
        _store(UNTIL, until)


def latest(seen: Mapping[str, datetime] | None = None) -> Pause | None:
    """The last one, also when it is over; from `seen` where somebody has read the table already."""
    known = dict(Heartbeat.objects.values_list("name", "at")) if seen is None else seen
    return Pause(known[SINCE], known[UNTIL]) if SINCE in known and UNTIL in known else None


def _store(name: str, at: datetime) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"at": at, "host": "", "pid": 0})
