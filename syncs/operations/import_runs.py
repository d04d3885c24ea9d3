"""The row of an import: who may begin one, how it goes, and what becomes of one that was killed."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.utils import timezone

from syncs.codat.errors import CodatError
from syncs.codat.shortening import shortened
from syncs.models import ImportRun, User
from syncs.operations import heartbeats, log

logger = logging.getLogger(__name__)

# A run that lives is heard of every ten seconds, on whichever host: one that was silent for so long is dead.
SILENT = heartbeats.SILENT
# A worker that has a hand free takes a run well within this.
TAKEN_WITHIN = timedelta(seconds=5)
UNTAKEN = timedelta(minutes=1)


class Overtaken(Exception):
    """This run was taken for dead and closed by another."""


def ask_for_import(*, by: User, may_archive: int = 0) -> ImportRun:
    """A row for a worker to carry out; the one that is open already, if there is one."""
    now = timezone.now()
    _close_silent(now)
    if run := ImportRun.objects.filter(state__in=ImportRun.OPEN).order_by("pk").last():
        return run
    return ImportRun.objects.create(by=by, started_at=now, heard_at=now, may_archive=may_archive)


def waiting(now: datetime) -> list[int]:
    """Runs that nobody has taken yet: their message may be lost."""
    left = ImportRun.objects.filter(state=ImportRun.State.WAITING, started_at__lt=now - TAKEN_WITHIN)
    return list(left.order_by("pk").values_list("pk", flat=True))


def is_silent(run: ImportRun, now: datetime) -> bool:
    """Its worker has died, or none has come for it."""
    if run.state == ImportRun.State.WAITING:
        return now - run.started_at > UNTAKEN
    return run.state == ImportRun.State.RUNNING and now - run.heard_at > SILENT


def claim(run_id: int, now: datetime) -> ImportRun | None:
    """None unless it still waits and no other is under way: a unique index has the last word on that."""
    _close_silent(now)
    waiting = ImportRun.objects.filter(pk=run_id, state=ImportRun.State.WAITING)
    try:
        with transaction.atomic():
            claimed = waiting.update(state=ImportRun.State.RUNNING, started_at=now, heard_at=now)
    except IntegrityError:
        waiting.update(state=ImportRun.State.FAILED, problem=_under_way(now), finished_at=now)
        return None
    return ImportRun.objects.get(pk=run_id) if claimed else None


def wait_for_the_place(pause: float = 1.0) -> None:
    """Until no import is under way: the other one's end, or the minute after which it counts as dead."""
    while ImportRun.objects.filter(
        state=ImportRun.State.RUNNING, heard_at__gte=timezone.now() - SILENT
    ).exists():
        time.sleep(pause)


def _under_way(now: datetime) -> str:
    other = ImportRun.objects.filter(state=ImportRun.State.RUNNING).first()
    if other is None:
        return "Another import has just ended. Import again."
    ago = (now - other.heard_at).total_seconds()
    return (
        f"Another import is under way, last heard of {max(ago, 0):.0f} s ago. Wait for its end."
        " If it was killed, import again in a minute."
    )


def _close_silent(now: datetime) -> None:
    silent = ImportRun.objects.filter(state=ImportRun.State.RUNNING, heard_at__lt=now - SILENT)
    silent.update(state=ImportRun.State.FAILED, problem="It was interrupted. Import again.", finished_at=now)


@contextmanager
def told(run: ImportRun) -> Iterator[None]:
    """While the work goes on, the row says that it lives; however it ends, the row says so."""
    beating = heartbeats.Beating(f"import {run.pk}", partial(_beat, run.pk))
    beating.start()
    try:
        yield
    except CodatError as error:
        end(run, ImportRun.State.FAILED, error.message)
    except Overtaken:
        logger.warning("import %s was taken for dead and stops", run.pk)
    except BaseException:
        end(run, ImportRun.State.FAILED, "It was interrupted. Import again.")
        raise
    finally:
        beating.stop()


def _beat(run_id: int) -> None:
    """One page may take minutes: Codat is slow, or the call budget is spent."""
    running = ImportRun.objects.filter(pk=run_id, state=ImportRun.State.RUNNING)
    running.update(heard_at=timezone.now())


def saved(run: ImportRun) -> bool:
    """False when another has closed it."""
    counts = ("total", "seen", "pages", "added", "restored", "archived", "skipped", "missing", "notes")
    values = {name: getattr(run, name) for name in (*counts, "problem", "heard_at")}
    return ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.RUNNING).update(**values) == 1


def end(run: ImportRun, state: ImportRun.State, problem: str = "") -> None:
    run.problem, run.heard_at = shortened(problem or run.problem, 300), timezone.now()
    with transaction.atomic():
        if not saved(run):
            return
        ImportRun.objects.filter(pk=run.pk).update(state=state, finished_at=run.heard_at)
        verb = "Imported companies from Codat" if state == ImportRun.State.DONE else "Import stopped"
        log.record("merchants.imported", f"{verb}: {run.summary}", actor=run.by, reason=run.problem)
