"""When nobody may call Codat, or only sends may: noted by the clock, so that pages need not ask the queue."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from syncs.models import Heartbeat, Pause

# The names of two signs of life: since when, and until when at the latest.
PAUSED = ("pause since", "pause until")
KEPT = ("refreshing stopped since", "refreshing stopped until")
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
        _show(pause, PAUSED)
        if standing is None:
            Pause.objects.filter(until__lt=now - KEPT_FOR).delete()


def note_kept(until: datetime | None, now: datetime) -> None:
    """The same of looks alone, while what is left of the day is kept for sends: no request waits for that."""
    last = kept(dict(Heartbeat.objects.filter(name__in=KEPT).values_list("name", "at")))
    is_standing = last is not None and now < last.until
    if is_standing or until:
        _show(Pause(since=last.since if last and is_standing else now, until=until or now), KEPT)


def shown(seen: Mapping[str, datetime]) -> Pause | None:
    """The last pause, also when it is over, from the signs of life that every page reads."""
    return _seen(seen, PAUSED)


def kept(seen: Mapping[str, datetime]) -> Pause | None:
    """The last time in which only sends called, likewise."""
    return _seen(seen, KEPT)


def within(start: datetime, end: datetime) -> timedelta:
    """How much of that time pauses took up; two clocks may have noted the same one."""
    taken, reached = timedelta(), start
    for pause in Pause.objects.filter(until__gt=start, since__lt=end).order_by("since"):
        begin, finish = max(pause.since, reached), min(pause.until, end)
        taken += max(finish - begin, timedelta())
        reached = max(reached, finish)
    return taken


def _seen(seen: Mapping[str, datetime], names: tuple[str, str]) -> Pause | None:
    since, until = map(seen.get, names)
    return Pause(since=since, until=until) if since and until else None


def _show(pause: Pause, names: tuple[str, str]) -> None:
    for name, at in zip(names, (pause.since, pause.until), strict=True):
        Heartbeat.objects.update_or_create(name=name, defaults={"at": at, "host": "", "pid": 0})
