"""`var/run.json`: what runs, written so that the next start can end what this one had to leave behind."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from syncs.processes.errors import CannotRun
from syncs.processes.identity import kernel_start


@dataclass(frozen=True)
class Running:
    """One process, by pid and by the moment the kernel started it."""

    name: str
    pid: int
    started_at: str
    kernel_start: str | None
    port: int | None = None

    @classmethod
    def now(cls, name: str, pid: int, port: int | None = None) -> Self:
        return cls(name, pid, datetime.now(UTC).isoformat(timespec="milliseconds"), kernel_start(pid), port)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Raises ValueError for what an earlier version or a strange hand has written."""
        try:
            return cls(**{field.name: value[field.name] for field in fields(cls)})
        except (KeyError, TypeError):
            raise ValueError("not a process of a run file") from None

    def alive(self) -> bool:
        return self.kernel_start is not None and kernel_start(self.pid) == self.kernel_start


class RunFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, parent: Running, children: Sequence[Running]) -> None:
        content = {"parent": asdict(parent), "children": [asdict(child) for child in children]}
        half_written = self.path.with_suffix(".new")
        half_written.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        half_written.replace(self.path)

    def children(self) -> list[Running]:
        return self._read()[1]

    def parent(self) -> Running | None:
        return self._read()[0]

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def _read(self) -> tuple[Running | None, list[Running]]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            return Running.from_json(content["parent"]), [*map(Running.from_json, content["children"])]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None, []


@contextmanager
def only_one(folder: Path) -> Iterator[RunFile]:
    """Holds the folder for this process; the kernel lets go of it however the process ends.

    Raises CannotRun while another process holds it.
    """
    run_file = RunFile(folder / "run.json")
    with (folder / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            parent = run_file.parent()
            who = f" (process {parent.pid}, port {parent.port})" if parent else ""
            raise CannotRun(f"Sync Desk already runs in {folder}{who}.") from None
        yield run_file


def end_leftovers(children: Sequence[Running], patience: float = 6.0) -> list[Running]:
    """Ends, with all they started, those of the named processes that still live; says which they were."""
    left = [child for child in children if child.alive()]
    for child in left:
        signal_group(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while any(child.alive() for child in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    for child in left:
        signal_group(child.pid, signal.SIGKILL)
    return left


def signal_group(pid: int, signum: int) -> None:
    """To the process and all of its own: each child leads a group that bears its pid."""
    # macOS answers "not permitted" for a group of which only zombies are left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signum)
