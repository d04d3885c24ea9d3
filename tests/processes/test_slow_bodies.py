"""Whoever announces a body and never sends it holds a thread of the web for seconds, not for ever."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
THREADS = 2
STALLED = [
    b"POST / HTTP/1.1\r\nHost: panel\r\nContent-Length: 1000\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: panel\r\nContent-Le",
]


def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """What gunicorn serves here: it reads what was announced."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def port() -> Iterator[int]:
    """As the panel is started, in the folder of its configuration."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    words = [
        "--worker-class=gthread",
        f"--threads={THREADS}",
        "--no-control-socket",
        f"--bind=127.0.0.1:{port}",
    ]
    command = [sys.executable, "-m", "gunicorn", *words, f"{__name__}:app"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as web:
        try:
            _until_it_answers(port)
            yield port
        finally:
            web.terminate()


def _until_it_answers(port: int) -> None:
    for _ in range(200):
        try:
            return _get(port, patience=5)
        except OSError:
            time.sleep(0.1)
    raise AssertionError("gunicorn did not start")


def _get(port: int, *, patience: float) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as asking:
        asking.sendall(b"GET / HTTP/1.1\r\nHost: panel\r\nConnection: close\r\n\r\n")
        assert asking.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("begun", STALLED, ids=["no body", "half a header"])
def test_as_many_as_there_are_threads_hold_it_up_for_seconds(port: int, begun: bytes) -> None:
    with ExitStack() as held:
        for _ in range(THREADS):
            stalled = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            stalled.sendall(begun)
        time.sleep(0.5)
        _get(port, patience=20)
