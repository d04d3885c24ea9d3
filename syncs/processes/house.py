"""The programs that make up Sync Desk, each as it is started by hand."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from syncs.processes.program import Program

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
THREADS = 16
# SQLite has one writer at a time: more threads would only wait for its file, and in the end in vain.
THREADS_ON_SQLITE = 4
# Messages are JSON and nothing in them is run, so that a worker of root's is no cause for Celery's alarm.
NO_ALARM = "ignore:You're running the worker with superuser privileges"
SANDBOX = "sandbox"
MERCHANTS, DAYS, SEED, SPEED = 200, 90, 7, 10


@dataclass(frozen=True)
class House:
    """Where it stands, where it keeps its data, where it listens, and what its programs are told."""

    base: Path
    var: Path
    host: str
    port: int
    env: Mapping[str, str] = field(repr=False)

    def web(self) -> Program:
        options = [
            "--worker-class=gthread",
            "--workers=2",
            "--threads=8",
            "--preload",
            "--timeout=40",
            "--graceful-timeout=4",
            # Longer than between two polls of a page that moves: with gunicorn's own 2 s, a page that asks every 2 s
            # often finds its connection closed in the very moment in which it asks.
            "--keep-alive=7",
        ]
        if SHARED_MEMORY.is_dir():
            # Else a slow disk can delay a worker's sign of life until it is taken for hung.
            options.append(f"--worker-tmp-dir={SHARED_MEMORY}")
        # The control socket lies in the home folder: a second installation would share it.
        options += ["--no-control-socket", "--log-level=warning", f"--bind={self._address()}"]
        return self._python("web", "-m", "gunicorn", *options, "codat_admin.wsgi", port=self.port)

    def worker(self, queue: str) -> Program:
        threads = THREADS if self.env.get("DATABASE_URL", "").startswith("postgres") else THREADS_ON_SQLITE
        options = [
            f"--queues={queue}",
            "--pool=threads",
            f"--concurrency={threads}",
            f"--hostname={queue}@%h",
        ]
        options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        words = ["-W", NO_ALARM, "-m", "celery", "--quiet", "--app=codat_admin", "worker", *options]
        return replace(self._python(queue, *words), gives_signs=True)

    def clock(self) -> Program:
        return replace(self.manage("clock", "run_clock"), gives_signs=True)

    def sandbox(self, port: int, key: str) -> Program:
        world = {"merchants": MERCHANTS, "seed": SEED, "history-days": DAYS, "speed": SPEED}
        place = {"port": port, "key": key, "data": self.var / "sandbox", "ledger": self.ledger}
        # The last word counts: the world may be another one, its place may not.
        words = [*_options(world), *self.env.get("SANDBOX_OPTIONS", "").split(), *_options(place)]
        return self._python("sandbox", "-m", SANDBOX, *words, port=port, rank=1)

    def manage(self, name: str, *words: str) -> Program:
        return self._python(name, "manage.py", *words)

    @property
    def ledger(self) -> Path:
        return self.var / "sandbox" / "ledger.jsonl"

    @property
    def url(self) -> str:
        return f"http://{self._address()}"

    def _address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def _python(self, name: str, *words: str, port: int | None = None, rank: int = 0) -> Program:
        return Program(name, [sys.executable, *words], self.env, self.base, port, rank)


def _options(values: Mapping[str, object]) -> list[str]:
    return [f"--{name}={value}" for name, value in values.items()]
