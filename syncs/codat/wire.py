"""Connections that know whether a byte of the request was written, and that never outlive their exchange.

The class of an exception cannot tell "not sent": a TLS error may come after the server read all of a request.
"""

import contextlib
import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from syncs.codat.until import Until

ROOM_FOR_HEADERS = 256 * 1024


class TooLate(Exception):
    """Our own time was up."""


class TooLarge(Exception):
    """The answer is longer than we care to read."""


@dataclass
class Exchange:
    """The limits of one request and its answer; `deadline` is a moment of time.monotonic()."""

    deadline: float
    read_timeout: float
    body_limit: int
    first_byte_by: Until | None = None
    began: bool = False
    head_is_read: bool = False
    received: int = 0

    def time_to_begin(self) -> float:
        """Seconds left to write the first byte. Raises TooLate when there are none."""
        left = self.deadline - time.monotonic()
        return _positive(left if self.first_byte_by is None else min(left, self.first_byte_by.left()))

    def patience(self) -> float:
        """Seconds to wait for the next bytes. Raises TooLate after the deadline."""
        return min(self.read_timeout, _positive(self.deadline - time.monotonic()))

    def begin(self) -> None:
        """Called in the last moment before a write; from here on, nobody can say that nothing was sent."""
        if not self.began:
            self.time_to_begin()
            self.began = True

    def count(self, received: int) -> None:
        """What comes before the answer has the room of its headers: a server may send `100 Continue` for ever."""
        self.received += received
        if self.received > ROOM_FOR_HEADERS + (self.body_limit if self.head_is_read else 0):
            raise TooLarge


_current: ContextVar[Exchange] = ContextVar("exchange")


@contextlib.contextmanager
def on_the_wire(exchange: Exchange) -> Iterator[None]:
    """The connections used in here belong to this exchange (urllib3 offers no way to hand it down)."""
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)


def tracked_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _PacedReader(io.RawIOBase):
    """Bounds every single read: a socket's own timeout starts anew with each byte of a drip."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, exchange: Exchange) -> None:
        super().__init__()
        self._raw, self._sock, self._exchange = raw, sock, exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._exchange.patience())
        size = self._raw.readinto(buffer)
        self._exchange.count(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PacedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._exchange = _current.get()
        self.fp = io.BufferedReader(_PacedReader(self.fp.detach(), sock, self._exchange))

    def begin(self) -> None:
        super().begin()
        self._exchange.head_is_read = True

    def _read_status(self) -> tuple[str, int, str]:
        """http.client passes over 100 alone and takes 102 or 103 for the answer, which then, on a connection that
        is used again, would be read as the answer to somebody else's request."""
        while True:
            found: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not 100 < found[1] < 200:
                return found
            http.client.parse_headers(self.fp)


class _Tracked:
    """Mixed into both connection classes of urllib3."""

    sock: socket.socket | None
    _opening = False

    def connect(self) -> None:
        self._opening = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._opening = False

    def send(self, data: Any) -> None:
        # What is written while opening (a proxy's CONNECT) is not the request.
        if not self._opening:
            if self.sock is None:
                self.connect()
            _current.get().begin()
        super().send(data)  # type: ignore[misc]


class _Connection(_Tracked, HTTPConnection):
    response_class = _PacedResponse


class _SecureConnection(_Tracked, HTTPSConnection):
    response_class = _PacedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _positive(seconds: float) -> float:
    if seconds <= 0:
        raise TooLate
    return seconds
