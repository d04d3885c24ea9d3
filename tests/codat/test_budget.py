"""The rules of the budget, held by the one in memory and by the one in Redis alike."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from syncs.codat import budget as budget_module
from syncs.codat import shared_budget
from syncs.codat.budget import Budget, LocalBudget
from syncs.codat.errors import Later
from syncs.codat.pace import Purpose
from syncs.codat.quota import Quota
from syncs.codat.shared_budget import SharedBudget

READ, BULK, SEND = Purpose.READ, Purpose.BULK, Purpose.SEND
MakeBudget = Callable[..., Budget]


@pytest.fixture(params=["in memory", "in Redis"])
def make(request: pytest.FixtureRequest) -> MakeBudget:
    if request.param == "in memory":
        return LocalBudget
    redis: Redis = request.getfixturevalue("redis")
    return lambda **options: SharedBudget(redis, **options)


def taken(budget: Budget, purpose: Purpose, most: int = 50) -> int:
    """How many calls may be made at once."""
    for count in range(most):
        try:
            budget.take(purpose)
        except Later:
            return count
    return most


def refusal(budget: Budget, purpose: Purpose) -> Later:
    with pytest.raises(Later) as caught:
        budget.take(purpose)
    return caught.value


def in_hours(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def test_ten_reads_at_once_then_they_are_spread(make: MakeBudget) -> None:
    budget = make(per_minute=6)
    assert taken(budget, READ) == 10
    wait = refusal(budget, READ)
    assert 8 < wait.retry_after <= 10
    assert wait.http_status is None


def test_sends_go_ahead_when_reads_have_used_the_burst_up(make: MakeBudget) -> None:
    budget = make(per_minute=6)
    assert taken(budget, READ) == 10
    assert taken(budget, SEND) == 10
    assert refusal(budget, SEND).retry_after > 1
    assert refusal(budget, READ).retry_after > 100


def test_a_bulk_goes_before_reads_and_leaves_room_for_single_presses(make: MakeBudget) -> None:
    budget = make(per_minute=6)
    assert taken(budget, READ) == 10
    assert taken(budget, BULK) == 5
    assert taken(budget, SEND) == 5


def test_a_look_takes_the_call_of_its_post_too(make: MakeBudget) -> None:
    budget = make(per_minute=6)
    for _ in range(5):
        budget.take(READ, calls=2)
    assert 8 < refusal(budget, READ).retry_after <= 10


def test_whether_calls_are_stopped_is_asked_without_a_call(make: MakeBudget) -> None:
    budget = make(per_minute=6)
    assert taken(budget, SEND) == 20
    budget.take(SEND, may_probe=False, calls=0)
    assert 8 < refusal(budget, SEND).retry_after <= 10
    budget.slow_down(30)
    with pytest.raises(Later, match="asked us to pause"):
        budget.take(SEND, may_probe=False, calls=0)


@pytest.mark.parametrize("per_minute", [1, 7, 13, 59])
def test_the_borrowed_part_ends_at_any_pace(make: MakeBudget, per_minute: int) -> None:
    assert taken(make(per_minute=per_minute), SEND, most=100) == 20


def test_nobody_calls_during_a_pause(make: MakeBudget) -> None:
    budget = make(per_minute=60_000)
    budget.slow_down(30)
    for purpose in (READ, SEND):
        assert 29 < refusal(budget, purpose).retry_after <= 30
    paused_until = budget.state().paused_until
    assert paused_until
    assert timedelta(seconds=25) < paused_until - datetime.now(UTC) < timedelta(seconds=31)


def test_a_shorter_pause_does_not_shorten_a_longer_one(make: MakeBudget) -> None:
    budget = make()
    budget.slow_down(50)
    budget.slow_down(5)
    assert refusal(budget, SEND).retry_after > 48


@pytest.mark.parametrize("seconds", [61, 600, 3600])
def test_a_pause_is_kept_to_the_letter(make: MakeBudget, seconds: int) -> None:
    budget = make()
    budget.slow_down(seconds)
    for purpose in (READ, SEND):
        assert seconds - 1 < refusal(budget, purpose).retry_after <= seconds


def test_also_where_the_day_reads_as_spent(make: MakeBudget) -> None:
    budget = make()
    budget.slow_down(600)
    budget.heard(Quota(1000, 0, in_hours(1)))
    assert 599 < refusal(budget, READ).retry_after <= 600


def test_a_pause_without_a_time_is_asked_about_within_a_minute(make: MakeBudget) -> None:
    budget = make()
    budget.slow_down(None)
    assert 59 < refusal(budget, READ).retry_after <= 60
    stopped_until = budget.state().stopped_until
    assert stopped_until
    assert timedelta(minutes=59) < stopped_until - datetime.now(UTC) < timedelta(minutes=61)


def test_a_pause_that_proved_over_is_over_for_everybody(make: MakeBudget) -> None:
    budget = make()
    budget.slow_down(None)
    budget.resume()
    assert not budget.take(READ)
    assert budget.state().stopped_until is None


def test_while_somebody_asks_the_others_come_back_soon(
    make: MakeBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they would wait for another minute, though the answer is there in a moment."""
    for module in (budget_module, shared_budget):
        monkeypatch.setattr(module, "PROBE_EVERY", 0.0)
    budget = make()
    budget.slow_down(None)
    assert budget.take(READ)
    for module in (budget_module, shared_budget):
        monkeypatch.setattr(module, "PROBE_EVERY", 60.0)
    for purpose in (READ, SEND):
        assert 4 < refusal(budget, purpose).retry_after <= 5
    budget.slow_down(None)
    assert refusal(budget, READ).retry_after > 59


def test_one_that_came_meanwhile_with_a_time_is_not(make: MakeBudget) -> None:
    """The read that asked was under way when Codat said how long."""
    budget = make()
    budget.slow_down(600)
    budget.slow_down(None)
    budget.resume()
    assert 599 < refusal(budget, READ).retry_after <= 600


def test_what_is_left_of_the_day_stays_known_when_a_pause_is_over(make: MakeBudget) -> None:
    budget = make(reserve=100)
    budget.heard(Quota(1000, 40, in_hours(1)))
    budget.slow_down(None)
    budget.resume()
    refusal(budget, READ)
    assert not budget.take(SEND)
    assert budget.state().remaining == 40


def test_calls_that_are_answered_although_none_is_left_prove_the_header_wrong(make: MakeBudget) -> None:
    budget = make()
    reset = in_hours(1).replace(microsecond=0)
    budget.heard(Quota(1000, 0, reset))
    assert budget.state().stopped_until == reset
    budget.resume()
    assert not budget.take(SEND)
    assert budget.state().stopped_until is None


@pytest.mark.parametrize("seconds", [-5, 0, 10**9])
def test_a_pause_is_never_longer_than_an_hour_nor_nothing(make: MakeBudget, seconds: float) -> None:
    budget = make()
    budget.slow_down(seconds)
    assert 1 <= refusal(budget, READ).retry_after <= 3600


def test_reads_leave_the_last_of_the_day_to_sends(make: MakeBudget) -> None:
    budget = make(per_minute=60_000, reserve=100)
    budget.heard(Quota(12000, 101, in_hours(1)))
    budget.take(READ)
    budget.heard(Quota(12000, 100, in_hours(1)))
    assert refusal(budget, READ).retry_after > 55
    budget.take(SEND)
    budget.heard(Quota(12000, 0, in_hours(1)))
    assert refusal(budget, SEND).retry_after > 55


def test_a_bulk_leaves_half_of_that_to_single_presses(make: MakeBudget) -> None:
    budget = make(per_minute=60_000, reserve=100)
    budget.heard(Quota(12000, 51, in_hours(1)))
    budget.take(BULK)
    budget.heard(Quota(12000, 50, in_hours(1)))
    assert refusal(budget, BULK).retry_after > 55
    budget.take(SEND)


@pytest.mark.parametrize(
    ("purpose", "told"),
    [
        (READ, "Today's calls to Codat are nearly used up; what is left is kept for sync requests."),
        (BULK, "Today's calls to Codat are nearly used up; what is left is kept for single requests."),
        (SEND, "The API budget for today is spent."),
    ],
)
def test_who_is_held_back_is_told_what_is_true_for_it(make: MakeBudget, purpose: Purpose, told: str) -> None:
    budget = make()
    budget.heard(Quota(12000, 0, in_hours(1)))
    assert refusal(budget, purpose).message == told


def test_news_of_more_opens_the_day_again(make: MakeBudget) -> None:
    budget = make()
    budget.heard(Quota(1000, 0, in_hours(1)))
    refusal(budget, READ)
    budget.heard(Quota(5000, 4000, in_hours(1)))
    budget.take(READ)
    budget.heard(Quota(5000, 0, in_hours(1)))
    budget.heard(Quota(5000, None, None))
    budget.take(READ)


def test_an_answer_without_the_headers_changes_nothing(make: MakeBudget) -> None:
    budget = make()
    budget.heard(Quota(1000, 3, in_hours(1)))
    budget.heard(Quota(None, None, None))
    assert budget.state().remaining == 3


def test_a_quota_without_a_reset_holds_until_midnight(make: MakeBudget) -> None:
    budget = make()
    budget.heard(Quota(1000, 3, None))
    resets_at = budget.state().resets_at
    assert resets_at
    assert (resets_at.hour, resets_at.minute, resets_at.tzinfo) == (0, 0, UTC)
    assert resets_at > datetime.now(UTC)


def test_a_reset_beyond_all_days_is_the_next_midnight(make: MakeBudget) -> None:
    """By a clock that is years ahead it was a good one."""
    budget = make()
    budget.heard(Quota(1000, 3, in_hours(24 * 365)))
    resets_at = budget.state().resets_at
    assert resets_at
    assert (resets_at.hour, resets_at.minute) == (0, 0)
    assert resets_at < in_hours(24)


def test_its_state(make: MakeBudget) -> None:
    budget = make(per_minute=300)
    state = budget.state()
    assert (state.limit, state.remaining, state.resets_at, state.paused_until) == (None,) * 4
    assert state.stopped_until is None
    assert (state.per_minute, state.reachable) == (300, True)
    reset = in_hours(1).replace(microsecond=0)
    budget.heard(Quota(12000, 50, reset))
    state = budget.state()
    assert (state.limit, state.remaining, state.resets_at) == (12000, 50, reset)


def test_what_was_left_yesterday_is_not_known_today(make: MakeBudget) -> None:
    budget = make()
    budget.heard(Quota(1000, 0, datetime.now(UTC) - timedelta(seconds=1)))
    budget.take(READ)
    assert (budget.state().limit, budget.state().remaining) == (1000, None)


def test_a_budget_of_nothing_is_refused(make: MakeBudget) -> None:
    with pytest.raises(ValueError, match="at least one"):
        make(per_minute=0)
