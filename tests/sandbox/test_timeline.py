"""A merchant's life, day by day, with a clock that stands still."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from sandbox.cards import Event
from sandbox.outcomes import NOT_CONFIGURED, SERVER_ERROR
from sandbox.schedule import DAY, due, sales_days
from sandbox.syncs import Sync
from sandbox.timeline import Timeline
from sandbox.world import World
from tests.sandbox.worlds import NOON, StoppedClock, a_merchant, world_at


@pytest.mark.parametrize(
    ("after", "code", "text"),
    [
        (0, 1000, "NotStarted"),
        (19.9, 1000, "NotStarted"),
        (20, 1000, "Started"),
        (299, 1000, "Started"),
        (300, 1000, "Pushing"),
        (600, 1000, "Pushing"),
        (601, 1010, "Pushing"),
        (899, 1010, "Pushing"),
        (900, 5000, "Error"),
    ],
)
def test_a_sync_is_told_by_how_long_it_has_been_running(after: float, code: int, text: str) -> None:
    sync = Sync(NOON, NOON - DAY, NOON, SERVER_ERROR, bytes(32), seconds=900)
    state = sync.state(NOON + timedelta(seconds=after))
    assert (state.code, state.text) == (code, text)


def test_a_sync_that_is_long_in_starting_says_so() -> None:
    sync = Sync(NOON, NOON - DAY, NOON, NOT_CONFIGURED, bytes(32), seconds=9000)
    state = sync.state(NOON + timedelta(minutes=11))
    assert (state.code, state.text) == (1010, "Started")


def test_what_fails_in_validation_never_pushes() -> None:
    sync = Sync(NOON, NOON - DAY, NOON, NOT_CONFIGURED, bytes(32), seconds=90)
    assert {sync.state(NOON + timedelta(seconds=age)).text for age in range(91)} == {
        "NotStarted", "Started", "ValidateError",
    }  # fmt: skip


def test_the_sync_hour_is_the_merchants_hour_also_when_clocks_change() -> None:
    assert due(datetime(2026, 3, 28), 3, "Europe/London") == datetime(2026, 3, 28, 3, tzinfo=UTC)
    assert due(datetime(2026, 3, 29), 3, "Europe/London") == datetime(2026, 3, 29, 2, tzinfo=UTC)
    assert due(datetime(2026, 3, 29), 3, None) == datetime(2026, 3, 29, 3, tzinfo=UTC)


def test_a_window_holds_the_days_whose_noon_is_in_it() -> None:
    start = datetime(2026, 11, 16, 6, tzinfo=UTC)
    assert [day.day for day in sales_days(start, start + DAY, None)] == [16]
    assert [day.day for day in sales_days(start, start + DAY * 3, None)] == [16, 17, 18]
    assert [day.day for day in sales_days(start, start + timedelta(hours=1), None)] == [16]


def test_each_run_begins_where_the_last_success_ended_so_a_failed_day_is_made_up_for() -> None:
    world = world_at(StoppedClock())
    timeline = world.timeline(a_merchant(world, "flaky"))
    assert any(not sync.outcome.is_success for sync in timeline.syncs)
    for before, after in pairwise(timeline.syncs):
        assert after.start == (before.finish if before.outcome.is_success else before.start)
        assert after.finish == before.finish + DAY or after.finish - before.finish in (
            DAY,
            DAY + timedelta(hours=1),
        )


def test_runs_start_after_their_due_time_around_the_merchants_usual_delay() -> None:
    world = world_at(StoppedClock(), merchants=200)
    for merchant in list(world.of_kind("healthy"))[:20]:
        delays = [
            (sync.at - sync.finish).total_seconds() for sync in world.timeline(merchant.company_id).syncs
        ]
        mean, spread = merchant.delay
        assert min(delays) > 0
        assert abs(sum(delays) / len(delays) - mean) < spread
        assert len(set(delays)) == len(delays)


def test_a_new_day_brings_a_new_run() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "healthy")
    before = len(world.timeline(company_id).syncs)
    clock.passes(days=10)
    assert len(world.timeline(company_id).syncs) == before + 10


def test_after_31_failed_days_in_a_row_codat_switches_the_merchant_off() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=400)
    timeline = world.timeline(a_merchant(world, "near_fuse", rerun="same error"))
    assert 25 <= timeline.failed_days <= 30
    assert timeline.card.enabled
    clock.passes(days=10)
    timeline.advance(clock.now())
    assert (timeline.failed_days, timeline.card.enabled) == (31, False)
    assert timeline.syncs[-1].at < clock.now() - DAY * 3


def test_a_success_on_the_last_days_saves_the_merchant_from_that() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=400)
    timeline = world.timeline(a_merchant(world, "near_fuse", rerun="succeeds"))
    assert timeline.failed_days >= 25
    clock.passes(days=10)
    timeline.advance(clock.now())
    assert (timeline.failed_days, timeline.card.enabled) == (0, True)


def test_a_switched_off_merchant_has_31_failures_and_then_nothing() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    timeline = world.timeline(a_merchant(world, "switched_off"))
    assert not timeline.card.enabled
    assert all(not sync.outcome.is_success for sync in timeline.syncs[-31:])
    assert timeline.syncs[-32].outcome.is_success
    assert timeline.syncs[-1].at < clock.now() - DAY * 3


@pytest.mark.parametrize(("kind", "code"), [("deauthorized", 4040), ("unlinked", 4220)])
def test_a_severed_merchant_fails_once_and_is_not_tried_again(kind: str, code: int) -> None:
    clock = StoppedClock()
    world = world_at(clock)
    timeline = world.timeline(a_merchant(world, kind))
    assert timeline.syncs[-1].outcome.code == code
    assert [sync.outcome.code for sync in timeline.syncs].count(code) == 1
    clock.passes(days=7)
    runs = len(timeline.syncs)
    assert len(timeline.advance(clock.now()).syncs) == runs


def test_once_it_is_linked_again_the_runs_go_on_and_cover_the_gap() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "deauthorized")
    timeline = world.timeline(company_id)
    last_success = timeline.synced_to
    lost = next(link for link in timeline.card.connections.values() if link.status == "Deauthorized")
    world.record(company_id, "connection", {"id": lost.id, "platform": lost.key, "status": "Linked"})
    clock.passes(days=2)
    runs = [sync for sync in world.timeline(company_id).syncs if sync.at > NOON]
    assert len(runs) == 2
    assert (runs[0].outcome.code, runs[0].start) == (2000, last_success)


def test_a_later_sync_hour_moves_the_next_run_and_never_makes_one_up() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "healthy")
    timeline = world.timeline(company_id)
    runs = len(timeline.syncs)
    schedule = {"start_date": "2026-01-01", "hour": 6, "zone": None, "frequency": "Daily"}
    body = {"enabled": True, "configured": True, "books_name": "", "settings": None, "schedule": schedule}
    timeline.add(Event(clock.now(), "configuration", body))
    assert len(timeline.syncs) == runs
    clock.passes(days=1)
    timeline.advance(clock.now())
    assert timeline.syncs[-1].finish == datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert len(timeline.syncs) == runs + 1


def test_a_hanging_run_stays_at_1010_until_shortly_before_the_next() -> None:
    clock = StoppedClock()
    world = world_at(clock, speed=1000)
    timeline = world.timeline(a_merchant(world, "slow"))
    hanging = timeline.syncs[-1]
    assert hanging.state(clock.now()).code == 1010
    clock.passes(days=2)
    following = next(sync for sync in timeline.advance(clock.now()).syncs if sync.at > hanging.at)
    assert hanging.state(following.at - timedelta(minutes=11)).code == 1010
    assert hanging.state(following.at).is_success


@pytest.mark.parametrize("hour", range(24))
def test_whenever_the_world_is_born_the_slow_one_hangs(hour: int) -> None:
    clock = StoppedClock(NOON.replace(hour=hour))
    world = world_at(clock, merchants=400)
    for merchant in world.of_kind("slow"):
        hanging = world.timeline(merchant.company_id).syncs[-1]
        assert hanging.state(clock.now()).code == 1010
        assert hanging.state(clock.now() + timedelta(hours=3)).code == 1010


@pytest.mark.slow
@pytest.mark.parametrize("speed", [1.0, pytest.param(0.004, marks=pytest.mark.long), 0.001])
def test_days_that_are_passed_over_are_told_as_if_each_had_been_folded(
    monkeypatch: pytest.MonkeyPatch, speed: float
) -> None:
    def told(world: World) -> list[tuple[object, ...]]:
        timelines = map(world.timeline, world.company_ids())
        return [
            (list(t.syncs), list(t.synced), t.failed_days, repr(t.card), t.history.length) for t in timelines
        ]

    clock = StoppedClock()
    quick = world_at(clock, merchants=200, speed=speed)
    clock.passes(days=20)
    early = told(quick)
    clock.passes(days=400)
    late = told(quick)
    monkeypatch.setattr(Timeline, "_pass_plain_days", lambda self, now: False)
    clock.moment = NOON
    slow = world_at(clock, merchants=200, speed=speed)
    clock.passes(days=20)
    assert early == told(slow)
    clock.passes(days=400)
    assert late == told(slow)


def test_who_asks_for_the_newest_sync_makes_the_newest_and_no_other() -> None:
    world = world_at(StoppedClock(), merchants=400)
    timeline = world.timeline(a_merchant(world, "healthy"))
    assert sum(isinstance(part, Sync) for part in timeline.history._parts) < 5
    assert next(timeline.history.backwards()) == timeline.syncs[-1]
    assert len(timeline.syncs) == timeline.history.length


def test_a_list_tells_of_days_that_were_only_noted_what_their_syncs_tell() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=100)
    now = clock.now()
    for timeline in map(world.timeline, world.company_ids()):
        listed = timeline.history.told(now)
        assert listed == [(sync.raw, sync.at, sync.state(now)) for sync in timeline.syncs]
