"""The clock that tests move: forward only, kept across restarts, and the world lives on under it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.app import App
from sandbox.clock import Clock
from sandbox.exchange import Request
from sandbox.store import Store
from sandbox.testing import Sandbox
from sandbox.world import World
from tests.sandbox.worlds import a_merchant, read

DAY = timedelta(days=1)


def a_world(data: Path | None = None) -> World:
    return World(merchants=40, clock=Clock(), store=Store(data))


def move(world: World, **to: Any) -> tuple[int, Any]:
    path = "/_sandbox/clock"
    answer = App(world, "key").answer(Request("POST", path, path, {}, {}, json.dumps(to).encode()))
    return answer.status, json.loads(answer.body)


def test_it_moves_by_seconds_or_to_a_moment() -> None:
    world = a_world()
    assert move(world, by=60)[1]["ahead"] == 60
    assert move(world, by=0.5)[1]["ahead"] == 60.5
    assert move(world, ahead=86_400)[1]["ahead"] == 86_400
    target = datetime.now(UTC) + 3 * DAY
    _, told = move(world, to=target.isoformat())
    assert abs(datetime.fromisoformat(told["now"]) - target) < timedelta(seconds=5)
    assert read(world, "/_sandbox/clock")["ahead"] == told["ahead"]


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ({"by": -1}, "The clock only goes forward; it is 100 s ahead now."),
        ({"ahead": 99}, "The clock only goes forward"),
        ({"to": "2020-01-01T00:00:00Z"}, "The clock only goes forward"),
        ({"ahead": 1e12}, "The clock goes no further than 3650 days ahead."),
        ({"by": 1e300}, "The clock goes no further"),
        ({"to": "2126-01-01"}, "The clock takes"),
        ({"to": "soon"}, "The clock takes"),
        ({"by": "60"}, "The clock takes"),
        ({"by": True}, "The clock takes"),
        ({"by": 1, "ahead": 1}, "The clock takes"),
        ({}, "The clock takes"),
    ],
)
def test_what_is_no_move_is_refused_and_moves_nothing(to: dict[str, Any], sentence: str) -> None:
    world = a_world()
    move(world, ahead=100)
    status, told = move(world, **to)
    assert status == 400
    assert sentence in told["error"]
    assert world.clock.ahead == timedelta(seconds=100)


def test_it_is_kept_across_a_restart(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    move(world, ahead=5 * 86_400)
    world.store.close()
    assert a_world(tmp_path).clock.ahead == 5 * DAY


def test_days_that_are_skipped_have_been_lived() -> None:
    world = a_world()
    company_id = a_merchant(world, "healthy")
    before = len(world.timeline(company_id).syncs)
    move(world, by=400 * 86_400)
    syncs = world.timeline(company_id).syncs
    assert 399 <= len(syncs) - before <= 401
    assert all(sync.scheduled for sync in syncs)


def test_over_http_the_quota_of_a_new_day_begins(sandbox: Sandbox) -> None:
    def left() -> int:
        return int(sandbox.get("/companies?pageSize=1").headers["X-Rate-Limit-Remaining"])

    first, second = left(), left()
    assert second == first - 1
    sandbox.move_clock(by=86_400)
    assert left() > second
