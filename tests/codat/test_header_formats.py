"""Headers whose form Codat does not state, over the wire: what the budget holds, and what a caller is told to wait.

How each is read stands in test_quota.py.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later, Uncertain
from tests.codat.examples import COMPANY, NO_COMPANY, STARTED, ask_latest, ask_range
from tests.codat.server import Server, says

QUOTA = {"X_Rate_Limit_Limit": "12000", "X_Rate_Limit_Remaining": "11993"}
FORMS: dict[str, Callable[[datetime], str]] = {
    "ISO 8601": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    "ISO 8601 as .NET writes it": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}.0000000Z",
    "ISO 8601 with an offset": lambda moment: moment.astimezone().isoformat(),
    "epoch seconds": lambda moment: str(int(moment.timestamp())),
    "epoch milliseconds": lambda moment: str(int(moment.timestamp()) * 1000),
    "HTTP date": lambda moment: format_datetime(moment, usegmt=True),
}


@pytest.mark.parametrize("written", FORMS.values(), ids=FORMS.keys())
def test_the_quota_starts_anew_when_codat_says_in_any_form(
    server: Server, client: CodatClient, budget: LocalBudget, written: Callable[[datetime], str]
) -> None:
    reset = (datetime.now(UTC) + timedelta(hours=5)).replace(microsecond=0)
    server.answers(says(200, STARTED, X_Rate_Limit_Reset=written(reset), **QUOTA))
    ask_latest(client)
    state = budget.state()
    assert (state.limit, state.remaining, state.resets_at) == (12000, 11993, reset)


@pytest.mark.parametrize("lie", ["", "soon", "0", "-1", "9" * 30, "2001-01-01T00:00:00Z", "23:59:99"])
def test_a_reset_that_cannot_be_is_the_next_midnight(
    server: Server, client: CodatClient, budget: LocalBudget, lie: str
) -> None:
    server.answers(says(200, STARTED, X_Rate_Limit_Reset=lie, **QUOTA))
    ask_latest(client)
    reset = budget.state().resets_at
    assert reset
    assert (reset.hour, reset.minute, reset > datetime.now(UTC)) == (0, 0, True)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X_Rate_Limit_Limit": "", "X_Rate_Limit_Remaining": "many"},
        {"X_Rate_Limit_Reset": "soon"},
    ],
)
def test_headers_that_say_nothing_leave_the_books_as_they_were(
    server: Server, client: CodatClient, budget: LocalBudget, headers: dict[str, str]
) -> None:
    server.answers(says(200, STARTED, **QUOTA), says(200, STARTED, **headers))
    ask_latest(client)
    ask_range(client)
    assert (budget.state().limit, budget.state().remaining) == (12000, 11993)


WAITS: dict[str, Callable[[datetime], str]] = {
    "seconds": lambda moment: "90",
    "HTTP date": lambda moment: format_datetime(moment + timedelta(seconds=90), usegmt=True),
    "ISO 8601": lambda moment: (moment + timedelta(seconds=90)).isoformat(),
}


@pytest.mark.parametrize("written", WAITS.values(), ids=WAITS.keys())
@pytest.mark.parametrize(
    "body", [NO_COMPANY, b"<html>Slow down</html>", b""], ids=["Codat", "gateway", "bare"]
)
def test_a_429_tells_a_post_how_long_to_wait_in_any_form_and_whoever_says_it(
    server: Server, client: CodatClient, written: Callable[[datetime], str], body: object
) -> None:
    server.answers(says(429, body, Retry_After=written(datetime.now(UTC))))
    with pytest.raises(Later) as caught:
        ask_latest(client)
    assert 85 <= caught.value.retry_after <= 90


@pytest.mark.parametrize("off", [timedelta(minutes=10), timedelta(minutes=-10), timedelta(days=400)])
@pytest.mark.parametrize("status", [429, 503])
def test_a_date_is_read_by_the_clock_of_who_wrote_it(
    server: Server, client: CodatClient, budget: LocalBudget, off: timedelta, status: int
) -> None:
    """The clock of this host may be off; its budget is in Redis, and holds for all hosts."""
    theirs = datetime.now(UTC) + off
    told = {"Date": format_datetime(theirs, usegmt=True), "Retry_After": WAITS["HTTP date"](theirs)}
    server.answers(says(status, NO_COMPANY, **told))
    with pytest.raises(Later) as caught:
        client.syncs(COMPANY)
    assert caught.value.retry_after == 90
    until = budget.state().paused_until
    assert until
    assert 80 < (until - datetime.now(UTC)).total_seconds() <= 90


@pytest.mark.parametrize("date", ["", "soon", "Wed, 99 Oct"])
def test_a_date_that_is_none_is_ours(server: Server, client: CodatClient, date: str) -> None:
    server.answers(says(429, NO_COMPANY, Date=date, Retry_After=WAITS["HTTP date"](datetime.now(UTC))))
    with pytest.raises(Later) as caught:
        client.syncs(COMPANY)
    assert 85 <= caught.value.retry_after <= 90


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504])
def test_a_time_to_come_back_does_not_make_another_failed_post_one_that_was_not_done(
    server: Server, client: CodatClient, status: int
) -> None:
    server.answers(says(status, NO_COMPANY, Retry_After="5"))
    with pytest.raises(CodatError) as caught:
        ask_range(client)
    assert type(caught.value) is Uncertain
    assert len(server.requests) == 1


def test_a_read_that_is_told_when_to_come_back_passes_that_on(server: Server, client: CodatClient) -> None:
    server.answers(says(503, b"<html>", Retry_After="90"))
    with pytest.raises(Later) as caught:
        client.syncs(COMPANY)
    assert caught.value.retry_after == 90
