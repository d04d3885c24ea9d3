"""Outages and waves as they are ordered, at the start or while the sandbox runs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.schedule import DAY
from sandbox.weather import Weather
from tests.sandbox.befalling import HOUR, call, everything, outage
from tests.sandbox.worlds import StoppedClock, send, world_at


def test_orders_are_remembered_and_those_of_the_start_count_once(tmp_path: Path) -> None:
    orders: list[tuple[Any, dict[str, Any]]] = [
        ("outage", {"from": "2026-11-18T00:00:00Z", "until": "2026-11-18T03:00:00Z"}),
        ("wave", {"platform": "gbol", "cause": "billing", "share": 0.5}),
    ]
    clock = StoppedClock()
    first = world_at(clock, data=tmp_path, orders=orders)
    outage(first, hours=3)
    told = everything(first)
    first.store.close()
    again = world_at(clock, data=tmp_path, orders=orders)
    assert again.weather == first.weather
    assert (len(again.weather.outages), len(again.weather.waves)) == (2, 1)
    assert everything(again) == told


def test_an_outage_of_the_start_may_lie_in_the_past_of_a_new_world_only(tmp_path: Path) -> None:
    begin = datetime(2026, 11, 18, 0, tzinfo=UTC)
    order = {"from": begin.isoformat(), "until": (begin + HOUR * 9).isoformat()}
    clock = StoppedClock()
    world = world_at(clock, data=tmp_path, merchants=100, orders=[("outage", order)])
    times = [sync.at for company_id in world.company_ids() for sync in world.timeline(company_id).syncs]
    assert not [at for at in times if begin < at < begin + HOUR * 9]
    assert [at for at in times if begin - DAY < at < begin + HOUR * 9 - DAY]
    world.store.close()
    clock.passes(hours=1)
    with pytest.raises(ValueError, match="past"):
        world_at(clock, data=tmp_path, orders=[("outage", {**order, "api": True})])


@pytest.mark.parametrize(
    ("what", "body", "words"),
    [
        ("outages", {}, '"until" is missing'),
        ("outages", {"until": "soon"}, '"until" is a date and time'),
        ("outages", {"until": 7}, '"until" is a date and time'),
        ("outages", {"until": "2026-11-20T11:00:00Z"}, "later than"),
        ("outages", {"from": "2026-11-19", "until": "2026-11-22"}, "past"),
        ("outages", {"until": "2026-11-22", "running": "hides"}, '"waits" or "fails"'),
        ("outages", {"until": "2026-11-22", "api": "yes"}, "true or false"),
        ("outages", {"until": "2026-11-22", "apy": True}, "There is no apy here"),
        ("waves", {"platform": "xero", "cause": "billing"}, '"platform" is one of'),
        ("waves", {"platform": ["gbol"], "cause": "billing"}, '"platform" is one of'),
        ("waves", {"platform": "gbol"}, '"cause" is'),
        ("waves", {"platform": "gbol", "cause": "boredom"}, '"cause" is'),
        ("waves", {"platform": "gbol", "cause": {"code": 2000}}, '"cause" is'),
        ("waves", {"platform": "gbol", "cause": {"code": 5000, "message": 5}}, '"cause" is'),
        ("waves", {"platform": "gbol", "cause": {"code": 5000, "text": ["Error"]}}, '"cause" is'),
        ("waves", {"platform": "gbol", "cause": {"code": 5000, "mesage": "Gone"}}, '"cause" is'),
        ("waves", {"platform": "gbol", "cause": "billing", "share": 40}, '"share" is'),
        ("waves", {"platform": "gbol", "cause": "billing", "share": True}, '"share" is'),
        ("waves", [], "not valid"),
    ],
)
def test_an_order_that_cannot_be_understood_is_refused_with_a_sentence(
    what: str, body: object, words: str
) -> None:
    world = world_at(StoppedClock())
    status, told = call(world, "POST", f"/_sandbox/{what}", body)
    assert status == 400
    assert words in told["error"]
    assert world.weather == Weather()
    assert send(world, "/companies", '{"name":"Still here"}')[0] == 200
