"""A host's line to the others, which can be cut: a network namespace of its own where that is allowed.

Where it is not, its programs are stopped in its place: nothing comes from them any more, nor gets through to them.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tests.chaos.crew import children

# Whoever is root may; others are root in a world of their own.
ENTER = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--net")
TRIES = "ip link set lo up && ip link add there type veth peer name here && unshare --net --uts true"


class Line(Protocol):
    here: str
    """The address at which the host finds database, queue and Codat."""
    there: str
    """The address at which its panel is found."""

    def command(self, argv: Sequence[str]) -> list[str]:
        """The words that start a program on that host."""

    def cut(self, pids: Sequence[int]) -> None: ...

    def mend(self, pids: Sequence[int]) -> None: ...

    def end(self) -> None: ...


def namespaces_are_allowed() -> bool:
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    done = subprocess.run([*ENTER, "sh", "-c", TRIES], capture_output=True, timeout=20, check=False)
    return done.returncode == 0


class Cable:
    """To a network namespace, by a pair of virtual devices. This process has one of its own, so that it may."""

    def __init__(self, name: str, number: int) -> None:
        self.here, self.there = f"10.99.{number}.1", f"10.99.{number}.2"
        self._device = f"to-{name}"
        self._anchor = subprocess.Popen(["unshare", "--net", "--uts", "sleep", "600"])
        _wait_for_a_namespace_of(self._anchor.pid)
        _run(
            "ip", "link", "add", self._device, "type", "veth", "peer", "eth0", "netns", str(self._anchor.pid)
        )
        _run("ip", "address", "add", f"{self.here}/24", "dev", self._device)
        _run("ip", "link", "set", self._device, "up")
        _run(*self.command(["ip", "address", "add", f"{self.there}/24", "dev", "eth0"]))
        for device in ("eth0", "lo"):
            _run(*self.command(["ip", "link", "set", device, "up"]))
        _run(*self.command(["hostname", name]))

    def command(self, argv: Sequence[str]) -> list[str]:
        return ["nsenter", "--target", str(self._anchor.pid), "--net", "--uts", "--", *argv]

    def cut(self, pids: Sequence[int]) -> None:
        _run("ip", "link", "set", self._device, "down")

    def mend(self, pids: Sequence[int]) -> None:
        _run("ip", "link", "set", self._device, "up")

    def end(self) -> None:
        self._anchor.kill()
        self._anchor.wait()


class Stopped:
    here = there = "127.0.0.1"

    def command(self, argv: Sequence[str]) -> list[str]:
        return list(argv)

    def cut(self, pids: Sequence[int]) -> None:
        self._tell(pids, signal.SIGSTOP)

    def mend(self, pids: Sequence[int]) -> None:
        self._tell(pids, signal.SIGCONT)

    def end(self) -> None:
        pass

    @staticmethod
    def _tell(pids: Sequence[int], signum: int) -> None:
        for program in pids:
            for pid in (program, *children(program)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signum)


def _wait_for_a_namespace_of(pid: int) -> None:
    ours, deadline = os.readlink("/proc/self/ns/uts"), time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(OSError):
            if (
                os.readlink(f"/proc/{pid}/ns/uts") != ours
                and Path(f"/proc/{pid}/comm").read_text() == "sleep\n"
            ):
                return
        time.sleep(0.01)
    raise RuntimeError("a network namespace was not made")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, timeout=10)
