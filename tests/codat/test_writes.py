"""Each way that the answer to a POST can go, and the verdict on it."""

import json

import pytest

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later, NotSent, Refused, Uncertain
from syncs.codat.pace import Purpose
from syncs.codat.schemas import SyncSummary
from syncs.codat.until import Until
from tests.codat.conftest import make_client
from tests.codat.examples import (
    COMPANY,
    KEY_OF_REQUEST,
    NO_COMPANY,
    OTHER_COMPANY,
    STARTED,
    SYNC,
    ask_latest,
    ask_range,
)
from tests.codat.server import Server, hangs_up, keeps_silent, resets, says, sends

HTML = b"<html>502 Bad Gateway</html>"
REDIRECT = f"/companies/{COMPANY}/elsewhere"


def failure(server: Server, client: CodatClient, *steps: object) -> CodatError:
    """The error of one POST, after making sure that it was one."""
    server.answers(*steps)
    with pytest.raises(CodatError) as caught:
        ask_range(client)
    assert len(server.requests) == 1
    return caught.value


def test_a_latest_request_goes_out_as_codat_documents_it(server: Server, client: CodatClient) -> None:
    server.answers(says(200, STARTED))
    summary = ask_latest(client)
    [request] = server.requests
    assert (request.method, request.target) == ("POST", f"/companies/{COMPANY}/sync/commerce/latest")
    assert request.body == b'{"syncTo":"2022-10-23T00:00:00Z"}'
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == str(KEY_OF_REQUEST)
    assert (summary.company_id, summary.commerce_sync_id, summary.code) == (COMPANY, SYNC, 1000)


def test_a_range_request_goes_out_under_meta_with_a_date_range(server: Server, client: CodatClient) -> None:
    server.answers(says(200, STARTED))
    assert ask_range(client).window is not None
    [request] = server.requests
    assert request.target == f"/meta/companies/{COMPANY}/sync/commerce/historic"
    assert request.body == b'{"dateRange":{"start":"2022-10-23T00:00:00Z","finish":"2022-10-24T00:00:00Z"}}'


def test_each_write_has_a_connection_of_its_own(server: Server, client: CodatClient) -> None:
    """An old connection may have been closed at the other end, and then nobody can say what was read."""
    server.answers(says(200, STARTED))
    client.newest_sync(COMPANY)
    for _ in range(3):
        ask_latest(client)
    client.newest_sync(COMPANY)
    assert [request.connection for request in server.requests] == [1, 2, 3, 4, 1]


@pytest.mark.parametrize("status", [201, 202])
def test_another_success_status_counts_as_well(server: Server, client: CodatClient, status: int) -> None:
    server.answers(says(status, STARTED))
    assert ask_latest(client).commerce_sync_id == SYNC


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
def test_a_definite_no_is_refused(server: Server, client: CodatClient, status: int) -> None:
    error = failure(server, client, says(status, {**NO_COMPANY, "statusCode": 429}))
    assert type(error) is Refused
    assert error.http_status == status
    assert error.correlation_id == "0a40c2f31fc8f992fb88b0853e4166f3"
    assert error.message == f"Codat answered {status}: “No company was found with ID {COMPANY}”."


@pytest.mark.parametrize("status", [301, 302, 307, 405, 408, 409, 410, 418, 451, 500, 502, 503, 504])
def test_any_other_status_is_uncertain(server: Server, client: CodatClient, status: int) -> None:
    error = failure(server, client, says(status, HTML, Location=REDIRECT))
    assert type(error) is Uncertain
    assert error.http_status == status


@pytest.mark.parametrize(
    "step",
    [
        says(400, HTML),
        says(401),
        says(404, ["no", "such", "company"]),
        sends(b"HTTP/1.1 403 X\r\nContent-Length: 999\r\n\r\n{"),
    ],
    ids=["a web page", "nothing", "not an object", "cut off"],
)
def test_a_no_that_is_not_in_codats_own_words_is_uncertain(
    server: Server, client: CodatClient, step: object
) -> None:
    """A proxy that looks through answers can block one whose request went through."""
    assert type(failure(server, client, step)) is Uncertain


def test_too_many_requests_is_later_and_holds_back_everybody(
    server: Server, client: CodatClient, budget: LocalBudget
) -> None:
    error = failure(server, client, says(429, HTML, Retry_After="7"))
    assert isinstance(error, Later)
    assert error.retry_after == 7
    with pytest.raises(Later) as held:
        client.reserve_send(COMPANY)
    assert 5 < held.value.retry_after <= 7


@pytest.mark.parametrize("step", [hangs_up, resets, keeps_silent, sends(b"\x16\x03nonsense\r\n\r\n")])
def test_a_connection_that_breaks_after_the_request_is_uncertain(
    server: Server, client: CodatClient, step: object
) -> None:
    assert type(failure(server, client, step)) is Uncertain


UNUSABLE = {
    "nothing": b"",
    "null": b"null",
    "a web page": HTML,
    "cut off": json.dumps(STARTED).encode()[:-20],
    "a list": [STARTED],
    "a text": "started",
    "not UTF-8": b'{"commerceSyncId":"\xff"}',
    "another company": {**STARTED, "companyId": OTHER_COMPANY},
    "no id": {**STARTED, "commerceSyncId": None},
    "an empty id": {**STARTED, "commerceSyncId": "00000000-0000-0000-0000-000000000000"},
    "an id that is no text": {**STARTED, "commerceSyncId": 17},
    "too deep": b"[" * 100_000,
    "too large": {**STARTED, "errorMessage": "x" * 1_100_000},
}


@pytest.mark.parametrize("body", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_success_that_cannot_be_believed_is_uncertain(
    server: Server, client: CodatClient, body: object
) -> None:
    assert type(failure(server, client, says(200, body))) is Uncertain


def test_a_success_shorter_than_announced_is_uncertain(server: Server, client: CodatClient) -> None:
    whole = json.dumps(STARTED).encode()
    error = failure(server, client, sends(b"HTTP/1.1 200 X\r\nContent-Length: 5000\r\n\r\n" + whole))
    assert type(error) is Uncertain


def test_the_company_may_go_unsaid_and_a_lone_sync_id_will_do(server: Server, client: CodatClient) -> None:
    server.answers(says(200, {"syncId": SYNC}))
    summary = ask_latest(client)
    assert isinstance(summary, SyncSummary)
    assert (summary.company_id, summary.commerce_sync_id, summary.sync_id) == (COMPANY, SYNC, SYNC)


def test_the_case_of_the_company_id_does_not_matter(server: Server, client: CodatClient) -> None:
    server.answers(says(200, {**STARTED, "companyId": COMPANY.upper()}))
    assert ask_latest(client).company_id == COMPANY


def test_a_write_takes_nothing_from_the_budget_but_its_reservation_does(
    server: Server, budget: LocalBudget
) -> None:
    tight = LocalBudget(per_minute=1)
    server.answers(says(200, STARTED))
    with make_client(server.url, tight) as client:
        for _ in range(30):
            with_room = _reserve(client)
            if not with_room:
                break
        assert not with_room
        ask_latest(client)
    assert len(server.requests) == 1


def _reserve(client: CodatClient) -> bool:
    try:
        client.reserve_send(COMPANY)
    except Later:
        return False
    return True


def test_a_budget_that_fails_does_not_cost_the_answer(server: Server) -> None:
    class Broken(LocalBudget):
        def heard(self, quota: object) -> None:
            raise RuntimeError("no books today")

    server.answers(says(200, STARTED))
    with make_client(server.url, Broken()) as client:
        assert ask_latest(client).commerce_sync_id == SYNC


def test_purposes_in_the_order_in_which_they_go() -> None:
    assert [purpose.value for purpose in Purpose] == ["send", "bulk", "read"]


def test_the_moment_for_the_first_byte_has_passed(server: Server, client: CodatClient) -> None:
    server.answers(says(200, STARTED))
    with pytest.raises(NotSent):
        ask_latest(client, first_byte_by=Until.after(-0.001))
    assert server.requests == []
