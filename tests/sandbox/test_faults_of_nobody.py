"""A fault on the wire finds that the client has left: that is no accident of the sandbox's."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from sandbox.app import App
from sandbox.faults.kinds import KINDS
from sandbox.faults.wires import hang_up
from sandbox.server import Conversation, Rows
from tests.sandbox.faulted import set_fault
from tests.sandbox.worlds import BASIC

Client = Callable[[socket.socket], Awaitable[None]]
SOON = {"seconds": 0, "megabytes": 1}


def on_the_wire() -> Iterator[Any]:
    for kind in KINDS.values():
        if kind.deliver:
            args = {name: value for name, value in SOON.items() if name in kind.takes}
            for how in ("close", "reset") if "how" in kind.takes else (None,):
                yield pytest.param(kind.name, {**args, **({"how": how} if how else {})})


def asked(company: str) -> bytes:
    head = f"POST /companies/{company}/sync/commerce/latest HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
    return f"{head}Authorization: {BASIC['authorization']}\r\n\r\n".encode()


def converse(app: App, client: Client) -> None:
    """Raises what the conversation raises."""

    async def both() -> None:
        talks: list[asyncio.Task[None]] = []

        def meet(*line: Any) -> None:
            talks.append(asyncio.create_task(Conversation(app, Rows(app), *line).run()))

        async with await asyncio.start_server(meet, "127.0.0.1", 0) as server:
            await client(socket.create_connection(server.sockets[0].getsockname(), 5))
            while not talks:
                await asyncio.sleep(0)
            await asyncio.wait_for(talks[0], 10)

    asyncio.run(both())


@pytest.mark.parametrize(("fault", "args"), list(on_the_wire()))
def test_it_strikes_one_who_has_left(app: App, company: str, fault: str, args: dict[str, Any]) -> None:
    async def asks_and_leaves(raw: socket.socket) -> None:
        raw.sendall(asked(company))
        raw.close()

    set_fault(app, fault, args)
    converse(app, asks_and_leaves)
    assert app.faults.all()[0].fired == 1


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("fault", ["drop_after", "close_after"])
def test_it_comes_after_the_client_has_hung_up_on_us(app: App, company: str, fault: str, how: str) -> None:
    async def asks_and_hangs_up(raw: socket.socket) -> None:
        _, writer = await asyncio.open_connection(sock=raw)
        writer.write(asked(company))
        while not app.faults.all()[0].fired:
            await asyncio.sleep(0)
        hang_up(writer, reset=True)

    set_fault(app, fault, {"how": how, "seconds": 0.2})
    converse(app, asks_and_hangs_up)
