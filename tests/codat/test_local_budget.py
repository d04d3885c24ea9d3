"""What takes time, in the budget in memory, whose clock can be set."""

import threading
from datetime import UTC, datetime

import pytest

from syncs.codat.budget import LocalBudget
from syncs.codat.errors import Later
from syncs.codat.pace import Purpose
from syncs.codat.quota import Quota
from tests.codat.test_budget import READ, SEND, refusal, taken

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON.timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("purposes", [[READ], [SEND], [READ, SEND]])
@pytest.mark.parametrize("ceiling", [200, 800, 1000])
def test_no_sixty_seconds_hold_more_calls_than_the_ceiling_and_hardly_fewer(
    clock: Clock, purposes: list[Purpose], ceiling: int
) -> None:
    budget = LocalBudget(per_minute=ceiling, clock=clock)
    calls = []
    for _ in range(6000):
        clock.now += 0.03
        calls += [clock.now] * sum(taken(budget, purpose) for purpose in purposes)
    busiest = max(sum(start <= call < start + 60 for call in calls) for start in calls[::50])
    assert ceiling - 15 <= busiest <= ceiling


def test_sends_are_served_while_reads_press_without_end(clock: Clock) -> None:
    budget = LocalBudget(per_minute=600, clock=clock)
    sent = 0
    for _ in range(600):
        clock.now += 0.11
        taken(budget, READ)
        sent += taken(budget, SEND, most=1)
    assert sent == 600


def test_one_call_a_minute_asks_whether_the_quota_is_still_spent(clock: Clock) -> None:
    budget = LocalBudget(clock=clock)
    budget.heard(Quota(1000, 0, datetime(2026, 11, 22, tzinfo=UTC)))
    asked = {READ: 0, SEND: 0}
    for _ in range(600):
        clock.now += 1
        for purpose in (SEND, READ):
            asked[purpose] += taken(budget, purpose, most=1)
    assert asked[READ] + asked[SEND] == 10


def test_one_read_a_minute_asks_whether_the_pause_still_holds_and_a_write_never_does(clock: Clock) -> None:
    """Where Codat did not say how long it is to be."""
    budget = LocalBudget(clock=clock)
    budget.slow_down(None)
    asked = {READ: 0, SEND: 0}
    for _ in range(3599):
        clock.now += 1
        for purpose in (SEND, READ):
            with pytest.raises(Later, match="Codat asked us to pause"):
                budget.take(Purpose.SEND, may_probe=False)
            try:
                assert budget.take(purpose)
                asked[purpose] += 1
            except Later:
                pass
    assert asked[READ] + asked[SEND] == 59
    clock.now += 2
    assert not budget.take(SEND, may_probe=False)


def test_a_quota_that_was_reset_is_forgotten(clock: Clock) -> None:
    budget = LocalBudget(clock=clock)
    budget.heard(Quota(1000, 0, datetime(2026, 11, 22, tzinfo=UTC)))
    refusal(budget, READ)
    clock.now += 12 * 3600
    assert taken(budget, READ) == 10
    assert budget.state().resets_at is None


def test_a_clock_set_back_blocks_nobody(clock: Clock) -> None:
    budget = LocalBudget(clock=clock)
    taken(budget, SEND)
    budget.slow_down(5)
    clock.now -= 7200
    budget.take(READ)


def test_threads_share_it_without_taking_twice() -> None:
    budget = LocalBudget(per_minute=1)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(taken(budget, READ))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 10


def test_a_wait_is_told_in_plain_words() -> None:
    budget = LocalBudget(per_minute=1)
    taken(budget, READ)
    with pytest.raises(Later, match="spread out to stay under its limit"):
        budget.take(READ)
