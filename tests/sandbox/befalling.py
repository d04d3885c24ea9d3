"""Outages and waves as tests order them, and all that is told of a world."""

import json
from datetime import timedelta
from typing import Any

from sandbox.app import App
from sandbox.exchange import Request
from sandbox.world import World

HOUR = timedelta(hours=1)


def call(world: World, method: str, path: str, body: object = None) -> tuple[int, Any]:
    raw = b"" if body is None else json.dumps(body).encode()
    answer = App(world, "key").answer(Request(method, path, path, {}, {}, raw))
    return answer.status, json.loads(answer.body) if answer.body else None


def outage(world: World, hours: float, **more: object) -> None:
    body = {"until": (world.now() + HOUR * hours).isoformat(), **more}
    assert call(world, "POST", "/_sandbox/outages", body)[0] == 200


def wave(world: World, **body: object) -> None:
    status, told = call(world, "POST", "/_sandbox/waves", body)
    assert status == 200, told


def on_platform(world: World, key: str) -> list[str]:
    return [m.company_id for m in world.of_kind("healthy") if key in m.platforms]


def everything(world: World) -> list[object]:
    timelines = map(world.timeline, world.company_ids())
    return [(t.history.told(world.now()), list(t.synced), t.failed_days, repr(t.card)) for t in timelines]
