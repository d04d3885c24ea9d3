"""A webhook consumer on 127.0.0.1, and a courier that runs for as long as a test needs it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import monotonic
from typing import Any

from sandbox.webhooks.courier import Courier
from sandbox.world import World
from tests.openapi.watching import heard_of_event
from tests.sandbox.worlds import read, send

PATIENCE = 10.0


@dataclass
class Listener:
    """What it received, in order, and what it answers: one status after another, then the last for ever."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    may_answer: Event = field(default_factory=Event)

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]

    def types(self) -> list[str]:
        return [told["eventType"] for told in self.told()]

    def header(self, name: str) -> list[str]:
        return [headers[name] for headers, _ in self.heard]


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    listener.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if body:
                heard_of_event(body)
            listener.heard.append(({key.lower(): value for key, value in self.headers.items()}, body))
            listener.may_answer.wait(PATIENCE)
            status = listener.statuses.pop(0) if len(listener.statuses) > 1 else listener.statuses[0]
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Location", f"{listener.url}/elsewhere")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_port}/hook?of=codat"
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield listener
        finally:
            listener.may_answer.set()
            server.shutdown()


def subscribed(world: World, listener: Listener, *event_types: str, **more: Any) -> dict[str, Any]:
    body = {"url": listener.url, "eventTypes": list(event_types), **more}
    status, consumer = send(world, "/webhooks", json.dumps(body))
    assert status == 201
    return dict(consumer)


def deliver(world: World, until: Callable[[], bool]) -> None:
    """Let a courier work until something holds."""

    async def work() -> None:
        courier = asyncio.create_task(Courier(world, tick=0.005).run())
        end = monotonic() + PATIENCE
        while not until():
            assert monotonic() < end, "What was waited for did not come."
            await asyncio.sleep(0.005)
        courier.cancel()
        await asyncio.gather(courier, return_exceptions=True)

    asyncio.run(work())


def something_happens(world: World, **company: Any) -> None:
    assert send(world, "/companies", json.dumps({"name": "Bank of Dave", **company}))[0] == 200


def deliveries(world: World) -> list[dict[str, Any]]:
    return list(read(world, "/_sandbox/webhooks")["deliveries"])


def tries(world: World) -> int:
    return sum(len(each["attempts"]) for each in deliveries(world))


def newest_is_tried(world: World, count: int) -> Any:
    def is_so() -> bool:
        told = deliveries(world)
        return len(told) == count and told[0]["attempts"] != []

    return is_so


def quiet_for_a_while() -> Any:
    """Several looks of the courier."""
    looks = iter(range(8))
    return lambda: next(looks, None) is None
