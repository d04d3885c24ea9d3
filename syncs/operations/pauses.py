"""When nobody may call Codat: noted by the clock, so that pages need not ask the queue."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from syncs.models import Heartbeat, Pause

SINCE, UNTIL = "pause since", "pause until"
# No request waits longer.
KEPT_FOR = timedelta(days=7)


def note(until: datetime | None, now: datetime) -> None:
    """Calls go on at `until` at the latest; None: they go. What was noted before goes on, or ends now."""
    with transaction.atomic():
        standing = Pause.objects.select_for_update().filter(until__gt=now).first()
        if standing is None and until is None:
            return
        pause = standing or Pause(since=now)
        pause.until = until or now
        pause.save()
        _show(pause)
        if standing is None:
            Pause.objects.filter(until__lt=now - KEPT_FOR).delete()


def shown(seen: Mapping[str, datetime]) -> Pause | None:
    """The last one, also when it is over, from the signs of life that every page reads."""
    return Pause(since=seen[SINCE], until=seen[UNTIL]) if SINCE in seen and UNTIL in seen else None


def within(start: datetime, end: datetime) -> timedelta:
    """How much of that time pauses took up; two clocks may have noted the same one."""
    taken, reached = timedelta(), start
    for pause in Pause.objects.filter(until__gt=start, since__lt=end).order_by("since"):
        begin, finish = max(pause.since, reached), min(pause.until, end)
        taken += max(finish - begin, timedelta())
        reached = max(reached, finish)
    return taken


def _show(pause: Pause) -> None:
    for name, at in ((SINCE, pause.since), (UNTIL, pause.until)):
        Heartbeat.objects.update_or_create(name=name, defaults={"at": at, "host": "", "pid": 0})
