"""A 429 and what follows: all wait as long as it says up to a minute, then one read asks whether it still holds."""

from datetime import UTC, datetime

import pytest

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import Later
from tests.codat.examples import DONE, STARTED, ask_latest
from tests.codat.server import Server, hangs_up, says

COMPANY = DONE["companyId"]
AN_HOUR = says(429, {"error": "Slow down"}, Retry_After="3600")


class Clock:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> LocalBudget:
    return LocalBudget(clock=clock)


@pytest.fixture
def paused(server: Server, client: CodatClient, clock: Clock) -> CodatClient:
    """A minute after Codat asked for an hour."""
    server.answers(AN_HOUR)
    with pytest.raises(Later) as told:
        client.latest_sync(COMPANY)
    assert (told.value.http_status, told.value.retry_after) == (429, 3600)
    clock.now += 60
    return client


def calls(server: Server) -> int:
    return len(server.requests)


def test_a_header_that_lied_costs_a_minute(server: Server, paused: CodatClient) -> None:
    server.answers(says(200, DONE), says(200, DONE), says(200, STARTED))
    for _ in range(2):
        paused.latest_sync(COMPANY)
    paused.reserve_send(COMPANY)
    ask_latest(paused)
    assert calls(server) == 4


def test_one_that_was_true_costs_a_call_a_minute(server: Server, paused: CodatClient, clock: Clock) -> None:
    for _ in range(59):
        for _ in range(3):
            with pytest.raises(Later):
                paused.latest_sync(COMPANY)
        clock.now += 60
    assert calls(server) == 60
    server.answers(says(200, DONE))
    paused.latest_sync(COMPANY)


@pytest.mark.parametrize("answer", [hangs_up, says(503, b"<html>maintenance</html>")])
def test_an_answer_that_says_nothing_of_it_leaves_it(
    server: Server, paused: CodatClient, answer: object
) -> None:
    server.answers(answer)
    with pytest.raises(Exception, match="Codat"):
        paused.latest_sync(COMPANY)
    with pytest.raises(Later, match="asked us to pause"):
        paused.latest_sync(COMPANY)
    assert calls(server) == 2


def test_a_write_does_not_ask(server: Server, paused: CodatClient) -> None:
    with pytest.raises(Later, match="asked us to pause"):
        paused.reserve_send(COMPANY)
    server.answers(says(200, []))
    paused.syncs_before_send(COMPANY)
    paused.confirm_send(COMPANY)


def test_an_answer_to_a_call_from_before_the_pause_does_not_end_it(
    server: Server, client: CodatClient, budget: LocalBudget
) -> None:
    """Ten are in flight, one of them is told to slow down, and the others are answered a moment later."""

    def meanwhile(sock: object) -> bool:
        budget.slow_down(30)
        return says(200, DONE)(sock)  # type: ignore[arg-type]

    server.answers(meanwhile)
    client.latest_sync(COMPANY)
    with pytest.raises(Later, match="asked us to pause"):
        client.latest_sync(COMPANY)


def test_a_day_that_reads_as_spent_and_is_not_holds_sends_up_for_a_minute(
    server: Server, client: CodatClient, clock: Clock
) -> None:
    spent = {"X_Rate_Limit_Limit": "1000", "X_Rate_Limit_Remaining": "0"}
    server.answers(says(200, [], **spent))
    client.syncs(COMPANY)
    with pytest.raises(Later, match="budget for today is spent"):
        client.syncs_before_send(COMPANY)
    clock.now += 60
    for _ in range(3):
        server.answers(says(200, [], **spent), says(200, STARTED, **spent))
        client.syncs_before_send(COMPANY)
        client.confirm_send(COMPANY)
        ask_latest(client)


def test_whose_no_it_was_is_told(server: Server, paused: CodatClient) -> None:
    with pytest.raises(Later) as codats:
        paused.latest_sync(COMPANY)
    with pytest.raises(Later) as ours:
        paused.latest_sync(COMPANY)
    assert (codats.value.is_ours, ours.value.is_ours) == (False, True)


def test_nobody_comes_back_later_than_after_five_minutes() -> None:
    assert Later("Slow down", retry_after=3600).come_back_after == 300
    assert Later("Slow down", retry_after=70).come_back_after == 70
