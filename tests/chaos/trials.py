"""The harness on trial: each seeded bug in a database and before a Codat of its own, and the same way without the bug.

Where the database has a net against a bug, it is tried twice: the net refuses, and without it the judge sees.
"""

import multiprocessing
import os
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from sandbox.testing import running
from syncs import triggers
from syncs.models import Merchant
from syncs.operations import reconciling, sending
from tests.chaos import bugs, scenes
from tests.chaos.afterwards import live_on
from tests.chaos.bugs import BUGS, Bug
from tests.chaos.cells import Cells
from tests.chaos.clock import Ahead
from tests.chaos.faults import READS
from tests.chaos.ground import KEY, SWITCHES, Ground
from tests.chaos.instants import Instants
from tests.chaos.judge import judge
from tests.chaos.scenes import Cell, ask, send
from tests.chaos.times import Times
from tests.chaos.worlds import at_once

MERCHANTS, SEED = 120, 1
# The database's own, and what the desk makes of it for a person.
REFUSALS = ("IntegrityError", "NotPossible")


@dataclass(frozen=True)
class Outcome:
    findings: list[str]
    broke: list[str]

    @property
    def refused(self) -> bool:
        """By the database itself."""
        return any(name in line for line in self.broke for name in REFUSALS)


def try_all(world: Ground, names: list[str], say: Callable[[str], None]) -> list[str]:
    """What was missed, in sentences."""
    missed = []
    for number, name in enumerate(names):
        bug = BUGS[name]
        seen = _tried(world, bug, f"seen_{number}", bug=True, nets=not bug.nets)
        say(f"{name}: {seen.findings[:2] or seen.broke[:2]}")
        if not seen.findings:
            missed.append(f"{name}: the judge saw nothing. {seen.broke}")
        if bug.nets:
            held = _tried(world, bug, f"held_{number}", bug=True, nets=True)
            say(f"{name}, with {', '.join(bug.nets)}: {'refused' if held.refused else held}")
            if not held.refused or held.findings:
                missed.append(f"{name}: its net did not hold: {held}")
        well = _tried(world, bug, f"well_{number}", bug=False, nets=True)
        # Of two at once, one is refused also when all is well.
        if well.findings or (well.broke and not well.refused):
            missed.append(f"{name}: without the bug something was found: {well}")
    return missed


def _tried(world: Ground, seeded: Bug, database: str, **how: bool) -> Outcome:
    """In a process of its own, so that the bug dies with it."""
    connections.close_all()
    parts = urlsplit(world.database)
    with psycopg.connect(urlunsplit(parts._replace(path="/template1")), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {database} TEMPLATE {parts.path[1:]}")
    [outcome] = at_once(
        lambda _: _trial(world, seeded, urlunsplit(parts._replace(path=f"/{database}")), **how), 1
    )
    return outcome


def _trial(world: Ground, seeded: Bug, database: str, *, bug: bool, nets: bool) -> Outcome:
    connection.settings_dict["NAME"] = database.rpartition("/")[2]
    Ahead(world.chaos).set(0)
    how: dict[str, Any] = {"merchants": MERCHANTS, "seed": SEED, "speed": 1000, "history_days": 0, "key": KEY}
    with running(
        **how, switches={**SWITCHES, "idempotency": "off", "overlap": "allowed"}, direct=True
    ) as codat:
        settings.CODAT_API_URL = codat.url
        if not nets:
            _cut(seeded.nets)
        if bug:
            seeded.install()
        if seeded.list_is_old:
            codat.fault("lag", {"seconds": 86_400}, method="GET", path_regex=READS)
        here = replace(world, database=database, sandbox=codat)
        cells = Cells(here)
        scenes.SCENES.update(SCENES)
        cells.live([Cell(seeded.scene, "historic", seeded.answer)])
        if seeded.needs_a_death:
            cells.die()
        codat.clear_faults()
        live_on(Times(here))
        verdict = judge(here, cells.journal.presses)
    return Outcome(verdict.findings[:20], cells.broke[:20])


def _cut(nets: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for net in nets:
            if net == "triggers":
                triggers.remove()
            elif net == "attempt_number_once":
                cursor.execute(f"ALTER TABLE syncs_attempt DROP CONSTRAINT {net}")
            else:
                cursor.execute(f"DROP INDEX {net}")


# Scenes in which two do at once what one may do


def _two_senders(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    request = ask(cell, merchant, token)
    _both(lambda: send(request.pk))
    return []


def _two_presses(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    another = str(uuid.uuid5(uuid.UUID(token), "another form"))
    _both(lambda: ask(cell, merchant, token), lambda: ask(cell, merchant, another))
    return []


def _delivered_twice(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    """The message comes again while its first worker still waits for Codat."""
    request = ask(cell, merchant, token)
    real = sending.post

    def post(*args: Any, **kwargs: Any) -> Any:
        answer = real(*args, **kwargs)
        sending.post = real
        send(request.pk)
        return answer

    sending.post = post
    send(request.pk)
    return []


def _swept(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    """A sender that slept is given up while it holds its answer."""
    request = ask(cell, merchant, token)
    real = sending.post

    def post(*args: Any, **kwargs: Any) -> Any:
        try:
            return real(*args, **kwargs)
        finally:
            reconciling.give_up_on_lost_senders(timezone.now() + timedelta(minutes=6))

    sending.post = post
    send(request.pk)
    return []


def _sent_twice(cell: Cell, merchant: Merchant, token: str, instants: Instants) -> list[str]:
    request = ask(cell, merchant, token)
    send(request.pk)
    send(request.pk)
    return []


def _both(one: Callable[[], object], other: Callable[[], object] | None = None) -> None:
    """At the same time, in two processes. What the second breaks on, it tells by its exit code."""
    meeting = multiprocessing.get_context("fork").Barrier(2)

    def meet() -> None:
        # Whoever was refused does not come.
        with suppress(threading.BrokenBarrierError):
            meeting.wait(10)

    bugs.meanwhile[:] = [meet]
    connections.close_all()
    if (pid := os.fork()) == 0:
        code = 1
        try:
            (other or one)()
            code = 0
        except Exception as error:
            code = 3 if type(error).__name__ in REFUSALS else 2
        finally:
            meeting.abort()
            os._exit(code)
    try:
        one()
    finally:
        meeting.abort()
        _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) == 3:
        raise RuntimeError("NotPossible or IntegrityError in the other")
    if status:
        raise RuntimeError(f"The other broke: {os.waitstatus_to_exitcode(status)}")


SCENES = {
    "two senders": _two_senders,
    "two presses": _two_presses,
    "delivered twice": _delivered_twice,
    "swept while sending": _swept,
    "sent twice": _sent_twice,
}
