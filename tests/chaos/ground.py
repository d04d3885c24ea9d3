"""What the product stands on, all started here and ended here: database, queue, and a sandbox as Codat."""

import io
import os
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from sandbox.testing import Sandbox, running
from syncs.processes import ports
from syncs.processes.valkey import Valkey
from tests.postgres import running_postgres

ROOT = Path(__file__).resolve().parents[2]
KEY = "chaos-key"
# Seconds for which the harness waits for a database that it killed itself.
RECOVERS_WITHIN = 20.0
# Codat's own limits would only make the run wait.
SWITCHES = {"per_minute": "off", "concurrency": "off", "quota": "counted"}


@dataclass
class Ground:
    folder: Path
    database: str
    sandbox: Sandbox
    valkey: Valkey
    honours_keys: bool = False
    """Codat does, and the desk was told so: what is uncertain is sent again under its own key."""
    _queue: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def chaos(self) -> Path:
        """Clock and boards."""
        return self.folder / "chaos"

    @property
    def var(self) -> Path:
        return self.folder / "var"

    def env(self, **more: str) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "CHAOS_DIR": str(self.chaos),
            "VAR_DIR": str(self.var),
            "DATABASE_URL": self.database,
            "REDIS_URL": self.valkey.url,
            "CODAT_API_URL": self.sandbox.url,
            "CODAT_API_KEY": KEY,
            "SANDBOX": "true",
            "SECRET_KEY": "only-for-chaos",
            "ALLOWED_HOSTS": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
            "CODAT_IDEMPOTENCY_VERIFIED": str(self.honours_keys).lower(),
            **more,
        }

    def start_queue(self) -> int:
        program = self.valkey.program(os.environ)
        with (self.folder / "valkey.log").open("ab") as log:
            self._queue = subprocess.Popen(program.argv, cwd=program.folder, stdout=log, stderr=log)
        return self._queue.pid

    def kill_queue(self) -> None:
        if self._queue:
            self._queue.kill()
            self._queue.wait()


@contextmanager
def ground(
    *, merchants: int, seed: int, sqlite: bool = False, honours_keys: bool = False
) -> Iterator[Ground]:
    """A fresh world in a folder of its own. Nothing of it is left."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        (folder / "chaos").mkdir()
        (folder / "var" / "static").mkdir(parents=True)
        # The panel asks for this file before it serves; plain static files need nothing in it.
        (folder / "var" / "static" / "staticfiles.json").write_text("{}")
        (folder / "valkey").mkdir()
        database = f"sqlite:///{folder}/desk.sqlite3" if sqlite else stack.enter_context(running_postgres())
        codat = running(
            merchants=merchants,
            seed=seed,
            speed=1000,
            history_days=0,
            key=KEY,
            data=folder / "codat",
            ledger=folder / "codat" / "ledger.jsonl",
            switches=SWITCHES,
            direct=True,
        )
        sandbox = stack.enter_context(codat)
        valkey = Valkey(folder / "valkey", ports.free(1)[0])
        found = Ground(folder, database, sandbox, valkey, honours_keys)
        stack.callback(found.kill_queue)
        yield found


def settle_in(ground: Ground, **more: str) -> None:
    """This process becomes one of the product's: its settings, its tables, its merchants, its people."""
    import django

    os.environ.update(ground.env(**more))
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from tests.chaos import merchants

    call_command("migrate", verbosity=0)
    call_command("make_demo_users", stdout=io.StringIO())
    merchants.load(ground.sandbox)
    connections.close_all()


def ask(database: str, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """Of the database itself, past everything that the product would do."""
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"), timeout=20)) as file:
            return file.execute(question.replace("%s", "?"), values).fetchall()
    deadline = time.monotonic() + RECOVERS_WITHIN
    while True:
        try:
            return _connection(database).execute(question, values).fetchall()
        except psycopg.OperationalError:
            _kept.connection = None
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _connection(database: str) -> "psycopg.Connection[Any]":
    if getattr(_kept, "connection", None) is None:
        _kept.connection = psycopg.connect(database, autocommit=True)
    found: psycopg.Connection[Any] = _kept.connection
    return found


_kept = threading.local()
