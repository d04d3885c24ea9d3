"""HTTP/1.1 on 127.0.0.1 over asyncio streams, so that every byte and every socket is in our hands."""

import asyncio
import re
import signal
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from sandbox.app import App
from sandbox.exchange import JSON, NOT_VALID, WITHOUT_BODY, Answer, Refusal, Request
from sandbox.faults.engine import Fault, Met
from sandbox.incoming import Broken, Event, Head, Incoming
from sandbox.webhooks.courier import Courier

HOST = "127.0.0.1"
LARGEST_BODY = 1 << 20
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_CHUNK = 1 << 16
_PAUSE = 0.002
_HOST_OF = re.compile(r"^https?://[^/?]*", re.IGNORECASE)
"""What stands before the path in a target that names the host too (RFC 9112, 3.2.2)."""


class Rows:
    """What is looked for among all companies is made in the time that answers leave, sooner once it is waited for."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._wanted = asyncio.Lock()

    async def make(self) -> None:
        await self._make(_PAUSE)

    async def are_made(self) -> None:
        async with self._wanted:
            await self._make(0)

    async def _make(self, pause: float) -> None:
        while not self._app.world.columns.are_complete:
            self._app.world.columns.make_some()
            await asyncio.sleep(pause)


class Conversation:
    """One client's connection, from its first request to its end."""

    def __init__(
        self, app: App, rows: Rows, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._app = app
        self._rows = rows
        self.reader = reader
        self.writer = writer
        self._incoming = Incoming()
        self._address = (writer.get_extra_info("peername") or (HOST,))[0]
        self._head = Head("GET", "/", {}, is_last=True, holds_back=False)
        self._is_answered = False

    async def run(self) -> None:
        try:
            await self._converse()
        except ConnectionError:
            pass
        finally:
            self.writer.close()

    async def _converse(self) -> None:
        try:
            while isinstance(head := await self._event(), Head):
                self._head, self._is_answered = head, False
                if not await self._exchange(_request(head, self._address)):
                    return
        except Broken as broken:
            await self._complain(broken.status)

    async def _exchange(self, request: Request) -> bool:
        """A request's body and its answer; tells whether the connection stays open."""
        met = self._app.meet(request.method, request.path)
        if met.wire and met.wire.kind.midway:
            await self._cut_off(request, met, met.wire)
            return False
        await self._arrived(request, met)
        if self._app.has_to_wait(request):
            await self._rows.are_made()
        answer = self._app.answer(request, met)
        if met.wire:
            await self._deliver(request, answer, met.wire)
        else:
            await self.send(answer)
        return self._is_answered and not (self._head.is_last or self.writer.is_closing())

    async def _deliver(self, request: Request, answer: Answer, fault: Fault) -> None:
        deliver = fault.kind.deliver
        try:
            if deliver:
                await deliver(self, answer, fault.args)
        finally:
            self._app.finished(request)

    async def _cut_off(self, request: Request, met: Met, fault: Fault) -> None:
        """It strikes when so much of the body has come, or all of it."""
        await self._arrived(request, met, enough=fault.args.get("bytes", 0))
        self._app.cut_off(request, met, answered=fault.args.get("status"))
        if fault.kind.deliver:
            await fault.kind.deliver(self, Answer(204), fault.args)

    async def _arrived(self, request: Request, met: Met, *, enough: int | None = None) -> None:
        """Until the whole body is in the request, or enough of it; one that breaks off has been a request too."""
        body = bytearray()
        try:
            await self._collect(body, enough)
        except (Broken, ConnectionError) as end:
            request.body = bytes(body)
            self._app.cut_off(request, met, answered=end.status if isinstance(end, Broken) else None)
            raise
        request.body = bytes(body[:enough])

    async def _collect(self, body: bytearray, enough: int | None) -> None:
        if self._head.holds_back and not self._incoming.events and enough != 0:
            self.writer.write(_CONTINUE)
        while enough is None or len(body) < enough:
            part = await self._event()
            if not isinstance(part, bytes):
                break
            body += part
            if len(body) > LARGEST_BODY:
                raise Broken(413)

    async def _event(self) -> Event:
        events = self._incoming.events
        while not events:
            self._incoming.feed(await self.reader.read(_CHUNK))
        event = events.popleft()
        if isinstance(event, Broken):
            raise event
        return event

    async def send(self, answer: Answer) -> None:
        self.writer.write(b"".join(self.rendered(answer)))
        await self.writer.drain()

    def rendered(self, answer: Answer) -> tuple[bytes, bytes]:
        """The answer's head and body as bytes."""
        self._is_answered = True
        has_body = self._head.method != "HEAD" and answer.status not in WITHOUT_BODY
        return _head_of(answer, is_last=self._head.is_last), answer.body if has_body else b""

    async def _complain(self, status: int) -> None:
        """What is not HTTP gets an answer too; then the connection ends."""
        self._head = self._head._replace(method="GET", is_last=True)
        await self.send(Refusal(status, NOT_VALID, headers=self._app.common_headers()).answer())


def _request(head: Head, address: str) -> Request:
    path, _, query = _HOST_OF.sub("", head.target).partition("?")
    return Request(
        method=head.method,
        target=head.target,
        path=unquote(path),
        query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        headers=head.headers,
        address=address,
    )


def _head_of(answer: Answer, *, is_last: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, '')}"]
    headers = {"Content-Type": JSON, **answer.headers} if answer.body else answer.headers
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if answer.status != 204:
        lines.append(f"Content-Length: {len(answer.body)}")
    if is_last:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


async def serve(app: App, port: int, ready: Callable[[int], None]) -> None:
    """Answer until SIGTERM or SIGINT; `ready` is told the port once connections are accepted."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    conversations: set[asyncio.Task[None]] = set()
    rows = Rows(app)

    def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = loop.create_task(Conversation(app, rows, reader, writer).run())
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    courier = loop.create_task(Courier(app.world).run())
    server = await asyncio.start_server(meet, HOST, port, backlog=1024)
    ready(server.sockets[0].getsockname()[1])
    filling = loop.create_task(rows.make())
    await stop.wait()
    filling.cancel()
    server.close()
    for task in (courier, *conversations):
        task.cancel()
    await asyncio.gather(courier, *conversations, return_exceptions=True)
