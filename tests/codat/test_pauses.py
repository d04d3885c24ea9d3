"""A 429 and what follows: all wait as long as it says, an hour at most; where it does not say, a read a minute asks."""

from datetime import UTC, datetime

import pytest

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import Later, Uncertain
from tests.codat.examples import DONE, STARTED, ask_latest
from tests.codat.server import Server, hangs_up, says

COMPANY = DONE["companyId"]
UNSAID = says(429, {"error": "Slow down"})


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
    """A minute after Codat asked to wait, and did not say how long."""
    server.answers(UNSAID)
    with pytest.raises(Later) as told:
        client.latest_sync(COMPANY)
    assert (told.value.http_status, told.value.retry_after) == (429, 60)
    clock.now += 60
    return client


def calls(server: Server) -> int:
    return len(server.requests)


@pytest.mark.parametrize("seconds", [5, 59, 61, 600, 3600])
def test_what_codat_says_is_kept_to_the_letter(
    server: Server, client: CodatClient, clock: Clock, seconds: int
) -> None:
    server.answers(says(429, {"error": "Slow down"}, Retry_After=str(seconds)), says(200, DONE))
    with pytest.raises(Later):
        client.connections(COMPANY)
    for _ in range(4):
        with pytest.raises(Later, match="asked us to pause"):
            client.reserve_send(COMPANY)
        with pytest.raises(Later):
            client.latest_sync(COMPANY)
        clock.now += seconds / 4
    client.latest_sync(COMPANY)
    client.reserve_send(COMPANY)
    assert calls(server) == 2


@pytest.mark.parametrize("lie", ["86400", "Wed, 21 Oct 2099 07:28:00 GMT", "9" * 40])
def test_a_header_that_would_stop_us_for_days_is_tried_again_each_hour(
    server: Server, client: CodatClient, clock: Clock, lie: str
) -> None:
    server.answers(says(429, {"error": "Slow down"}, Retry_After=lie))
    for _ in range(4 * 60):
        with pytest.raises(Later):
            client.latest_sync(COMPANY)
        clock.now += 60
    assert calls(server) == 4


def test_an_answer_to_a_call_from_before_a_told_pause_does_not_move_its_end(
    server: Server, client: CodatClient, clock: Clock
) -> None:
    quota = {"X_Rate_Limit_Limit": "9000", "X_Rate_Limit_Remaining": "5000"}
    server.answers(says(429, Retry_After="600", **quota), says(200, DONE, **quota))
    with pytest.raises(Later):
        client.latest_sync(COMPANY)
    clock.now += 590
    ask_latest(client)
    clock.now += 10
    client.latest_sync(COMPANY)
    assert calls(server) == 3


WAITS_503 = [("5", 5), ("90", 90), ("600", 300), ("86400", 300)]


@pytest.mark.parametrize(("told", "wait"), WAITS_503)
def test_a_503_that_says_when_to_come_back_stops_all_until_then_for_five_minutes_at_most(
    server: Server, client: CodatClient, budget: LocalBudget, told: str, wait: int
) -> None:
    clock = budget.clock
    server.answers(says(503, {"error": "Maintenance"}, Retry_After=told), says(200, DONE))
    with pytest.raises(Later):
        client.latest_sync(COMPANY)
    for _ in range(9):
        with pytest.raises(Later, match="asked us to pause"):
            client.reserve_send(COMPANY)
    assert calls(server) == 1
    assert budget.state().stopped_until == datetime.fromtimestamp(clock() + wait, UTC)
    clock.now += wait  # type: ignore[attr-defined]
    client.latest_sync(COMPANY)


@pytest.mark.parametrize("headers", [{}, {"Retry_After": ""}])
def test_a_503_that_does_not_say_stops_nobody(
    server: Server, client: CodatClient, budget: LocalBudget, headers: dict[str, str]
) -> None:
    server.answers(says(503, **headers), says(200, DONE))
    client.latest_sync(COMPANY)
    assert budget.state().stopped_until is None


def test_a_post_that_meets_such_a_503_stays_uncertain(
    server: Server, client: CodatClient, budget: LocalBudget
) -> None:
    server.answers(says(503, {"error": "Maintenance"}, Retry_After="90"))
    with pytest.raises(Uncertain):
        ask_latest(client)
    assert calls(server) == 1
    assert budget.state().stopped_until


def test_a_good_answer_ends_a_pause_without_a_time(server: Server, paused: CodatClient) -> None:
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
