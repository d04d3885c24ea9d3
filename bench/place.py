"""A desk that runs, as a measurement sees it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from sandbox.testing import Sandbox
from syncs.processes.errors import CannotRun
from syncs.processes.program import Program

ROOT = Path(__file__).resolve().parents[1]
INSIDE = "import django; django.setup(); from bench import inside; inside.main()"
READY_WITHIN = 60.0
ENDS_WITHIN = 8.0


@dataclass
class Place:
    """Where a desk runs: its programs, what they stand on, and what can be asked of them."""

    folder: Path
    url: str
    database: str
    sandbox: Sandbox
    env: Mapping[str, str] = field(repr=False)
    programs: Mapping[str, Program] = field(repr=False)
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """Of the database itself; a statement that answers nothing is done."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(question, values)
            return cursor.fetchall() if cursor.description else []

    def inside(self, step: str, count: int) -> None:
        """One of the steps of bench/inside.py, with the product's own code and settings."""
        self.run(Program(step, [sys.executable, "-c", INSIDE, step, str(count)], self.env, ROOT))

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def calls(self) -> int:
        """How many the sandbox has been asked so far, this one left out."""
        headers = self.sandbox.get("/companies?page=1&pageSize=1").headers
        return int(headers["X-Rate-Limit-Limit"]) - int(headers["X-Rate-Limit-Remaining"]) - 1

    def be_quiet(self) -> None:
        """Nobody is due for a look in the next hours."""
        self.ask("UPDATE syncs_merchant SET next_refresh_at = now() + interval '1 day'")

    def web_workers(self) -> list[int]:
        master = self.processes["web"].pid
        return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]

    def start(self, name: str) -> None:
        self.processes[name] = self._started(self.programs[name])

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDS_WITHIN)
        kill(process)

    def cpu(self, name: str) -> float:
        """Seconds of CPU that it has used so far."""
        fields = Path(f"/proc/{self.processes[name].pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def run(self, program: Program) -> None:
        """To its end; its words are shown when it fails."""
        process = self._started(program)
        try:
            code = process.wait()
        finally:
            kill(process)
        if code:
            raise CannotRun(f"{program.name} failed:\n{self.log(program.name)[-2000:]}")

    def wait_for(self, what: str, is_true: Callable[[], bool], seconds: float = READY_WITHIN) -> None:
        deadline = time.monotonic() + seconds
        while not is_true():
            if died := [name for name, process in self.processes.items() if process.poll() is not None]:
                raise CannotRun(f"{died[0]} has ended:\n{self.log(died[0])[-2000:]}")
            if time.monotonic() > deadline:
                raise CannotRun(f"Waited {seconds:.0f} s in vain for: {what}.")
            time.sleep(0.05)

    def _started(self, program: Program) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{program.name}.log").open("ab") as log:
            return subprocess.Popen(
                program.argv,
                cwd=program.folder,
                env=program.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for the measurement, which then ends them in order.
                start_new_session=True,
            )

    def end(self) -> None:
        """Whatever is left, with all that it started. Valkey goes last: the others want to say goodbye to it."""
        others = [process for name, process in self.processes.items() if name != "valkey"]
        for process in others:
            process.terminate()
        deadline = time.monotonic() + ENDS_WITHIN
        while any(process.poll() is None for process in others) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in [*others, *self.processes.values()]:
            kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
