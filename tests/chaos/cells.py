"""Every crash point in turn: a process forked for one request dies at one instant of its way, and the rest live on.

The instants are not listed by hand: a first pass of each way records them, and then each is died at once.
"""

import gc
import os
import signal
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from django.db import connections

from syncs.models import Merchant
from syncs.operations import freezing
from tests.chaos.faults import POSTS, Answer
from tests.chaos.ground import Ground
from tests.chaos.instants import Instants
from tests.chaos.pressing import Journal
from tests.chaos.scenes import SCENES, UNCERTAIN, Cell

AT_ONCE = 6
NOT_REACHED = 7
LOST = Answer("drop_after")
# Answers that may come before the last byte.
MIDWAY = {"reset_midway", "early"}


@dataclass
class Cells:
    ground: Ground
    journal: Journal = field(default_factory=Journal)
    died: Counter[str] = field(default_factory=Counter)
    not_reached: list[Cell] = field(default_factory=list)
    broke: list[str] = field(default_factory=list)
    """Processes that ended by an error of their own."""
    found: list[Cell] = field(default_factory=list)
    brief: bool = False
    _scene: str = ""

    def __post_init__(self) -> None:
        ids = Merchant.objects.filter(archived_at=None).order_by("pk").values_list("pk", "company_id")
        self._free = iter(list(ids))
        self._running: dict[int, Callable[[int], None]] = {}
        # Each request is a world of its own here: what others left unanswered must not hold it back.
        freezing.stop_after_silence = lambda attempt, now: None

    def live(self, ways: Iterable[Cell]) -> None:
        """Every way to its end. What it passes is noted."""
        for way in ways:
            self._start(way, self._recorder(way))
        self._wait_for_all()

    def die(self) -> None:
        """And then at every instant of it. On a busy machine an answer may be missed: those are tried once more."""
        self._die_at(self.found)
        missed, self.not_reached = self.not_reached, []
        self._die_at(missed)

    def _die_at(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            self._start(cell, self._burier(cell))
        self._wait_for_all()

    def warm_up(self) -> None:
        """One request lived through in this process: what is loaded and remembered by it, no fork does again."""
        pk, company_id = next(self._free)
        press = self.journal.begin(str(uuid.uuid4()), str(company_id), "latest")
        cell = Cell("refresh", "latest", Answer())
        SCENES[cell.scene](cell, Merchant.objects.get(pk=pk), press.token, Instants())
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
            passed = SCENES[cell.scene](cell, merchant, token, Instants(cell.instant))
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
                self.found.append(replace(way, instant=instant))

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
            elif os.waitstatus_to_exitcode(status) == NOT_REACHED:
                self.not_reached.append(cell)
            else:
                self.broke.append(f"{cell}: {said or 'hung'}")

        return bury
