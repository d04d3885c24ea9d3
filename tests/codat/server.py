"""A server that answers as told, byte by byte if need be: over real sockets, because what is tested is what our
connections make of bytes, silence and broken connections."""

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# Answers one request; False closes the connection.
Step = Callable[[socket.socket], bool]


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Server:
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    _steps: list[Step] = field(default_factory=list)

    def __enter__(self) -> "Server":
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def answers(self, *steps: Step) -> None:
        """One step a request; the last one stays."""
        self._steps[:] = steps

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            sock = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
            while request := _read(sock, number):
                self.requests.append(request)
                if not self._next_step()(sock):
                    break
            sock.close()

    def _next_step(self) -> Step:
        if not self._steps:
            return hangs_up
        return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]


def _read(sock: socket.socket, connection: int) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (received := sock.recv(65536)):
            return None
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += sock.recv(65536)
    method, target, _ = first.split(" ", 2)
    return Request(method, target, headers, body, connection)


def says(status: int, body: Any = b"", **headers: str) -> Step:
    """A whole answer; what is not bytes already is sent as JSON. `Retry_After="7"` becomes a header."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Length": str(len(content)), **{n.replace("_", "-"): v for n, v in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return sends(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content, stays=True)


def sends(data: bytes, *, stays: bool = False) -> Step:
    def step(sock: socket.socket) -> bool:
        sock.sendall(data)
        return stays

    return step


def drips(start: bytes, *, drop: bytes = b"x", every: float = 0.05) -> Step:
    """Says `start`, then a drop at a time, for as long as somebody listens."""

    def step(sock: socket.socket) -> bool:
        sock.sendall(start)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            sock.sendall(drop)
            time.sleep(every)
        return False

    return step


def keeps_silent(sock: socket.socket) -> bool:
    sock.settimeout(20)
    return bool(sock.recv(1))


def hangs_up(sock: socket.socket) -> bool:
    return False


def resets(sock: socket.socket) -> bool:
    """Closing with unsent time to linger makes the kernel send RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    return False


def breaks_tls(sock: socket.socket) -> bool:
    """Plain bytes inside an encrypted connection, after the whole request was read."""
    raw = socket.socket(fileno=sock.detach())
    with raw:
        raw.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    return False
