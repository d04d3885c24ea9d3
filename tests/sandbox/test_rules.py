"""Codat's rules of the daily sync (docs: scheduling, error documentation), each told as a story."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.outcomes import NOT_CONNECTED, OVERLAPS
from sandbox.schedule import DAY
from sandbox.syncs import Sync
from sandbox.world import World
from tests.sandbox.worlds import NOON, StoppedClock, a_merchant, ended, historic, latest, world_at


def configured(
    world: World, company_id: str, *, start: str, hour: int = 0, zone: str | None = None, enabled: bool = True
) -> None:
    schedule = {"start_date": start, "hour": hour, "zone": zone, "frequency": "Daily"}
    body: dict[str, Any] = {"enabled": enabled, "configured": True, "books_name": "", "settings": None}
    world.record(company_id, "configuration", body | {"schedule": schedule})


def linked(world: World, company_id: str, *keys: str, status: str = "Linked") -> None:
    for key in keys:
        world.record(company_id, "connection", {"id": key, "platform": key, "status": status})


def a_newcomer(world: World) -> str:
    company_id = world.create({"name": "Newcomer", "description": None, "tags": {}})
    linked(world, company_id, "fztf", "gbol")
    return company_id


def windows(syncs: list[Sync]) -> list[tuple[datetime, datetime]]:
    return [(sync.start, sync.finish) for sync in syncs]


def test_the_worked_example_of_the_first_periods() -> None:
    """Now 13 July 16:00, start date 1 May, hour 0: 1 May to 14 July comes first, then 14 to 15 July (Codat docs)."""
    clock = StoppedClock(datetime(2026, 7, 13, 16, tzinfo=UTC))
    world = world_at(clock)
    company_id = a_newcomer(world)
    configured(world, company_id, start="2026-05-01")
    clock.passes(days=2)
    first, second = world.timeline(company_id).syncs
    may, july = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 7, 14, tzinfo=UTC)
    assert windows([first, second]) == [(may, july), (july, july + DAY)]
    assert first.at > july
    assert [sync.outcome.code for sync in (first, second)] == [2000, 2000]


def test_the_run_comes_after_the_due_time_and_the_window_ends_at_the_due_time_all_the_same() -> None:
    world = world_at(StoppedClock(), merchants=200)
    late = max(world.of_kind("healthy"), key=lambda merchant: merchant.delay[0])
    for before, sync in pairwise(world.timeline(late.company_id).syncs):
        assert sync.at - sync.finish > timedelta(hours=1)
        assert sync.finish - before.finish in (DAY, DAY - timedelta(hours=1), DAY + timedelta(hours=1))


def test_an_hour_later_on_the_same_day_is_the_next_due_time() -> None:
    clock = StoppedClock(datetime(2026, 7, 13, 16, tzinfo=UTC))
    world = world_at(clock)
    company_id = a_newcomer(world)
    configured(world, company_id, start="2026-07-01")
    clock.passes(days=1)
    configured(world, company_id, start="2026-07-01", hour=18)
    clock.passes(hours=14)
    first, second = world.timeline(company_id).syncs
    assert second.finish == datetime(2026, 7, 14, 18, tzinfo=UTC)
    assert second.start == first.finish
    assert first.sync_id != second.sync_id


def test_a_start_date_with_an_hour_of_its_own_is_taken_at_its_word() -> None:
    clock = StoppedClock(datetime(2026, 7, 13, 16, tzinfo=UTC))
    world = world_at(clock)
    company_id = a_newcomer(world)
    configured(world, company_id, start="2026-05-01T10:00:00+02:00")
    assert world.timeline(company_id).next_start() == datetime(2026, 5, 1, 8, tzinfo=UTC)


def test_latest_goes_from_the_last_success_and_the_next_daily_run_from_there() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=200)
    company_id = a_merchant(world, "archived_customer", rerun="succeeds")
    latest(world, company_id)
    asked = ended(world, clock, company_id)
    clock.passes(days=1)
    after = next(sync for sync in world.timeline(company_id).syncs if sync.scheduled and sync.at > asked.at)
    assert (asked.finish, after.start) == (NOON, NOON)


def test_a_daily_run_that_meets_a_sync_that_was_asked_for_ends_in_the_overlap() -> None:
    clock = StoppedClock()
    world = world_at(clock, speed=0.001)
    company_id = a_merchant(world, "no_message")
    latest(world, company_id)
    clock.passes(days=1)
    met = next(sync for sync in world.timeline(company_id).syncs if sync.scheduled and sync.at > NOON)
    assert met.outcome == OVERLAPS


def test_and_what_is_asked_for_while_a_daily_run_goes_ends_so_too() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "slow")
    assert world.timeline(company_id).running()
    latest(world, company_id)
    assert ended(world, clock, company_id).outcome == OVERLAPS


def test_only_daily_runs_count_for_the_31_days() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=400)
    company_id = a_merchant(world, "missing_customer", rerun="same error")
    failed = world.timeline(company_id).failed_days
    for _ in range(40):
        latest(world, company_id)
        clock.passes(minutes=9)
    assert world.timeline(company_id).failed_days == failed
    assert world.timeline(company_id).card.enabled


def test_a_success_that_was_asked_for_begins_the_31_days_anew() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=400)
    company_id = a_merchant(world, "near_fuse", rerun="succeeds")
    latest(world, company_id)
    assert ended(world, clock, company_id).outcome.is_success
    assert world.timeline(company_id).failed_days == 0


def test_who_was_switched_off_and_is_switched_on_again_has_31_days_more() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=400)
    merchant = next(m for m in world.of_kind("switched_off") if not m.fixed)
    timeline = world.timeline(merchant.company_id)
    assert (timeline.failed_days, timeline.card.enabled) == (31, False)
    configured(world, merchant.company_id, start=timeline.card.schedule.start_date)
    assert world.timeline(merchant.company_id).failed_days == 0
    clock.passes(days=29.5)
    assert world.timeline(merchant.company_id).card.enabled
    clock.passes(days=3)
    assert not world.timeline(merchant.company_id).card.enabled


def test_and_may_move_the_start_date_past_what_was_entered_by_hand() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=400)
    merchant = next(m for m in world.of_kind("switched_off") if m.fixed)
    configured(world, merchant.company_id, start="2026-11-18", zone="Etc/UTC")
    moved = datetime(2026, 11, 18, tzinfo=UTC)
    assert world.timeline(merchant.company_id).next_start() == moved
    clock.passes(days=2)
    first, second = [s for s in world.timeline(merchant.company_id).syncs if s.at > NOON]
    assert (first.start, first.outcome.is_success) == (moved, True)
    assert second.start == first.finish


def test_a_start_date_moved_in_passing_changes_nothing_after_the_first_sync() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "healthy")
    before = world.timeline(company_id).next_start()
    configured(world, company_id, start="2026-11-25")
    assert world.timeline(company_id).next_start() == before


def test_a_deleted_connection_fails_one_run_for_want_of_two_and_then_nothing_is_tried() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "disconnected")
    assert len(world.card(company_id).connections) == 1
    syncs = world.timeline(company_id).syncs
    assert [sync.outcome for sync in syncs].count(NOT_CONNECTED) == 1
    assert syncs[-1].outcome == NOT_CONNECTED
    clock.passes(days=5)
    assert world.timeline(company_id).syncs == syncs


def test_one_failed_item_makes_the_whole_sync_failed_though_others_were_written() -> None:
    world = world_at(StoppedClock())
    timeline = world.timeline(a_merchant(world, "partial"))
    outcome = timeline.syncs[-1].outcome
    assert (outcome.code, outcome.pushed, outcome.is_success) == (5130, True, False)
    assert timeline.synced_to is not None
    assert timeline.synced_to < timeline.syncs[-1].finish


@pytest.mark.parametrize("days", [3, 45, pytest.param(366, marks=pytest.mark.slow)])
def test_a_world_whose_clock_jumps_is_the_one_in_which_each_day_was_lived(days: int) -> None:
    clock = StoppedClock()
    lived, jumped = world_at(clock), world_at(clock)
    for _ in range(days):
        clock.passes(days=1)
        for company_id in lived.company_ids():
            lived.timeline(company_id)
    for company_id in lived.company_ids():
        one, other = lived.timeline(company_id), jumped.timeline(company_id)
        assert one.syncs == other.syncs
        assert (one.failed_days, one.synced, one.card) == (other.failed_days, other.synced, other.card)


def test_days_that_were_asked_for_leave_the_rest_of_a_gap_to_whoever_asks_for_it() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=200)
    company_id = a_merchant(world, "archived_customer", rerun="succeeds")
    gap = world.timeline(company_id).next_start()
    assert NOON - gap > DAY * 1.5
    historic(world, company_id, NOON - DAY, NOON)
    assert ended(world, clock, company_id).outcome.is_success
    assert world.timeline(company_id).next_start() == NOON
    historic(world, company_id, gap, NOON - DAY)
    assert ended(world, clock, company_id).outcome.is_success
