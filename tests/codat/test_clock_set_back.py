"""A pause that was written before the clock was set back holds up nobody, nor says that it does: in both budgets."""

from syncs.codat.budget import Budget
from syncs.codat.pace import Purpose
from tests.codat.test_budget import refusal
from tests.codat.times import Pass
from tests.codat.times import timed as timed

DAY = 24 * 3600.0


def is_going(budget: Budget) -> bool:
    """Calls are made, and pages say so too."""
    budget.take(Purpose.READ)
    return budget.state().stopped_until is None


def test_the_pause_is_over_for_calls_and_for_pages(timed: tuple[Budget, Pass]) -> None:
    budget, pass_ = timed
    budget.slow_down(3000)
    pass_(-DAY)
    assert is_going(budget)


def test_the_end_of_a_later_pause_brings_it_back_at_no_time(timed: tuple[Budget, Pass]) -> None:
    budget, pass_ = timed
    budget.slow_down(3000)
    pass_(-DAY)
    budget.slow_down(None)
    budget.resume()
    pass_(DAY)
    assert is_going(budget)


def test_within_the_hour_it_holds_still(timed: tuple[Budget, Pass]) -> None:
    budget, pass_ = timed
    budget.slow_down(1200)
    pass_(-1800)
    assert refusal(budget, Purpose.READ)
    paused_until = budget.state().paused_until
    budget.resume()
    assert budget.state().paused_until == paused_until
