"""A desk with all its real processes on 127.0.0.1: PostgreSQL, Valkey, the sandbox as Codat, web, workers and clock.

Started with the product's own command lines and ended by pid, also when the measurement is interrupted.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from bench.filling import refuse_without_postgres
from bench.place import ROOT, Place
from bench.refusals import is_guarded
from sandbox.testing import Sandbox, running
from syncs.processes import house, ports, ready
from syncs.processes.errors import CannotRun
from syncs.processes.valkey import Valkey, server
from tests.postgres import running_postgres

KEY = "bench-key"
# Else what a shell says for other work would be measured.
NOT_INHERITED = (
    "CODAT_",
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "HTTPS",
    "BEHIND_PROXY",
    "SANDBOX",
    "DEBUG",
)
PARTS = ("web", "clock", "sending", "refreshing")


@dataclass(frozen=True)
class Plan:
    merchants: int = 1500
    looked_at: int | None = None
    """How many of them already; all if it is not said."""
    history_days: int = 30
    answer_after: float = 0.02
    """Seconds that the sandbox takes for an answer."""
    speed: float = 1.0
    threads: int = house.THREADS
    calls_per_minute: int = 800
    parts: tuple[str, ...] = PARTS


@contextmanager
def desk(plan: Plan) -> Iterator[Place]:
    """Merchants imported and looked at, nobody due; all parts of the plan run. Nothing of it is left afterwards."""
    _refuse_unready()
    with _orderly_end() as begin_to_end, ExitStack() as stack:
        try:
            place = _surroundings(plan, stack)
            _prepare(place, plan)
            for name in plan.parts:
                place.start(name)
            _wait_until_all_work(place, plan)
            _guard_minutes(place, plan)
            yield place
        finally:
            begin_to_end()


def _surroundings(plan: Plan, stack: ExitStack) -> Place:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    print(f"  a desk is set up in {folder} ...", file=sys.stderr, flush=True)
    # What is measured has its nets: a commit waits for the disk here as in production.
    database = stack.enter_context(running_postgres(nets=True))
    sandbox = stack.enter_context(_sandbox(plan, folder))
    (folder / "var").mkdir()
    (folder / "valkey").mkdir()
    valkey = Valkey(folder / "valkey", ports.free(1)[0])
    place = _built(plan, folder, database, sandbox, valkey)
    stack.callback(place.end)
    place.start("valkey")
    place.wait_for("valkey", valkey.ready)
    return place


def _built(plan: Plan, folder: Path, database: str, sandbox: Sandbox, valkey: Valkey) -> Place:
    port = ports.free(1)[0]
    house.THREADS = plan.threads
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    env = inherited | {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "BENCH_CALLS_PER_MINUTE": str(plan.calls_per_minute),
        "PYTHONUNBUFFERED": "1",
        "VAR_DIR": str(folder / "var"),
        "DATABASE_URL": database,
        "REDIS_URL": valkey.url,
        "CODAT_API_URL": sandbox.url,
        "CODAT_API_KEY": KEY,
        "SANDBOX": "true",
        "SECRET_KEY": "only-for-measuring",
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
    }
    all_ = house.House(ROOT, folder / "var", "127.0.0.1", port, env)
    programs = {
        "valkey": valkey.program(env),
        "prepare": all_.manage("prepare", "prepare"),
        "web": all_.web(),
        "clock": all_.clock(),
        "sending": all_.worker("sending"),
        "refreshing": all_.worker("refreshing"),
    }
    return Place(folder, all_.url, database, sandbox, env, programs)


def _sandbox(plan: Plan, folder: Path) -> Any:
    """All daily runs of today are over and the next are half a day off, at whatever hour this is measured."""
    return running(
        merchants=plan.merchants,
        seed=1,
        speed=plan.speed,
        history_days=plan.history_days,
        key=KEY,
        ledger=folder / "ledger.jsonl",
        # What the setup needs is not part of what is measured.
        switches={"per_minute": "off"},
        options=["--life", "zones=UTC", "--life", f"hours={(datetime.now(UTC).hour - 12) % 24}"],
        direct=True,
    )


def _prepare(place: Place, plan: Plan) -> None:
    place.run(place.programs["prepare"])
    place.inside("look-at", plan.merchants if plan.looked_at is None else plan.looked_at)
    place.be_quiet()
    place.ask("ANALYZE")
    place.sandbox.fault("slow", {"seconds": plan.answer_after})


def _wait_until_all_work(place: Place, plan: Plan) -> None:
    if "web" in plan.parts:
        port = int(place.url.rpartition(":")[2])
        place.wait_for("web", lambda: ready.answers_http("127.0.0.1", port, "/healthz", "127.0.0.1"))
    beats = {"clock": "clock", "sending": "worker sending", "refreshing": "worker refreshing"}
    expected = {beats[name] for name in plan.parts if name in beats}
    place.wait_for(
        "signs of life",
        lambda: expected <= {name for (name,) in place.ask("SELECT name FROM syncs_heartbeat")},
    )


def _guard_minutes(place: Place, plan: Plan) -> None:
    """From now on a call too many in a minute is a 429; the setup's calls do not count."""
    if is_guarded(plan.calls_per_minute):
        place.sandbox.post("/_sandbox/switches", {"per_minute": "enforced"}).raise_for_status()


def _refuse_unready() -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        raise CannotRun("This part needs Linux: it reads /proc.")
    refuse_without_postgres()
    server()


@contextmanager
def _orderly_end() -> Iterator[Callable[[], None]]:
    """The first signal ends the measurement; once the ending has begun, a second one does not break it off."""

    def interrupt(_signum: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def ignore() -> None:
        for signum in before:
            signal.signal(signum, signal.SIG_IGN)

    before = {signum: signal.signal(signum, interrupt) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ignore
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
