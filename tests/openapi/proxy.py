"""A proxy that judges what passes by Codat's OpenAPI documents, and changes nothing.

    python -m tests.openapi.proxy --upstream http://127.0.0.1:8900 --port 8901

It hands on bytes, not messages: a drip stays a drip, half an answer half an answer, a reset a reset. Only that nobody
listens upstream it cannot pass on; its clients see a connection that is reset at once.
"""

import argparse
import contextlib
import selectors
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from tests.openapi.judge import Exchange, wrong_answer, wrong_request
from tests.openapi.overheard import Overheard

_CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """`tell` hears of each exchange before the last byte of its answer is handed on."""

    def __init__(self, upstream: str, tell: Callable[[Exchange], None], port: int = 0) -> None:
        address = urlsplit(upstream)
        self._upstream = (address.hostname or "", address.port or 80)
        self._told = tell
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        for each in (self._listener, *tuple(self._open)):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _tell(self, exchange: Exchange) -> None:
        """What we cut off ourselves at the end is nobody's fault."""
        if exchange.status is not None or not self._closed:
            self._told(exchange)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket() as server:
            self._open.update((client, server))
            try:
                # The sandbox counts by the client's own address.
                server.bind((client.getpeername()[0], 0))
                server.connect(self._upstream)
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _Relay(client, server, Overheard(self._tell)).run()
            except OSError:
                _reset(client)
                _reset(server)
            finally:
                self._open.difference_update((client, server))


class _Relay:
    """Two sockets, and the bytes between them until both sides have said their last."""

    def __init__(self, client: socket.socket, server: socket.socket, overheard: Overheard) -> None:
        self._client, self._server, self._overheard = client, server, overheard
        self._speaking = selectors.DefaultSelector()

    def run(self) -> None:
        """Raises OSError when one side breaks the connection."""
        with self._speaking:
            self._speaking.register(self._client, selectors.EVENT_READ, self._from_client)
            self._speaking.register(self._server, selectors.EVENT_READ, self._from_server)
            try:
                while self._speaking.get_map():
                    for key, _ in self._speaking.select():
                        key.data()
            finally:
                self._overheard.ended()

    def _from_client(self) -> None:
        with self._client_may_leave():
            data = self._client.recv(_CHUNK)
        self._overheard.request(data)
        try:
            _hand_on(data, self._server)
        except OSError:
            # It listens no longer; what it still says is for the client.
            data = b""
        if not data:
            self._speaking.unregister(self._client)

    def _from_server(self) -> None:
        data = self._server.recv(_CHUNK)
        self._overheard.answer(data)
        with self._client_may_leave():
            _hand_on(data, self._client)
        if not data:
            self._speaking.unregister(self._server)

    @contextlib.contextmanager
    def _client_may_leave(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            self._overheard.client_left = True
            raise


def _hand_on(data: bytes, listener: socket.socket) -> None:
    if data:
        listener.sendall(data)
    else:
        listener.shutdown(socket.SHUT_WR)


def _reset(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        each.close()


@dataclass
class Record:
    """All that passed, and what was wrong with it."""

    exchanges: list[Exchange] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        self.wrong += [f"{exchange}: request: {each}" for each in wrong_request(exchange)]
        self.wrong += [f"{exchange}: answer: {each}" for each in wrong_answer(exchange)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Judges what passes by Codat's OpenAPI documents.")
    parser.add_argument("--upstream", required=True, help="address of the sandbox")
    parser.add_argument("--port", type=int, default=0, help="where to listen; 0 picks a free port")
    given = parser.parse_args()
    record = Record()

    def tell(exchange: Exchange) -> None:
        known = len(record.wrong)
        record(exchange)
        for each in record.wrong[known:]:
            print(each, flush=True)

    with Proxy(given.upstream, tell, given.port) as proxy:
        print(f"judging {given.upstream} on {proxy.url}; end with Ctrl+C", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    print(f"{len(record.exchanges)} exchanges, {len(record.wrong)} violations")
    sys.exit(bool(record.wrong))


if __name__ == "__main__":
    main()
