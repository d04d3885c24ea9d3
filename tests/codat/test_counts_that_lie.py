"""What Codat says is left of the day and contradicts itself: it costs a minute, and is not believed again that day."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest

from syncs.codat.budget import Budget
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later
from syncs.codat.pace import Purpose
from tests.codat.conftest import make_client
from tests.codat.examples import COMPANY, DONE
from tests.codat.server import Server, Step, says
from tests.codat.test_budget import refusal, taken
from tests.codat.times import Pass
from tests.codat.times import timed as timed

ROUND = 10.0


@pytest.fixture
def budget(timed: tuple[Budget, Pass]) -> Budget:
    return timed[0]


@pytest.fixture
def pass_(timed: tuple[Budget, Pass]) -> Pass:
    return timed[1]


@pytest.fixture
def client(server: Server, budget: Budget) -> Iterator[CodatClient]:
    with make_client(server.url, budget) as made:  # type: ignore[arg-type]
        yield made


def left(
    remaining: int, limit: int = 11_000, *, status: int = 200, until: float = 10, **headers: str
) -> Step:
    """So many calls, until so many hours from now."""
    told = {"X_Rate_Limit_Limit": str(limit), "X_Rate_Limit_Remaining": str(remaining)}
    reset = (datetime.now(UTC) + timedelta(hours=until)).isoformat()
    return says(status, DONE, X_Rate_Limit_Reset=reset, **told, **headers)


def in_turn(steps: Iterator[Step]) -> Step:
    def step(sock: socket.socket) -> bool:
        return next(steps)(sock)

    return step


def reads(client: CodatClient, pass_: Pass, rounds: int) -> int:
    """How many of so many, ten seconds apart, were answered."""
    answered = 0
    for _ in range(rounds):
        try:
            client.latest_sync(COMPANY)
            answered += 1
        except Later:
            pass
        pass_(ROUND)
    return answered


@pytest.mark.parametrize("told", [0, 1, 100])
def test_a_count_that_does_not_fall_costs_a_minute_a_day(
    server: Server, client: CodatClient, pass_: Pass, told: int
) -> None:
    server.answers(left(told))
    assert reads(client, pass_, 90) == 90 - 5
    pass_(10 * 3600)
    server.answers(left(told, until=20))
    assert reads(client, pass_, 30) == 30 - 5


def test_so_does_one_that_comes_and_goes(server: Server, client: CodatClient, pass_: Pass) -> None:
    server.answers(in_turn(cycle([left(0), left(9_000)])))
    assert reads(client, pass_, 90) == 90 - 5


def test_one_that_falls_with_each_call_is_believed(
    server: Server, client: CodatClient, pass_: Pass, budget: Budget
) -> None:
    server.answers(in_turn(left(count) for count in range(100, 0, -1)))
    assert reads(client, pass_, 60) == 10
    assert budget.state().remaining == 91


def test_a_raised_limit_is_no_contradiction(
    server: Server, client: CodatClient, pass_: Pass, budget: Budget
) -> None:
    """A company was connected: a thousand more. What is left of them is kept like all."""
    server.answers(left(0), left(999, 12_000), left(100, 12_000))
    assert reads(client, pass_, 9) == 3
    assert budget.state().remaining == 100


def test_what_is_not_believed_is_not_told(
    server: Server, client: CodatClient, pass_: Pass, budget: Budget
) -> None:
    server.answers(left(0))
    reads(client, pass_, 8)
    state = budget.state()
    assert (state.limit, state.remaining, state.stopped_until) == (11_000, None, None)
    server.answers(left(5_000))
    reads(client, pass_, 1)
    assert budget.state().remaining == 5_000


def test_a_429_is_believed_all_the_same(server: Server, client: CodatClient, pass_: Pass) -> None:
    server.answers(left(0))
    reads(client, pass_, 8)
    server.answers(left(0, status=429, Retry_After="50"))
    reads(client, pass_, 5)
    assert len(server.requests) == 3 + 1


def test_the_minutes_limit_holds_whatever_is_believed(
    server: Server, client: CodatClient, pass_: Pass, budget: Budget
) -> None:
    server.answers(left(0))
    reads(client, pass_, 8)
    assert taken(budget, Purpose.READ) == 10
    assert "spread out" in refusal(budget, Purpose.READ).message


@pytest.mark.parametrize("status", [401, 500, 503])
def test_a_failure_contradicts_nothing(
    server: Server, client: CodatClient, pass_: Pass, budget: Budget, status: int
) -> None:
    """Nobody says that what fails is counted."""
    server.answers(left(40), left(40, status=status))
    reads(client, pass_, 1)
    pass_(60)
    with pytest.raises(CodatError):
        client.latest_sync(COMPANY)
    assert budget.state().remaining == 40
    assert reads(client, pass_, 5) == 0


def test_an_answer_without_counts_does_not_contradict_a_few(
    server: Server, client: CodatClient, pass_: Pass, budget: Budget
) -> None:
    server.answers(left(40), says(200, DONE))
    assert reads(client, pass_, 14) == 3
    assert budget.state().remaining == 40
