"""A whole installation in a folder of its own, started as a person starts it, for tests that kill its parts."""

import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg

from syncs.processes import ports
from syncs.processes.runfile import RunFile, Running, end_leftovers
from tests import migrated

ROOT = Path(__file__).resolve().parents[2]
# With the address, which the hint about a first import does not have.
READY = "Sync Desk is ready: http"
LEFT_OUT = ("CODAT_API_KEY", "DATABASE_URL", "REDIS_URL", "WEB_HOST", "SECRET_KEY")


class Desk:
    command: tuple[str, ...] = ("manage.py", "run")
    # Whether it may begin with tables that were made for another: where its first start is not the question.
    may_have_tables = False

    def __init__(self, folder: Path) -> None:
        self.var = folder / "var"
        self.port = ports.free(1)[0]
        self._run_file = RunFile(self.var / "run.json")
        self._screen = folder / "screen.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self._sqlite = self.var / "sandbox.sqlite3"
        self._postgres = ""

    def start(self, **given: str) -> None:
        self._sqlite = self.var / ("db.sqlite3" if given.get("CODAT_API_KEY") else "sandbox.sqlite3")
        self._postgres = given.get("DATABASE_URL", "")
        if self.may_have_tables and not self._postgres:
            migrated.copy_to(self._sqlite)
        ours = {"VAR_DIR": str(self.var), "PORT": str(self.port)}
        env = os.environ | dict.fromkeys(LEFT_OUT, "") | ours | given
        with self._screen.open("wb") as screen:
            command = [sys.executable, *self.command]
            self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=screen, stderr=screen)
        self.wait_until(lambda: READY in self.said() or not self.runs())
        assert self.runs(), self.said()

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def said(self) -> str:
        return self._screen.read_text(errors="replace")

    def children(self) -> dict[str, Running]:
        return {child.name: child for child in self._run_file.children()}

    def answers(self, path: str) -> bool:
        address = f"http://127.0.0.1:{self.port}{path}"
        with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def count(self, table: str) -> int:
        return int(self.ask(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608

    def beats(self, name: str) -> bool:
        """Whether the child that runs under this name now has told the database that it works."""
        pids = {pid for (pid,) in self.ask("SELECT pid FROM syncs_heartbeat")}
        return name in self.children() and self.children()[name].pid in pids

    def ask(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        """Of its database, past everything that it would do itself. A value stands where the question has a `?`."""
        if self._postgres:
            with psycopg.connect(self._postgres) as database:
                return database.execute(question.replace("?", "%s"), values).fetchall()
        with closing(sqlite3.connect(self._sqlite, timeout=20)) as database:
            return database.execute(question, values).fetchall()

    def refused_a_second_time(self) -> str:
        done = self.manage("run")
        assert done.returncode == 1
        return done.stderr

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of ours in the same house."""
        env = os.environ | {"VAR_DIR": str(self.var), "CODAT_API_KEY": ""}
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    def signal(self, signum: int) -> None:
        assert self._process is not None
        self._process.send_signal(signum)

    def wait_for_its_end(self, seconds: float) -> int:
        assert self._process is not None
        return self._process.wait(timeout=seconds)

    def wait_until(self, true: Callable[[], bool], seconds: float = 150) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, self.said()[-4000:]
            time.sleep(0.1)

    def end(self) -> None:
        """Whatever happened to it: nothing that it started is left."""
        if self._process and self.runs():
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=15)
            self._process.kill()
            self._process.wait()
        end_leftovers(self._run_file.children())
