"""One host: a web server, a worker for each queue and a clock, with settings, a folder and a clock of its own."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests

from syncs.processes import house, ports
from tests.chaos.clock import Ahead
from tests.chaos.ground import ROOT, Ground
from tests.processes.hosts.lines import Line
from tests.relay import Log, relay

THREADS = 6
STARTS_WITHIN = 60.0


@dataclass
class Host:
    name: str
    folder: Path
    line: Line
    skew: float
    """Seconds by which its clock is behind."""
    url: str
    said_to_codat: Log = field(default_factory=Log)
    programs: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def set_clock(self, ahead: float) -> None:
        Ahead(self.folder).set(ahead - self.skew)

    def cut_off(self) -> None:
        self.line.cut([program.pid for program in self.programs.values()])

    def mend(self) -> None:
        self.line.mend([program.pid for program in self.programs.values()])

    def answers(self, path: str) -> int:
        with suppress(requests.RequestException), requests.Session() as session:
            session.trust_env = False
            return session.get(f"{self.url}{path}", timeout=5).status_code
        return 0

    def logs(self) -> str:
        said = {path.stem: path.read_text(errors="replace")[-3000:] for path in self.folder.glob("*.log")}
        return "\n".join(f"--- {self.name}, {name}\n{text}" for name, text in said.items() if text)


@contextmanager
def host(name: str, ground: Ground, line: Line, *, skew: float, calls_per_minute: int) -> Iterator[Host]:
    with ExitStack() as stack:
        stack.callback(line.end)
        folder = ground.folder / name
        (folder / "var" / "static").mkdir(parents=True)
        (folder / "var" / "static" / "staticfiles.json").write_text("{}")
        port = ports.free(1)[0]
        found = Host(name, folder, line, skew, f"http://{line.there}:{port}")
        found.set_clock(0)
        env = _settings(ground, found, stack) | {"CHAOS_CALLS_PER_MINUTE": str(calls_per_minute)}
        stack.callback(_end, found)
        _start(found, house.House(ROOT, folder / "var", line.there, port, os.environ | env))
        yield found


def _settings(ground: Ground, found: Host, stack: ExitStack) -> dict[str, str]:
    """All that it knows of the others is where they are, on its own line."""
    here = found.line.here
    database = urlsplit(ground.database)
    postgres = stack.enter_context(relay(f"{unquote(database.hostname or '')}/.s.PGSQL.5432", here))
    queue = stack.enter_context(relay(ground.valkey.port, here))
    codat = stack.enter_context(relay(urlsplit(ground.sandbox.url).port or 80, here, log=found.said_to_codat))
    return ground.env(
        DJANGO_SETTINGS_MODULE="tests.processes.hosts.settings",
        CHAOS_DIR=str(found.folder),
        CHAOS_WORLD=str(ground.chaos),
        CHAOS_PATIENCE="5",
        VAR_DIR=str(found.folder / "var"),
        DATABASE_URL=f"postgres://postgres@{here}:{postgres}/postgres",
        REDIS_URL=ground.valkey.url.replace(f"127.0.0.1:{ground.valkey.port}", f"{here}:{queue}"),
        CODAT_API_URL=f"http://{here}:{codat}",
        # A panel on an invented Codat may not be reached from another host: for these it is a real one.
        SANDBOX="false",
        ALLOWED_HOSTS=f"127.0.0.1,{found.line.there}",
    )


def _start(found: Host, programs: house.House) -> None:
    house.THREADS = THREADS
    parts = {"web": programs.web(), "clock": programs.clock()}
    parts |= {queue: programs.worker(queue) for queue in ("sending", "refreshing")}
    for name, program in parts.items():
        with (found.folder / f"{name}.log").open("ab") as log:
            found.programs[name] = subprocess.Popen(
                found.line.command(program.argv), cwd=program.folder, env=program.env, stdout=log, stderr=log
            )


def wait_until_it_serves(found: Host) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while found.answers("/healthz") != 200:
        assert time.monotonic() < deadline, found.logs()
        time.sleep(0.2)


def _end(found: Host) -> None:
    """Stopped or cut off, it ends."""
    for program in found.programs.values():
        program.terminate()
    found.mend()
    for program in found.programs.values():
        with suppress(subprocess.TimeoutExpired):
            program.wait(timeout=5)
        program.kill()
        program.wait()
