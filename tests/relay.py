"""A relay that hands on bytes and notes when which request came to Codat, and what it answered.

For what the product's own counting is held against: it knows nothing of it.
"""

import asyncio
import re
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

REQUEST = re.compile(rb"(?:^|\r\n)([A-Z]+) (/\S*) HTTP/1\.1\r\n")
STATUS = re.compile(rb"^HTTP/1\.1 (\d{3}) ")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Log:
    calls: list[tuple[float, str, str]] = field(default_factory=list)
    """When, by a clock that nobody sets; method and path."""
    statuses: Counter[int] = field(default_factory=Counter)

    def heard(self, data: bytes) -> None:
        now = time.monotonic()
        for method, path in REQUEST.findall(data):
            self.calls.append((now, method.decode(), path.decode()))

    def told(self, data: bytes) -> None:
        self.statuses.update(int(status) for status in STATUS.findall(data))

    def most_within(self, seconds: float) -> int:
        """The largest number of calls in any span of that length."""
        moments = sorted(at for at, _, _ in self.calls)
        most = first = 0
        for last, moment in enumerate(moments):
            while moments[first] < moment - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most


@contextmanager
def relay(to: int | str, host: str = "127.0.0.1", port: int = 0, log: Log | None = None) -> Iterator[int]:
    """To a port of 127.0.0.1, or to the path of a socket; yields the port at which it listens."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    def connect() -> Awaitable[Streams]:
        return (
            asyncio.open_unix_connection(to)
            if isinstance(to, str)
            else asyncio.open_connection("127.0.0.1", to)
        )

    async def begin() -> asyncio.Server:
        return await asyncio.start_server(_meets(connect, log or Log()), host, port, backlog=512)

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)


async def _end(server: asyncio.Server) -> None:
    server.close()
    under_way = asyncio.all_tasks() - {asyncio.current_task()}
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way, return_exceptions=True)


def _meets(connect: Callable[[], Awaitable[Streams]], log: Log) -> Callable[..., Awaitable[None]]:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled at the end: asyncio would complain of a stream whose task was.
        with suppress(OSError, asyncio.CancelledError):
            other_reader, other_writer = await connect()
            await asyncio.gather(
                _hand_on(reader, other_writer, log.heard), _hand_on(other_reader, writer, log.told)
            )

    return meet


async def _hand_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[bytes], None]
) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            note(data)
            writer.write(data)
            await writer.drain()
    writer.close()
