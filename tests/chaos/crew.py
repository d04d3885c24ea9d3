"""The product's programs: started with the house's own command lines, killed by pid, started again."""

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from syncs.processes import house, ports
from syncs.processes.program import Program
from syncs.processes.ready import accepts
from tests.chaos.ground import ROOT, Ground
from tests.chaos.zygote import Zygote

SENDERS, REFRESHERS, CLOCKS = 3, 1, 2
# Each thread of a worker that is started anew opens a connection to the database anew.
house.THREADS = 6


@dataclass
class Member:
    """One program and the process that runs it now. The descriptor names that process and no later one."""

    name: str
    kind: str
    program: Program
    pid: int = 0
    handle: int = -1

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)


class Crew:
    def __init__(self, ground: Ground, zygote: Zygote) -> None:
        self._ground, self._zygote = ground, zygote
        self.port = ports.free(1)[0]
        self._lock = threading.Lock()
        programs = house.House(ROOT, ground.var, "127.0.0.1", self.port, ground.env())
        self.members = [
            Member("web", "web", programs.web()),
            *(Member(f"sender {n}", "sender", programs.worker("sending")) for n in range(SENDERS)),
            *(
                Member(f"refresher {n}", "refresher", programs.worker("refreshing"))
                for n in range(REFRESHERS)
            ),
            *(Member(f"clock {n}", "clock", programs.clock()) for n in range(CLOCKS)),
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, kind: str) -> list[Member]:
        return [member for member in self.members if member.kind == kind]

    def start_all(self) -> None:
        for member in self.members:
            self.start(member)
        deadline = time.monotonic() + 30
        while not accepts(self.port):
            assert time.monotonic() < deadline, (self._ground.folder / "web.log").read_text()
            time.sleep(0.02)

    def start(self, member: Member) -> None:
        log = self._ground.folder / f"{member.name.replace(' ', '-')}.log"
        member.pid = self._zygote.start(member.program, log)
        member.handle = os.pidfd_open(member.pid)

    def restart_dead(self) -> None:
        for member in self.members:
            if not alive(member.pid):
                os.close(member.handle)
                self.start(member)

    def web_workers(self) -> list[int]:
        """The two processes that serve; their master forks another when one dies."""
        return children(self.of("web")[0].pid)

    def end(self) -> None:
        doomed = [*self.web_workers(), *(member.pid for member in self.members)]
        for member in self.members:
            member.kill()
        for pid in doomed:
            wait_for_death(pid)


def children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and _state(pid) not in {"Z", "X"}


def _state(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return "X"


def wait_for_death(pid: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.002)
