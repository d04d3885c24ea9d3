"""Days that are synced already, or being synced now, are not synced again (Codat docs, duplication protection)."""

from datetime import datetime, timedelta

import pytest

from sandbox.outcomes import OVERLAPS
from sandbox.schedule import DAY
from tests.sandbox.worlds import NOON, StoppedClock, a_merchant, ended, historic, latest, world_at


def test_days_that_are_synced_already_end_in_the_overlap_error() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "healthy")
    status, summary = historic(world, company_id, NOON - DAY * 9, NOON - DAY * 8)
    assert (status, summary["syncStatusCode"]) == (200, 1000)
    assert ended(world, clock, company_id).outcome == OVERLAPS


@pytest.mark.parametrize("up_to", [None, NOON, NOON + DAY], ids=["no syncTo", "up to now", "beyond now"])
def test_so_does_a_latest_when_everything_up_to_now_is_synced_already(up_to: datetime | None) -> None:
    clock = StoppedClock()
    world = world_at(clock, speed=1e9)
    company_id = a_merchant(world, "flaky")
    body = f'{{"syncTo":"{up_to.isoformat()}"}}' if up_to else ""
    latest(world, company_id)
    assert world.timeline(company_id).synced_to == clock.now()
    assert latest(world, company_id, body)[0] == 200
    assert world.timeline(company_id).syncs[-1].outcome == OVERLAPS
    world.turn({"overlap": "refused"})
    status, refusal = latest(world, company_id, body)
    assert (status, refusal["error"]) == (400, "Date overlaps with a previous sync date range.")


def test_one_second_of_overlap_is_enough_and_touching_is_none() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=200)
    company_id = a_merchant(world, "no_message")
    edge = world.timeline(company_id).synced_to
    assert edge
    historic(world, company_id, edge - timedelta(seconds=1), edge + DAY)
    assert ended(world, clock, company_id).outcome == OVERLAPS
    historic(world, company_id, edge, edge + DAY)
    assert ended(world, clock, company_id).outcome.is_success


def test_a_sync_asked_for_while_one_runs_ends_in_the_overlap_error() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "flaky")
    latest(world, company_id)
    clock.passes(seconds=5)
    latest(world, company_id)
    first, second = world.timeline(company_id).syncs[-2:]
    ended(world, clock, company_id)
    assert (first.outcome.is_success, second.outcome) == (True, OVERLAPS)


def test_a_scheduled_run_that_finds_its_days_synced_ends_in_the_overlap_error() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=200)
    merchant = next(m for m in world.of_kind("healthy") if m.delay[0] > 4000)
    due = world.timeline(merchant.company_id).syncs[-1].finish + DAY
    clock.passes(seconds=(due - clock.now()).total_seconds() + 60)
    latest(world, merchant.company_id)
    clock.passes(hours=20)
    asked, scheduled = world.timeline(merchant.company_id).syncs[-2:]
    assert (asked.scheduled, asked.outcome.is_success) == (False, True)
    assert (scheduled.scheduled, scheduled.outcome) == (True, OVERLAPS)


def test_switches_make_of_an_overlap_a_refusal_or_nothing_at_all() -> None:
    refusing = world_at(StoppedClock(), overlap="refused")
    status, body = historic(refusing, a_merchant(refusing, "healthy"), NOON - DAY * 9, NOON - DAY * 8)
    assert (status, body["error"]) == (400, "Date overlaps with a previous sync date range.")
    allowing = world_at(StoppedClock(), overlap="allowed")
    company_id = a_merchant(allowing, "healthy")
    assert historic(allowing, company_id, NOON - DAY * 9, NOON - DAY * 6)[0] == 200
    assert allowing.timeline(company_id).syncs[-1].outcome.is_success
