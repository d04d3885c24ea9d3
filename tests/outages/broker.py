"""The broker as a process of ours, set up as the product sets up its own, and all that can become of it."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis

from syncs.processes import ports
from syncs.processes.valkey import Valkey

STARTS_WITHIN = 20.0
LOG = "appendonlydir"


class Broker:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._valkey = Valkey(folder, ports.free(1)[0])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self._valkey.url

    def start(self) -> None:
        program = self._valkey.program({})
        with (self._folder / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(program.argv, cwd=program.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._valkey.ready():
            assert time.monotonic() < deadline, (self._folder / "valkey.log").read_text()[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Connections stay, new ones are accepted by the kernel, and nobody ever answers."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        self._send(signal.SIGCONT)

    def empty(self) -> None:
        self._ask("FLUSHALL")

    def fill(self) -> None:
        """As if its memory were full: what would write is refused."""
        self._ask("CONFIG", "SET", "maxmemory", "1")

    def make_room(self) -> None:
        self._ask("CONFIG", "SET", "maxmemory", "0")

    def double(self, queue: str, times: int = 200) -> None:
        """What waits in it, so often."""
        with Redis.from_url(self.url, socket_timeout=5) as client:
            for message in client.lrange(queue, 0, -1):
                client.lpush(queue, *[message] * times)

    def keep_copy(self) -> None:
        """Of what it would know after a death now."""
        # It writes its log to the disk once a second, but to the file at once.
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._folder / LOG, self._copy)

    def put_back_copy(self) -> None:
        """While it does not run."""
        shutil.rmtree(self._folder / LOG)
        self._copy.rename(self._folder / LOG)

    def waiting(self, queue: str) -> int:
        return int(self._ask("LLEN", queue))

    @property
    def _copy(self) -> Path:
        return self._folder / "copy"

    def _send(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _ask(self, *words: str) -> Any:
        with Redis.from_url(self.url, socket_timeout=5) as client:
            return client.execute_command(*words)


@contextmanager
def running(folder: Path) -> Iterator[Broker]:
    broker = Broker(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()
