"""HTTP/1.1 on 127.0.0.1: h11 over asyncio streams, so that every byte and every socket is in our hands."""

import asyncio
import signal
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote

import h11

from sandbox.app import App
from sandbox.exchange import JSON, NOT_VALID, Answer, Refusal, Request

HOST = "127.0.0.1"
LARGEST_BODY = 1 << 20
_CHUNK = 1 << 16
_PAUSE = 0.002


class Conversation:
    """One client's connection, from its first request to its end."""

    def __init__(self, app: App, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._app = app
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)

    async def run(self) -> None:
        try:
            await self._converse()
        except ConnectionError:
            pass
        finally:
            self._writer.close()

    async def _converse(self) -> None:
        try:
            while await self._exchange():
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await self._complain(error.error_status_hint)

    async def _exchange(self) -> bool:
        """One request and its answer; tells whether the connection stays open."""
        request = await self._receive()
        if request is None:
            return False
        await self._send(self._app.answer(request), head=request.method == "HEAD")
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _receive(self) -> Request | None:
        head = await self._event()
        if not isinstance(head, h11.Request):
            return None
        body = bytearray()
        while isinstance(part := await self._event(), h11.Data):
            body += part.data
            if len(body) > LARGEST_BODY:
                raise h11.RemoteProtocolError("body too large", error_status_hint=413)
        return _request(head, bytes(body))

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self._write(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(await self._reader.read(_CHUNK))
        return event

    async def _send(self, answer: Answer, *, head: bool = False) -> None:
        headers = {**answer.headers, "Content-Type": JSON} if answer.body else dict(answer.headers)
        if answer.status != 204:
            headers["Content-Length"] = str(len(answer.body))
        self._write(
            h11.Response(status_code=answer.status, headers=list(headers.items())),
            h11.Data(data=b"" if head else answer.body),
            h11.EndOfMessage(),
        )
        await self._writer.drain()

    async def _complain(self, status: int) -> None:
        """What is not HTTP gets an answer too, if one can still be given; then the connection ends."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = Refusal(status, NOT_VALID, headers={"Connection": "close"}).answer()
            await self._send(answer)

    def _write(self, *events: h11.Event) -> None:
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))


def _request(head: h11.Request, body: bytes) -> Request:
    target = head.target.decode("ascii")
    path, _, query = target.partition("?")
    return Request(
        method=head.method.decode("ascii"),
        target=target,
        path=unquote(path),
        query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
        headers={name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
        body=body,
    )


async def _fill(app: App) -> None:
    """Before somebody queries all companies, in the time that answers leave."""
    for _ in app.world.columns.fill():
        await asyncio.sleep(_PAUSE)


async def serve(app: App, port: int, ready: Callable[[int], None]) -> None:
    """Answer until SIGTERM or SIGINT; `ready` is told the port once connections are accepted."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    conversations: set[asyncio.Task[None]] = set()

    def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = loop.create_task(Conversation(app, reader, writer).run())
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    server = await asyncio.start_server(meet, HOST, port, backlog=1024)
    ready(server.sockets[0].getsockname()[1])
    filling = loop.create_task(_fill(app))
    await stop.wait()
    filling.cancel()
    server.close()
    for task in conversations:
        task.cancel()
    await asyncio.gather(*conversations, return_exceptions=True)
