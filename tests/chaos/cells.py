"""Every crash point in turn: a process forked for one request dies at one instant of its way, and the rest live on.

The instants are not listed by hand: a first pass of each way records them, and then each is died at once.
"""

import gc
import os
import signal
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from django.conf import settings
from django.db import connections
from django.utils import timezone

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.models import Merchant, SyncRequest, User
from syncs.operations import asking, freezing, reconciling, sending
from syncs.operations.refresh import refresh
from syncs.rules.salesdays import today
from tests.chaos import points
from tests.chaos.faults import POSTS, Answer
from tests.chaos.ground import Ground
from tests.chaos.pressing import Journal
from tests.chaos.times import Times

AT_ONCE = 6
# Of one exchange: how many reads an answer takes is up to the network.
READS = 2
NOT_REACHED = 7
KINDS = ("latest", "historic")
# Scenes that begin with a request whose answer was lost.
UNCERTAIN = {"look", "last look"}
LOST = Answer("drop_after")
# Answers that may come before the last byte.
MIDWAY = {"reset_midway", "early"}
# What the clock does next, at so many minutes.
LATER = (6, 1, 2, 5, 10, 15, 20, 35, 70)


@dataclass(frozen=True)
class Cell:
    """`scene` is what the process does; `instant` where it dies, "" for one that lives."""

    scene: str
    kind: str
    answer: Answer
    instant: str = ""

    def __str__(self) -> str:
        return f"{self.scene}, {self.kind}, {self.answer}, {self.instant or 'lives'}"


@dataclass
class Cells:
    ground: Ground
    dice: Random
    journal: Journal = field(default_factory=Journal)
    died: Counter[str] = field(default_factory=Counter)
    not_reached: list[str] = field(default_factory=list)
    broke: list[str] = field(default_factory=list)
    """Processes that ended by an error of their own."""
    found: list[Cell] = field(default_factory=list)
    brief: bool = False
    _scene: str = ""

    def __post_init__(self) -> None:
        ids = Merchant.objects.filter(archived_at=None).order_by("pk").values_list("pk", "company_id")
        self._free = iter(list(ids))
        self._by = User.objects.get(username="support")
        self._running: dict[int, Callable[[int], None]] = {}
        self.times = Times(self.ground)
        # Each request is a world of its own here: what others left unanswered must not hold it back.
        freezing.stop_after_silence = lambda attempt, now: None

    def all(self, ways: Iterable[Cell]) -> None:
        """Every way to its end, and then every instant of it died at."""
        for way in ways:
            self._start(way, self._recorder(way))
        self._wait_for_all()
        for cell in self.found:
            self._start(cell, self._burier(cell))
        self._wait_for_all()

    def warm_up(self) -> None:
        """One request lived through in this process: what is loaded and remembered by it, no fork does again."""
        pk, company_id = next(self._free)
        press = self.journal.begin(str(uuid.uuid4()), str(company_id), "latest")
        cell = Cell("refresh", "latest", Answer())
        _refresh(self, cell, Merchant.objects.get(pk=pk), press.token, _Instants(""))
        press.answer = "saved"
        gc.collect()
        gc.freeze()

    # One process

    def _start(self, cell: Cell, after: Callable[[int, str], None]) -> None:
        # A sweep finds every lost sender: those of others must not be about.
        while len(self._running) >= (1 if "sweep" in {cell.scene, self._scene} else AT_ONCE):
            self._reap()
        self._scene = cell.scene
        pk, company_id = next(self._free)
        press = self.journal.begin(str(uuid.uuid4()), str(company_id), cell.kind)
        number = self._set(cell, str(company_id))
        connections.close_all()
        ours, theirs = os.pipe()
        if (pid := os.fork()) == 0:
            os.close(ours)
            self._live(cell, pk, press.token, theirs)
        os.close(theirs)

        def buried(status: int) -> None:
            with os.fdopen(ours) as pipe:
                said = pipe.read()
            # In the other scenes, whoever dies has saved it long before.
            is_saved = said.startswith("saved") or (cell.scene != "press" and not said)
            press.answer = "saved" if is_saved else ""
            if number:
                self.ground.sandbox.session.delete(f"{self.ground.sandbox.url}/_sandbox/faults/{number}")
            after(status, said)

        self._running[pid] = buried

    def _set(self, cell: Cell, company_id: str) -> int:
        answer = LOST if cell.scene in UNCERTAIN else cell.answer
        if not answer.fault:
            return 0
        where = {"method": "POST", "path_regex": POSTS, "company_id": company_id}
        return self.ground.sandbox.fault(answer.fault, dict(answer.args), **where)

    def _live(self, cell: Cell, merchant_pk: int, token: str, pipe: int) -> None:
        """In the forked process, which never comes back from here."""
        code = 1
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # Whoever hangs is ended by the kernel, and counts as one that did not reach its instant.
        signal.alarm(20)
        try:
            merchant = Merchant.objects.get(pk=merchant_pk)
            passed = SCENES[cell.scene](self, cell, merchant, token, _Instants(cell.instant))
            os.write(pipe, "\n".join(["saved", *passed]).encode())
            code = NOT_REACHED if cell.instant else 0
        except BaseException as error:
            os.write(pipe, f"broke\n{type(error).__name__}: {error}".encode())
        finally:
            os._exit(code)

    def _reap(self) -> None:
        pid, status = os.wait()
        self._running.pop(pid)(status)

    def _wait_for_all(self) -> None:
        while self._running:
            self._reap()

    def _recorder(self, way: Cell) -> Callable[[int, str], None]:
        def record(status: int, said: str) -> None:
            if status:
                self.broke.append(f"{way}: {said}")
                return
            for instant in self._worth_dying_at(way, said.split("\n")[1:]):
                self.found.append(Cell(way.scene, way.kind, way.answer, instant))

        return record

    def _worth_dying_at(self, way: Cell, instants: list[str]) -> list[str]:
        """Briefly: before the last byte is written, Codat cannot have answered, and one way to answer is enough."""
        if not self.brief or not way.answer.fault or way.answer.fault in MIDWAY:
            return instants
        last = max(number for number, instant in enumerate(instants) if instant.startswith("write.after"))
        return instants[last:]

    def _burier(self, cell: Cell) -> Callable[[int, str], None]:
        def bury(status: int, said: str) -> None:
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                self.died[cell.instant.partition("#")[0]] += 1
            else:
                (
                    self.not_reached
                    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == NOT_REACHED
                    else self.broke
                ).append(f"{cell}: {said if said.startswith('broke') else 'lived'}")

        return bury

    # Afterwards

    def live_on(self) -> None:
        """What the clock and the workers do with all of it, minute by minute, until nothing is left to do."""
        for minutes in LATER:
            self.times.on(minutes * 60)
            self._each_alone(self._minutes)
        self.times.on(25 * 3600)
        self._each_alone(lambda share, of: _overdue() if share == 0 else None)

    def _minutes(self, share: int, of: int) -> None:
        now = timezone.now()
        if share == 0:
            _as_a_task(reconciling.give_up_on_lost_senders, now)
        with self.client(read_timeout=1.0) as client:
            for pk in reconciling.ready_to_send(now, limit=10_000):
                if pk % of == share:
                    _as_a_task(sending.send, pk, client)
            for pk in reconciling.due_for_a_look(now, limit=10_000):
                if pk % of == share:
                    _as_a_task(reconciling.look, pk, client)
            running = SyncRequest.objects.filter(state__in=["accepted", "queued"])
            for pk in running.values_list("merchant_id", flat=True):
                if pk % of == share:
                    _as_a_task(refresh, pk, client)

    def _each_alone(self, work: Callable[[int, int], None]) -> None:
        connections.close_all()
        for share in range(2):
            if (pid := os.fork()) == 0:
                code = 1
                try:
                    work(share, 2)
                    code = 0
                finally:
                    os._exit(code)
            self._running[pid] = _must_be_well
        self._wait_for_all()

    def client(self, **patience: float) -> CodatClient:
        times = {"connect_timeout": 1.0, "read_timeout": 0.3, "deadline": 0.6} | patience
        budget = LocalBudget(per_minute=600_000)
        return CodatClient(
            base_url=settings.CODAT_API_URL, api_key=settings.CODAT_API_KEY, budget=budget, **times
        )

    def ask(self, cell: Cell, merchant: Merchant, token: str) -> SyncRequest:
        day = today(merchant.zone, timezone.now()) - timedelta(days=3)
        days = (
            {"first_day": day, "last_day": day}
            if cell.kind == "historic"
            else {"first_day": None, "last_day": None}
        )
        wish = asking.Ask(kind=cell.kind, reason=str(cell), form_token=uuid.UUID(token), **days)
        return asking.ask(merchant, wish, by=self._by, now=timezone.now()).request


class _Instants:
    """Counts what a process passes while armed, and kills it at the chosen one."""

    def __init__(self, deadly: str) -> None:
        self._deadly, self._seen, self.passed = deadly, Counter[str](), []
        self._reads = 0

    def __enter__(self) -> "list[str]":
        points.instants.append(self._pass)
        return self.passed

    def __exit__(self, *_: object) -> None:
        points.instants.remove(self._pass)

    def _pass(self, name: str) -> None:
        if name == "connect.before":
            self._reads = 0
        self._reads += name == "read.before"
        if name.startswith("read") and self._reads > READS:
            return
        self._seen[name] += 1
        label = f"{name}#{self._seen[name]}"
        self.passed.append(label)
        if label == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def ways(answers: list[Answer]) -> Iterator[Cell]:
    true = answers[0]
    for kind in KINDS:
        for scene in SCENES:
            for answer in answers if scene == "send" else [true]:
                yield Cell(scene, kind, answer)


def _press(cells: Cells, cell: Cell, merchant: Merchant, token: str, instants: _Instants) -> list[str]:
    with instants as passed:
        cells.ask(cell, merchant, token)
    return passed


def _send(cells: Cells, cell: Cell, merchant: Merchant, token: str, instants: _Instants) -> list[str]:
    """Before the claim, nothing depends on how the POST will be answered: only one way is died there."""
    request = cells.ask(cell, merchant, token)
    with cells.client() as client:
        if cell.answer.fault:
            points.around(
                sending, "_claim", lambda real: lambda *args: (instants.__enter__() and None) or real(*args)
            )
        else:
            instants.__enter__()
        sending.send(request.pk, client)
    return instants.passed


def _sweep(cells: Cells, cell: Cell, merchant: Merchant, token: str, instants: _Instants) -> list[str]:
    """A sender died, and so does the clock that finds it."""
    request = cells.ask(cell, merchant, token)
    sending._post = lambda claim, client: None
    with cells.client() as client:
        sending.send(request.pk, client)
    long_ago = timezone.now() - reconciling.SENDING_AT_MOST - timedelta(seconds=1)
    SyncRequest.objects.filter(pk=request.pk).update(state_since=long_ago)
    with instants as passed:
        reconciling.give_up_on_lost_senders(timezone.now())
    return passed


def _look(cells: Cells, cell: Cell, merchant: Merchant, token: str, instants: _Instants) -> list[str]:
    request = _uncertain(cells, cell, merchant, token)
    with cells.client() as client, instants as passed:
        reconciling.look(request.pk, client)
    return passed


def _last_look(cells: Cells, cell: Cell, merchant: Merchant, token: str, instants: _Instants) -> list[str]:
    request = _uncertain(cells, cell, merchant, token)
    SyncRequest.objects.filter(pk=request.pk).update(looks=len(reconciling.LOOKS) - 1)
    with cells.client() as client, instants as passed:
        reconciling.look(request.pk, client)
    return passed


def _refresh(cells: Cells, cell: Cell, merchant: Merchant, token: str, instants: _Instants) -> list[str]:
    request = cells.ask(cell, merchant, token)
    with cells.client() as client:
        sending.send(request.pk, client)
        time.sleep(0.4)
        with instants as passed:
            refresh(merchant.pk, client)
    return passed


def _uncertain(cells: Cells, cell: Cell, merchant: Merchant, token: str) -> SyncRequest:
    """Its POST was worked on, and its answer never came."""
    request = cells.ask(cell, merchant, token)
    with cells.client() as client:
        sending.send(request.pk, client)
    SyncRequest.objects.filter(pk=request.pk).update(not_before=timezone.now())
    return request


def _as_a_task(work: Callable[..., object], *args: object) -> None:
    """What breaks, breaks alone; what it left undone is for the judge to see."""
    try:
        work(*args)
    except Exception as error:
        print(f"{work.__name__} broke: {type(error).__name__}: {error}", file=sys.stderr)


def _overdue() -> None:
    reconciling.put_overdue_before_a_person(timezone.now())


def _must_be_well(status: int) -> None:
    assert status == 0, "who lives on after the crashes broke"


SCENES = {
    "press": _press,
    "send": _send,
    "sweep": _sweep,
    "look": _look,
    "last look": _last_look,
    "refresh": _refresh,
}
