"""What a GET makes of Codat's answers, the contradictions of its documents included, and when it tries again."""

import socket
import time

import pytest

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later, NotSent, Refused, Uncertain
from tests.codat.conftest import make_client
from tests.codat.examples import COMPANY, DONE, NO_COMPANY, OTHER_COMPANY, OTHER_SYNC, SYNC
from tests.codat.server import Server, hangs_up, resets, says, sends
from tests.valkey import free_port

NO_SYNC = {"statusCode": 404, "error": "No data available for commerce", "correlationId": "abc"}
OLDER = {**DONE, "syncId": SYNC, "syncUtc": "2023-01-23T14:15:22.5359678Z", "syncStatusCode": "4200,"}
UNDATED = {**DONE, "syncId": "undated", "syncUtc": None}
NAMES = ["newest_sync", "latest_sync", "last_successful_sync"]
PATHS = {
    "newest_sync": f"/meta/companies/{COMPANY}/sync/commerce/status",
    "latest_sync": f"/companies/{COMPANY}/sync/commerce/syncs/latest/status",
    "last_successful_sync": f"/companies/{COMPANY}/sync/commerce/syncs/lastSuccessful/status",
    "syncs": f"/companies/{COMPANY}/sync/commerce/syncs/list/status",
    "company": f"/companies/{COMPANY}",
    "connections": f"/companies/{COMPANY}/connections?page=1&pageSize=100",
    "configuration": f"/config/companies/{COMPANY}/sync/commerce",
}


@pytest.mark.parametrize("name", PATHS)
def test_each_read_asks_its_own_path(server: Server, client: CodatClient, name: str) -> None:
    server.answers(says(403, NO_COMPANY))
    with pytest.raises(Refused):
        getattr(client, name)(COMPANY)
    assert (server.requests[0].method, server.requests[0].target) == ("GET", PATHS[name])


def test_reads_share_a_connection(server: Server, client: CodatClient) -> None:
    server.answers(says(200, DONE))
    for _ in range(3):
        client.latest_sync(COMPANY)
    assert server.connections == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", [DONE, [OLDER, DONE], {"results": [UNDATED, OLDER, DONE]}])
def test_one_sync_may_come_as_an_object_or_in_a_list(
    server: Server, client: CodatClient, name: str, answer: object
) -> None:
    server.answers(says(200, answer))
    sync = getattr(client, name)(COMPANY)
    assert (sync.sync_id, sync.code, sync.data_pushed) == (OTHER_SYNC, 2000, True)


HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"


def test_an_early_hint_is_not_taken_for_the_answer_nor_the_answer_for_that_to_the_next_request(
    server: Server, client: CodatClient
) -> None:
    def hints_then_answers(sock: socket.socket) -> bool:
        sock.sendall(HINT)
        time.sleep(0.2)
        return says(200, DONE)(sock)

    server.answers(hints_then_answers, says(200, OLDER))
    assert [client.latest_sync(COMPANY).sync_id for _ in range(2)] == [OTHER_SYNC, SYNC]
    assert server.connections == 1


NOTHING_YET = [
    says(404, NO_SYNC),
    says(404),
    sends(b"HTTP/1.1 204 X\r\n\r\n", stays=True),
    says(200),
    says(200, b"null"),
    says(200, b"[]"),
    says(200, b"{}"),
    says(200, {"results": []}),
    says(200, {"companyId": None, "syncId": None, "syncStatusCode": None}),
]


@pytest.mark.parametrize("step", NOTHING_YET)
def test_a_company_without_syncs(server: Server, client: CodatClient, step: object) -> None:
    server.answers(step)
    assert [getattr(client, name)(COMPANY) for name in NAMES] == [None] * 3
    assert client.sync_by_id(COMPANY, SYNC) is None
    assert client.syncs(COMPANY) == []


@pytest.mark.parametrize(
    "step",
    [
        says(404, NO_COMPANY),
        says(404, {"error": "Company 8a21 does not exist."}),
    ],
)
def test_a_404_that_is_not_about_syncs_is_refused(server: Server, client: CodatClient, step: object) -> None:
    server.answers(step)
    for name in [*NAMES, "syncs"]:
        with pytest.raises(Refused):
            getattr(client, name)(COMPANY)


@pytest.mark.parametrize(
    "step",
    [
        says(404, b"<html>Not Found</html>"),
        sends(b'HTTP/1.1 404 X\r\nContent-Length: 99\r\n\r\n{"error"'),
    ],
)
def test_a_404_that_is_not_codats_is_neither_none_nor_a_no(
    server: Server, client: CodatClient, step: object
) -> None:
    server.answers(step)
    for name in [*NAMES, "syncs", "company"]:
        with pytest.raises(Uncertain):
            getattr(client, name)(COMPANY)


def test_the_list_comes_newest_first_whatever_codats_order(server: Server, client: CodatClient) -> None:
    server.answers(says(200, [UNDATED, OLDER, DONE]))
    syncs = client.syncs(COMPANY)
    assert [sync.sync_id for sync in syncs] == [OTHER_SYNC, SYNC, "undated"]
    assert syncs[1].code == 4200


def test_an_empty_place_in_the_list_hides_none_of_the_others(server: Server, client: CodatClient) -> None:
    server.answers(says(200, [None, DONE, None]))
    assert [sync.sync_id for sync in client.syncs(COMPANY)] == [DONE["syncId"]]


def test_the_look_before_a_send_goes_while_reads_must_leave_the_rest_of_the_day_to_sends(
    server: Server,
) -> None:
    server.answers(says(200, [DONE], X_Rate_Limit_Limit="12000", X_Rate_Limit_Remaining="50"))
    with make_client(server.url, LocalBudget(per_minute=800, reserve=100)) as client:
        client.syncs(COMPANY)
        with pytest.raises(Later):
            client.syncs(COMPANY)
        assert len(client.syncs_before_send(COMPANY)) == 1


def test_a_single_object_may_stand_for_the_list(server: Server, client: CodatClient) -> None:
    server.answers(says(200, DONE))
    assert [sync.sync_id for sync in client.syncs(COMPANY)] == [OTHER_SYNC]


@pytest.mark.parametrize("body", [b"<html>", b'"text"', b"17", [17], {**DONE, "companyId": OTHER_COMPANY}])
def test_an_answer_that_cannot_be_believed_is_uncertain_and_not_asked_again(
    server: Server, client: CodatClient, body: object
) -> None:
    server.answers(says(200, body))
    with pytest.raises(Uncertain):
        client.syncs(COMPANY)
    assert len(server.requests) == 1


@pytest.mark.parametrize("trouble", [says(500), says(503, b"<html>"), says(408), hangs_up, resets])
def test_trouble_that_passes_is_not_seen(server: Server, client: CodatClient, trouble: object) -> None:
    server.answers(trouble, trouble, says(200, DONE))
    assert client.latest_sync(COMPANY).code == 2000
    assert len(server.requests) == 3


def test_five_tries_are_all(server: Server, client: CodatClient) -> None:
    server.answers(says(502, b"<html>"))
    with pytest.raises(Uncertain) as caught:
        client.latest_sync(COMPANY)
    assert caught.value.http_status == 502
    assert len(server.requests) == 5


def test_tries_end_with_the_deadline(server: Server) -> None:
    server.answers(says(500))
    began = time.monotonic()
    with make_client(server.url, deadline=0.8, backoff=0.5) as client, pytest.raises(Uncertain):
        client.latest_sync(COMPANY)
    assert time.monotonic() - began < 3
    assert len(server.requests) < 4


def test_what_an_earlier_try_met_is_told_when_the_last_one_could_not_even_begin(
    server: Server, client: CodatClient
) -> None:
    def answers_and_leaves(sock: socket.socket) -> bool:
        server.__exit__()
        return says(500)(sock) and False

    server.answers(answers_and_leaves)
    with pytest.raises(Uncertain) as caught:
        client.latest_sync(COMPANY)
    assert (caught.value.http_status, len(server.requests)) == (500, 1)


def test_each_try_is_counted_in_the_budget(server: Server) -> None:
    server.answers(says(500))
    with make_client(server.url, LocalBudget(per_minute=1), deadline=60) as client:
        for _ in range(2):
            with pytest.raises(Uncertain):
                client.latest_sync(COMPANY)
        with pytest.raises(Later):
            client.latest_sync(COMPANY)
    assert len(server.requests) == 10


def test_a_read_waits_for_its_turn_when_that_is_near(server: Server) -> None:
    server.answers(says(200, DONE))
    with make_client(server.url, LocalBudget(per_minute=120), deadline=60) as client:
        codes = [client.latest_sync(COMPANY).code for _ in range(11)]
    assert codes == [2000] * 11


def test_a_short_wait_that_codat_asks_for_is_waited_out(server: Server) -> None:
    server.answers(says(429, Retry_After="1"), says(200, DONE))
    began = time.monotonic()
    with make_client(server.url, deadline=5) as client:
        assert client.latest_sync(COMPANY).code == 2000
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(("status", "wait"), [(429, "120"), (503, "120"), (429, "soon"), (429, "")])
def test_a_long_wait_is_left_to_the_caller(
    server: Server, client: CodatClient, status: int, wait: str
) -> None:
    server.answers(says(status, Retry_After=wait))
    began = time.monotonic()
    with pytest.raises(Later) as caught:
        client.latest_sync(COMPANY)
    assert time.monotonic() - began < 0.9
    assert caught.value.retry_after == (120 if wait == "120" else 60)
    assert caught.value.http_status == status


def test_a_wait_of_more_than_some_seconds_is_not_slept_through(server: Server) -> None:
    server.answers(says(429, Retry_After="4"))
    began = time.monotonic()
    with make_client(server.url, deadline=60) as client, pytest.raises(Later):
        client.latest_sync(COMPANY)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(server: Server, client: CodatClient, status: int) -> None:
    server.answers(says(status, b"x", Location=f"{server.url}/elsewhere"))
    with pytest.raises(Uncertain):
        client.company(COMPANY)
    assert len(server.requests) == 1


def test_nobody_listens() -> None:
    with make_client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(NotSent):
        client.company(COMPANY)


def test_the_quota_in_the_headers_reaches_the_budget(
    server: Server, client: CodatClient, budget: LocalBudget
) -> None:
    quota = {"X_Rate_Limit_Limit": "12000", "X_Rate_Limit_Remaining": "11993"}
    server.answers(says(404, NO_SYNC, **quota))
    client.latest_sync(COMPANY)
    assert (budget.state().limit, budget.state().remaining) == (12000, 11993)


def test_one_line_is_logged_for_a_failed_call(
    server: Server, client: CodatClient, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers(says(404, {**NO_COMPANY, "error": "No company was found\r\nwith a forged line"}))
    with pytest.raises(CodatError):
        client.company(COMPANY)
    [record] = [record for record in caplog.records if record.name == "syncs.codat"]
    assert record.getMessage() == (
        f"GET /companies/{COMPANY}: Codat answered 404: “No company was found with a forged line”. "
        "(Refused, HTTP status 404, correlation id 0a40c2f31fc8f992fb88b0853e4166f3)"
    )
