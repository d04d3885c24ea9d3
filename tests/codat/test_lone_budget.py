"""The budget of a clock without Redis: so few calls in any sixty seconds, and a turn for everybody."""

from datetime import UTC, datetime, timedelta

import pytest

from syncs.codat.budget import LocalBudget
from syncs.codat.errors import Later
from syncs.codat.lone_budget import LoneBudget, Stops
from syncs.codat.pace import Purpose
from syncs.codat.quota import Quota
from tests.codat.test_budget import READ, SEND, taken
from tests.codat.test_local_budget import NOON, Clock

BULK = Purpose.BULK
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> LoneBudget:
    return LoneBudget(per_minute=30, clock=clock)


def sends(budget: LocalBudget, purpose: Purpose) -> bool:
    """Whether one may go: its look and its POST."""
    try:
        return not budget.take(purpose, calls=2)
    except Later:
        return False


@pytest.mark.parametrize("purposes", [[SEND], [BULK], [READ], [SEND, READ], [BULK, READ, READ]])
@pytest.mark.parametrize("late", [0, 25, 59])
def test_no_sixty_seconds_hold_more_than_thirty_calls_also_where_a_post_comes_late(
    clock: Clock, budget: LoneBudget, purposes: list[Purpose], late: int
) -> None:
    """There is one hand: while a POST is late, nobody else calls."""
    calls: list[float] = []
    while clock.now < NOON.timestamp() + 600:
        for purpose in purposes:
            if purpose is READ:
                calls += [clock.now] * taken(budget, READ, most=1)
            elif sends(budget, purpose):
                calls.append(clock.now)
                clock.now += late
                calls.append(clock.now)
        clock.now += 0.1
    busiest = max(sum(start <= call < start + 60 for call in calls) for start in calls)
    assert busiest <= 30
    assert late or busiest >= 27


@pytest.mark.parametrize("purpose", [SEND, BULK])
def test_who_sends_without_end_leaves_each_read_its_turn_within_seconds(
    clock: Clock, budget: LoneBudget, purpose: Purpose
) -> None:
    for _ in range(10):
        while sends(budget, purpose):
            pass
        with pytest.raises(Later) as refused:
            budget.take(READ)
        assert refused.value.retry_after < 10
        clock.now += refused.value.retry_after
        budget.take(READ)


def test_a_single_call_of_a_send_need_not_wait_for_the_read_before_it(
    clock: Clock, budget: LoneBudget
) -> None:
    budget.take(READ)
    budget.take(SEND, may_probe=False)
    with pytest.raises(Later, match="spread out"):
        budget.take(SEND, may_probe=False)


@pytest.mark.parametrize("purpose", [SEND, BULK, READ])
def test_while_others_know_of_a_pause_nobody_calls_nor_asks(clock: Clock, purpose: Purpose) -> None:
    budget = LoneBudget(per_minute=30, clock=clock, of_others=lambda: Stops(paused_until=NOON + 50 * MINUTE))
    for _ in range(50):
        with pytest.raises(Later, match="Codat asked us to pause"):
            budget.take(purpose)
        clock.now += 60
    assert budget.take(purpose) is False


def test_while_others_keep_what_is_left_for_sends_only_they_call(clock: Clock) -> None:
    budget = LoneBudget(per_minute=30, clock=clock, of_others=lambda: Stops(kept_until=NOON + 50 * MINUTE))
    with pytest.raises(Later, match="kept for sync requests"):
        budget.take(READ)
    assert sends(budget, SEND)
    clock.now += 3000
    budget.take(READ)


def test_what_others_know_is_no_word_of_its_own(clock: Clock) -> None:
    """Else two clocks would keep each other's pause for ever."""
    budget = LoneBudget(per_minute=30, clock=clock, of_others=lambda: Stops(NOON + MINUTE, NOON + MINUTE))
    assert (budget.state().stopped_until, budget.state().kept_until) == (None, None)


def test_what_its_own_answers_say_holds_beside_it(clock: Clock, budget: LoneBudget) -> None:
    budget.heard(Quota(1000, 80, datetime(2026, 11, 22, tzinfo=UTC)))
    clock.now += 1
    with pytest.raises(Later, match="kept for sync requests"):
        budget.take(READ)
    assert sends(budget, BULK)
