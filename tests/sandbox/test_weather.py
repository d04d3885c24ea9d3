"""Outages and waves: what befalls many merchants at once, ordered at the start or while the sandbox runs."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.app import App
from sandbox.exchange import Request
from sandbox.outcomes import BILLING, SERVER_ERROR
from sandbox.schedule import DAY
from sandbox.syncs import Sync
from sandbox.weather import Outage, Weather
from sandbox.world import World
from tests.sandbox.worlds import BASIC, NOON, StoppedClock, a_merchant, latest, read, send, world_at

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


# Outages


def test_in_an_outage_no_scheduled_run_starts_and_after_it_they_follow() -> None:
    clock = StoppedClock()
    world, calm = world_at(clock, merchants=300), world_at(clock, merchants=300)
    outage(world, hours=18)
    clock.passes(days=2)
    end = NOON + HOUR * 18
    held = 0
    for merchant in calm.of_kind("healthy"):
        would = [sync.at for sync in calm.timeline(merchant.company_id).syncs if sync.at > NOON]
        did = [sync for sync in world.timeline(merchant.company_id).syncs if sync.at > NOON]
        assert not [sync for sync in did if sync.at < end]
        if len(did) < len(would):
            # Held up beyond the next due time, it was left to the next.
            assert did[0].finish - did[0].start > DAY
            continue
        held += would[0] < end
        assert did[0].at == would[0] if would[0] > end else end < did[0].at < end + HOUR * 12
    assert held > 100, held


def test_runs_held_up_come_after_it_each_with_its_own_delay_not_all_at_once() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=300)
    outage(world, hours=18)
    clock.passes(days=2)
    firsts = [
        next(sync.at for sync in world.timeline(merchant.company_id).syncs if sync.at > NOON + HOUR * 18)
        for merchant in world.of_kind("healthy")
    ]
    assert len(set(firsts)) == len(firsts)


def test_after_days_of_outage_one_run_makes_up_for_all_of_them() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "quiet")
    before = world.timeline(company_id).syncs[-1]
    outage(world, hours=24 * 4)
    clock.passes(days=5)
    made_up = next(sync for sync in world.timeline(company_id).syncs if sync.at > NOON)
    assert made_up.start == before.finish
    assert made_up.finish - made_up.start >= DAY * 4
    assert made_up.outcome.is_success


def test_what_runs_stands_still_and_goes_on_afterwards() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "flaky")
    latest(world, company_id)
    clock.passes(seconds=40)
    outage(world, hours=1)
    clock.passes(minutes=59)
    assert world.timeline(company_id).syncs[-1].state(clock.now()).code == 1010
    clock.passes(minutes=6)
    assert world.timeline(company_id).syncs[-1].state(clock.now()).is_success


def test_or_it_fails_as_the_outage_begins() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "flaky")
    latest(world, company_id)
    clock.passes(seconds=40)
    outage(world, hours=1, running="fails")
    clock.passes(seconds=1)
    timeline = world.timeline(company_id)
    assert timeline.syncs[-1].state(clock.now()) == SERVER_ERROR
    assert timeline.synced_to is not None
    assert timeline.synced_to < NOON


def test_what_is_asked_for_in_an_outage_waits_for_its_end() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "flaky")
    outage(world, hours=1)
    clock.passes(minutes=5)
    assert latest(world, company_id)[0] == 200
    clock.passes(minutes=54)
    state = world.timeline(company_id).syncs[-1].state(clock.now())
    assert (state.code, state.text) == (1010, "Started")
    clock.passes(minutes=6)
    assert world.timeline(company_id).syncs[-1].state(clock.now()).is_success


def test_outages_that_overlap_are_not_counted_twice() -> None:
    spans = [(0, 4), (2, 6), (3, 5), (20, 21)]
    weather = Weather(tuple(Outage(NOON + HOUR * a, NOON + HOUR * b) for a, b in spans))
    sync = Sync(NOON - HOUR, NOON - DAY, NOON, BILLING, bytes(32), seconds=7200, weather=weather)
    assert sync.ended == NOON + HOUR * 7
    assert weather.worked(NOON - HOUR, NOON + HOUR * 5) == HOUR
    assert weather.worked(NOON - HOUR, NOON + HOUR * 22) == HOUR * 16


def test_the_api_may_be_out_too_and_what_is_posted_then_is_not_applied() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "flaky")
    outage(world, hours=1, api=True)
    assert read(world, f"/companies/{company_id}")["statusCode"] == 503
    status, body = latest(world, company_id)
    assert (status, body["canBeRetried"], body["detailedErrorCode"]) == (503, "Unknown", 0)
    assert call(world, "GET", "/_sandbox/outages")[0] == 200
    clock.passes(hours=1)
    assert read(world, f"/companies/{company_id}")["id"] == company_id
    assert world.timeline(company_id).asked == 0


def test_an_outage_that_is_called_off_ends_at_once_and_what_was_held_up_follows() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "quiet")
    runs = world.timeline(company_id).history.length
    outage(world, hours=24 * 20, api=True)
    clock.passes(days=1)
    assert world.timeline(company_id).history.length == runs
    assert call(world, "DELETE", "/_sandbox/outages") == (204, None)
    assert call(world, "GET", "/_sandbox/outages") == (200, [])
    clock.passes(hours=14)
    assert world.timeline(company_id).history.length > runs
    assert world.timeline(company_id).syncs[-1].at > NOON + DAY
    assert not world.weather.api_is_out(clock.now())


# Waves


def test_a_wave_hits_its_share_of_the_merchants_of_one_platform_and_nobody_else() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=1500)
    wave(world, platform="gbol", cause="billing", share=0.4, until=(NOON + DAY * 2).isoformat())
    clock.passes(days=1.5)
    failed = Counter[bool]()
    xero = on_platform(world, "gbol")
    for company_id in xero:
        failed[world.timeline(company_id).syncs[-1].outcome == BILLING] += 1
    assert failed[True] / len(xero) == pytest.approx(0.4, abs=0.07)
    for company_id in on_platform(world, "qhyg"):
        assert world.timeline(company_id).syncs[-1].outcome != BILLING


def test_the_same_merchants_are_hit_on_each_day_and_by_a_re_run() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=300)
    wave(world, platform="gbol", cause="archived_account", share=0.5)
    clock.passes(days=3.5)
    for company_id in on_platform(world, "gbol"):
        last_three = [sync.outcome for sync in world.timeline(company_id).syncs[-3:]]
        hit = {outcome.code == 5130 for outcome in last_three}
        assert len(hit) == 1
        latest(world, company_id)
        assert (world.timeline(company_id).syncs[-1].outcome.code == 5130) in hit
        if hit == {True}:
            assert len({outcome.message for outcome in last_three}) == 1
            assert "{" not in (last_three[0].message or "")


def test_after_a_wave_the_next_run_makes_up_for_it() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=300)
    wave(world, platform="gbol", cause={"code": 5000}, share=1, until=(NOON + DAY * 3).isoformat())
    before = {company_id: world.timeline(company_id).synced_to for company_id in on_platform(world, "gbol")}
    clock.passes(days=5)
    for company_id, synced_to in before.items():
        success = next(s for s in world.timeline(company_id).syncs if s.at > NOON and s.outcome.is_success)
        assert success.start == synced_to
        assert success.finish - success.start > DAY * 2


def test_a_cause_of_ones_own_is_told_word_for_word() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=300)
    cause = {"code": 4999, "text": "Odd", "message": "20% {of} it"}
    wave(world, platform="gbol", cause=cause)
    company_id = on_platform(world, "gbol")[0]
    latest(world, company_id)
    outcome = world.timeline(company_id).syncs[-1].outcome
    assert (outcome.code, outcome.text, outcome.message) == (4999, "Odd", "20% {of} it")
    assert call(world, "GET", "/_sandbox/waves")[1][0]["cause"] == cause


def test_a_wave_that_is_called_off_hits_nobody_any_more() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=300)
    wave(world, platform="gbol", cause="billing")
    clock.passes(days=1.5)
    call(world, "DELETE", "/_sandbox/waves")
    company_id = on_platform(world, "gbol")[0]
    assert world.timeline(company_id).syncs[-1].outcome == BILLING
    latest(world, company_id)
    assert world.timeline(company_id).syncs[-1].outcome.is_success


# Histories that are made when somebody asks


def test_it_makes_no_difference_who_was_looked_at_before_or_between() -> None:
    def story(*, looking: bool) -> list[object]:
        clock = StoppedClock()
        world = world_at(clock, merchants=150)
        steps = (
            lambda: outage(world, hours=16),
            lambda: wave(world, platform="gbol", cause="billing", share=0.5),
            lambda: outage(world, hours=60, running="fails"),
            lambda: call(world, "DELETE", "/_sandbox/outages"),
            lambda: call(world, "DELETE", "/_sandbox/waves"),
        )
        for step in steps:
            if looking:
                everything(world)
            step()
            clock.passes(hours=31)
        return everything(world)

    assert story(looking=True) == story(looking=False)


def test_what_was_told_before_stays_as_it_was() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=150)
    before = everything(world)
    outage(world, hours=40)
    wave(world, platform="gbol", cause="billing", share=0.5)
    assert everything(world) == before


# Orders


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
    assert BASIC
