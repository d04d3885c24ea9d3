"""When nobody may call Codat, or only sends may: noted by the clock, so that pages need not ask the queue.

A clock that reaches no Redis is alone: it knows of its own calls only. So who noted a stop stands beside it.
"""

import os
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from syncs.codat.budget import Budget, BudgetState
from syncs.codat.lone_budget import Stops
from syncs.models import Heartbeat, Pause

# The names of two signs of life: since when, and until when at the latest.
PAUSED = ("pause since", "pause until")
KEPT = ("refreshing stopped since", "refreshing stopped until")
# No request waits longer.
KEPT_FOR = timedelta(days=7)
# Who noted what the budget of all says.
ALL: Mapping[str, Any] = {"host": "", "pid": 0}


def note_state(state: BudgetState, now: datetime, *, alone: bool = False) -> None:
    """What this budget says; one that does not answer says nothing."""
    if state.reachable:
        note(state.stopped_until, now, alone=alone)
        note_kept(state.kept_until, now, alone=alone)


def put_back(budget: Budget, now: datetime) -> None:
    """A pause that stands is told to a budget which has forgotten everything: Redis came back empty."""
    standing = Pause.objects.filter(until__gt=now).order_by("-until").first()
    if standing and budget.state().is_blank:
        budget.slow_down((standing.until - now).total_seconds())


def note(until: datetime | None, now: datetime, *, alone: bool = False) -> None:
    """Calls go on at `until` at the latest; None: they go. What was noted before goes on, or ends now.

    What others noted is only lengthened.
    """
    with transaction.atomic():
        standing = Pause.objects.select_for_update().filter(until__gt=now).first()
        if not _changes(standing, until, now, PAUSED, alone):
            return
        pause = standing or Pause(since=now)
        pause.until = until or now
        pause.save()
        _show(pause, PAUSED, alone)
        if standing is None:
            Pause.objects.filter(until__lt=now - KEPT_FOR).delete()


def note_kept(until: datetime | None, now: datetime, *, alone: bool = False) -> None:
    """The same of looks alone, while what is left of the day is kept for sends: no request waits for that."""
    last = kept(dict(Heartbeat.objects.filter(name__in=KEPT).values_list("name", "at")))
    standing = last if last and now < last.until else None
    if _changes(standing, until, now, KEPT, alone):
        _show(Pause(since=standing.since if standing else now, until=until or now), KEPT, alone)


def of_others() -> Stops:
    """Until when what others noted stands, for one who is alone."""
    rows = Heartbeat.objects.filter(name__in=(PAUSED[1], KEPT[1])).exclude(**_this_process())
    seen = dict(rows.values_list("name", "at"))
    return Stops(paused_until=seen.get(PAUSED[1]), kept_until=seen.get(KEPT[1]))


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


def _changes(
    standing: Pause | None, until: datetime | None, now: datetime, names: tuple[str, str], alone: bool
) -> bool:
    if standing is None:
        return until is not None
    return (until or now) > standing.until or not _is_of_others(names, alone)


def _is_of_others(names: tuple[str, str], alone: bool) -> bool:
    """Whoever reaches Redis again knows more than this host did alone."""
    me = _this_process()
    mine = Q(**me) if alone else Q(host__in=(ALL["host"], me["host"]))
    return Heartbeat.objects.filter(name=names[1]).exclude(mine).exists()


def _show(pause: Pause, names: tuple[str, str], alone: bool) -> None:
    said_by = _this_process() if alone else ALL
    for name, at in zip(names, (pause.since, pause.until), strict=True):
        Heartbeat.objects.update_or_create(name=name, defaults={"at": at, **said_by})


def _this_process() -> Mapping[str, Any]:
    return {"host": socket.gethostname()[:100], "pid": os.getpid()}
