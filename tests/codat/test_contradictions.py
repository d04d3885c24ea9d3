"""Where Codat's documents, its OpenAPI and its SDKs disagree: what the client sends, and what it accepts.

One test each, C1 to C26: those about companies, connections and configuration in test_contradictions_of_merchants.py.
Where the client has no call for it, OURS_IS_NO_CALL says so, and the test shows what the sandbox does.
"""

import json
import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from sandbox.testing import Sandbox, running
from syncs.codat import bodies
from syncs.codat.client import CodatClient
from syncs.codat.dates import as_z, parse_moment
from syncs.codat.errors import Refused, Uncertain
from syncs.codat.statuses import Outcome, status_of
from tests.codat import test_contradictions_of_merchants
from tests.codat.conftest import KEY, make_client
from tests.codat.examples import (
    COMPANY,
    DONE,
    FINISH,
    NO_COMPANY,
    START,
    STARTED,
    SYNC,
    ask_latest,
    ask_range,
)
from tests.codat.server import Server, says

OURS_IS_NO_CALL = {
    11: "the configuration is only read",
    15: "companies are listed without a filter, and tags only read",
    16: "companies are only read",
    22: "the texts of the flow's pages are the merchant's business",
}
CALLS = {
    *("companies", "company", "connections", "configuration"),
    *("newest_sync", "latest_sync", "last_successful_sync", "sync_by_id", "answered_under"),
    *("syncs", "syncs_before_send", "syncs_as_listed"),
    *("reserve_send", "confirm_send", "request_latest", "request_range", "close"),
}


def test_every_contradiction_has_a_test() -> None:
    names = [*globals(), *vars(test_contradictions_of_merchants)]
    numbers = [int(found[1]) for name in names if (found := re.match(r"test_c(\d+)_", name))]
    assert sorted(numbers) == list(range(1, 27))


def test_the_client_has_no_other_calls_than_those_that_are_looked_at_here() -> None:
    assert {name for name in vars(CodatClient) if not name.startswith("_")} == CALLS
    assert OURS_IS_NO_CALL.keys() < set(range(1, 27))


@pytest.mark.slow
def test_c1_a_range_is_sent_as_date_range_with_start_and_finish() -> None:
    window = {"start": as_z(START), "finish": as_z(FINISH)}
    shapes = [{"dateRange": window}, window, {"start": window["start"], "end": window["finish"]}]
    assert json.loads(bodies.historic(START, FINISH)) == shapes[0]
    for switch, statuses in {"strict": [200, 400, 400], "lenient": [200, 200, 200]}.items():
        with running(
            merchants=40, key=KEY, switches={"historic_body": switch, "overlap": "allowed"}
        ) as codat:
            path = f"/meta/companies/{codat.merchants('healthy')[0]['company_id']}/sync/commerce/historic"
            assert [codat.post(path, shape).status_code for shape in shapes] == statuses


@pytest.mark.parametrize("form", ["object", "list", "results", "empty"])
def test_c2_the_status_may_be_one_object_or_a_list_of_which_the_newest_counts(
    sandbox: Sandbox, desk: CodatClient, settled: str, form: str
) -> None:
    true = desk.newest_sync(settled)
    assert true
    if form != "object":
        sandbox.fault("list_for_object", {"form": form}, method="GET")
    found = desk.newest_sync(settled)
    assert found == (None if form == "empty" else true)


def test_c3_a_status_may_have_the_range_and_lack_the_sync_id(server: Server, client: CodatClient) -> None:
    server.answers(says(200, STARTED))
    found = client.newest_sync(COMPANY)
    assert found
    assert (found.sync_id, found.commerce_sync_id, found.code) == (None, SYNC, 1000)


@pytest.mark.parametrize("written", [4200, "4200", "4200,", " 4200", 4200.0])
def test_c4_a_status_code_may_be_a_number_or_a_text(
    server: Server, client: CodatClient, written: object
) -> None:
    server.answers(says(200, {**DONE, "syncStatusCode": written}))
    assert [sync.code for sync in client.syncs(COMPANY)] == [4200]


@pytest.mark.parametrize("text", ["Complete", "Success", "complete, Pending", None])
def test_c5_success_is_told_by_the_code_whatever_the_text(
    server: Server, client: CodatClient, text: str | None
) -> None:
    server.answers(says(200, {**DONE, "syncStatus": text}))
    found = client.latest_sync(COMPANY)
    assert found
    assert status_of(found.code).outcome is Outcome.SYNCED


SIX = datetime(2021, 11, 15, 6, tzinfo=UTC)
FORMS = {
    "2021-11-15T06:00:00Z": SIX,
    "2021-11-15T06:00:00.123Z": SIX.replace(microsecond=123_000),
    "2021-11-15T06:00:00.123456Z": SIX.replace(microsecond=123_456),
    "2021-11-15T06:00:00": SIX,
    "2021-11-15T01:00:00-05:00": SIX,
    "2021-11-15": SIX.replace(hour=0),
    "": None,
    "not a date": None,
}


def test_c6_moments_go_out_in_utc_with_z_and_come_in_any_form(server: Server, client: CodatClient) -> None:
    server.answers(*(says(200, {**DONE, "syncUtc": form}) for form in [*FORMS, None]))
    found = [client.latest_sync(COMPANY) for _ in range(len(FORMS) + 1)]
    assert [sync.sync_utc for sync in found if sync] == [*FORMS.values(), None]
    assert json.loads(bodies.latest(SIX)) == {"syncTo": "2021-11-15T06:00:00Z"}


def test_c7_the_seventh_digit_of_a_second_is_cut_off() -> None:
    assert parse_moment("2023-04-12T10:52:54.5359678Z") == datetime(2023, 4, 12, 10, 52, 54, 535967, UTC)


def test_c8_odd_ids_are_taken_as_they_come_and_never_sent(server: Server, client: CodatClient) -> None:
    odd = "8d0a044e-b683-4fc9-bd0d-5g3g6094c1b3"
    server.answers(says(200, [{**DONE, "syncId": odd}]))
    assert [sync.sync_id for sync in client.syncs(COMPANY)] == [odd]
    with pytest.raises(Refused):
        client.sync_by_id(COMPANY, odd)
    assert len(server.requests) == 1


def test_c9_a_sample_that_is_no_json_is_no_answer(server: Server, client: CodatClient) -> None:
    server.answers(says(200, b'{"companyId": "x" "dataConnections": [...]}'))
    with pytest.raises(Uncertain):
        client.newest_sync(COMPANY)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_c18_a_success_is_any_2xx_that_names_what_began(
    server: Server, client: CodatClient, status: int
) -> None:
    server.answers(says(status, STARTED))
    assert ask_latest(client).commerce_sync_id == SYNC


def test_c20_the_status_of_http_counts_and_not_that_of_the_body(server: Server, client: CodatClient) -> None:
    server.answers(says(402, {**NO_COMPANY, "statusCode": 429}), says(503, {**NO_COMPANY, "statusCode": 400}))
    with pytest.raises(Refused) as refused:
        ask_range(client)
    with pytest.raises(Uncertain) as uncertain:
        ask_range(client)
    assert (refused.value.http_status, uncertain.value.http_status) == (402, 503)


@pytest.mark.parametrize("word", ["Unknown", "True", True, False, None, "absent"])
def test_c21_whether_codat_thinks_it_can_be_retried_changes_nothing(
    server: Server, client: CodatClient, word: object
) -> None:
    body = {name: value for name, value in NO_COMPANY.items() if word != "absent" or name != "canBeRetried"}
    server.answers(says(400, body if word == "absent" else {**body, "canBeRetried": word}))
    with pytest.raises(Refused):
        ask_range(client)
    assert len(server.requests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("switch", ["404", "empty"])
def test_c24_a_company_that_never_synced_has_none(switch: str) -> None:
    """The other ways to say so are in test_reads.py."""
    with (
        running(merchants=40, key=KEY, switches={"never_synced": switch}) as codat,
        make_client(codat.url) as client,
    ):
        nobody = codat.merchants("never_synced")[0]["company_id"]
        reads = (client.newest_sync, client.latest_sync, client.last_successful_sync)
        assert [read(nobody) for read in reads] == [None] * 3
        assert client.syncs(nobody) == []
        assert client.sync_by_id(nobody, uuid4()) is None


@pytest.mark.slow
@pytest.mark.parametrize("ids", ["differs", "same"])
@pytest.mark.parametrize("known", ["unknown", "known"])
def test_c26_both_ids_of_a_sync_are_kept_and_an_answer_counts_for_the_one_that_it_names(
    ids: str, known: str
) -> None:
    switches = {"commerce_sync_id": ids, "by_commerce_sync_id": known}
    with running(merchants=40, key=KEY, switches=switches) as codat, make_client(codat.url) as client:
        company = codat.merchants("healthy")[0]["company_id"]
        body = bodies.latest(datetime.now(UTC))
        asked = client.request_latest(company, body=body, idempotency_key=uuid4())
        newest = client.newest_sync(company)
        assert newest
        assert newest.sync_id
        assert newest.commerce_sync_id == asked.commerce_sync_id
        assert (newest.sync_id == asked.commerce_sync_id) is (ids == "same")
        by_commerce_id = client.sync_by_id(company, UUID(asked.commerce_sync_id))
        assert (by_commerce_id is not None) is (ids == "same")
        by_sync_id = client.sync_by_id(company, newest.sync_id)
        assert by_sync_id
        assert by_sync_id.sync_id == newest.sync_id
