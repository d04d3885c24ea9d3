"""HTTP/1.1 on 127.0.0.1: h11 over asyncio streams, so that every byte and every socket is in our hands."""

import asyncio
import signal
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

import h11

from sandbox.app import App
from sandbox.exchange import JSON, NOT_VALID, Answer, Refusal, Request
from sandbox.faults.engine import Fault, Met
from sandbox.webhooks.courier import Courier

HOST = "127.0.0.1"
LARGEST_BODY = 1 << 20
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
_CHUNK = 1 << 16
_PAUSE = 0.002


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
        self._http = h11.Connection(h11.SERVER)
        self._address = (writer.get_extra_info("peername") or (HOST,))[0]
        self._is_head = False

    async def run(self) -> None:
        try:
            await self._converse()
        except ConnectionError:
            pass
        finally:
            self.writer.close()

    async def _converse(self) -> None:
        try:
            while await self._exchange():
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await self._complain(error.error_status_hint)

    async def _exchange(self) -> bool:
        """One request and its answer; tells whether the connection stays open."""
        head = await self._event()
        if not isinstance(head, h11.Request):
            return False
        request = _request(head, self._address)
        met = self._app.meet(request.method, request.path)
        if met.wire and met.wire.kind.midway:
            return await self._cut_off(request, met, met.wire)
        request.body = await self._body(LARGEST_BODY)
        self._is_head = request.method == "HEAD"
        if self._app.has_to_wait(request):
            await self._rows.are_made()
        answer = self._app.answer(request, met)
        if met.wire:
            await self._deliver(request, answer, met.wire)
        else:
            await self.send(answer)
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        return done and not self.writer.is_closing()

    async def _deliver(self, request: Request, answer: Answer, fault: Fault) -> None:
        deliver = fault.kind.deliver
        try:
            if deliver:
                await deliver(self, answer, fault.args)
        finally:
            self._app.finished(request)

    async def _cut_off(self, request: Request, met: Met, fault: Fault) -> bool:
        """It strikes when so much of the body has come, or all of it."""
        request.body = await self._body(LARGEST_BODY, enough=fault.args.get("bytes", 0))
        self._app.cut_off(request, met)
        if fault.kind.deliver:
            await fault.kind.deliver(self, Answer(204), fault.args)
        return False

    async def _body(self, most: int, *, enough: float | None = None) -> bytes:
        body = bytearray()
        while enough is None or len(body) < enough:
            part = await self._event()
            if not isinstance(part, h11.Data):
                break
            body += part.data
            if len(body) > most:
                raise h11.RemoteProtocolError("body too large", error_status_hint=413)
        return bytes(body if enough is None else body[: int(enough)])

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self.writer.write(self._bytes(h11.InformationalResponse(status_code=100, headers=[])))
            self._http.receive_data(await self.reader.read(_CHUNK))
        return event

    async def send(self, answer: Answer) -> None:
        self.writer.write(b"".join(self.rendered(answer)))
        await self.writer.drain()

    def rendered(self, answer: Answer) -> tuple[bytes, bytes]:
        """The answer's head and body as bytes; to be asked for once."""
        headers = {"Content-Type": JSON, **answer.headers} if answer.body else dict(answer.headers)
        if answer.status != 204:
            headers["Content-Length"] = str(len(answer.body))
        head = self._bytes(
            h11.Response(
                status_code=answer.status,
                headers=list(headers.items()),
                reason=_REASONS.get(answer.status, b""),
            )
        )
        data = h11.Data(data=b"" if self._is_head else answer.body)
        return head, self._bytes(data, h11.EndOfMessage())

    async def _complain(self, status: int) -> None:
        """What is not HTTP gets an answer too, if one can still be given; then the connection ends."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = {"Connection": "close", **self._app.quota.headers()}
            await self.send(Refusal(status, NOT_VALID, headers=headers).answer())

    def _bytes(self, *events: h11.Event) -> bytes:
        return b"".join(self._http.send(event) or b"" for event in events)


def _request(head: h11.Request, address: str) -> Request:
    target = head.target.decode("ascii")
    path, _, query = target.partition("?")
    return Request(
        method=head.method.decode("ascii"),
        target=target,
        path=unquote(path),
        query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        headers={name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
        address=address,
    )


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
