"""Where Codat's documents, its OpenAPI and its SDKs disagree about companies, connections and configuration.

The others, and what the client has no call for, stand in test_contradictions.py.
"""

from datetime import date
from typing import Any

import pytest

from sandbox.testing import Sandbox
from syncs.codat.client import CodatClient
from tests.codat.conftest import KEY
from tests.codat.examples import COMPANY
from tests.codat.server import Server, says
from tests.codat.test_merchants import DAVE, SHOPIFY, XERO, envelope

TEXTS = "/sync/commerce/config/ui/text?locale=en-us"


def test_c10_enable_and_enabled_are_both_read_and_the_sandbox_tells_both(
    sandbox: Sandbox, desk: CodatClient, settled: str
) -> None:
    told = sandbox.get(f"/config/companies/{settled}/sync/commerce").json()
    assert told["enable"] is told["enabled"] is desk.configuration(settled).enabled
    for name in ("enable", "enabled"):
        sandbox.fault("missing_fields", {"fields": [name]}, method="GET")
        assert desk.configuration(settled).enabled is told["enable"]
        sandbox.clear_faults()


def test_c11_an_empty_post_leaves_the_configuration_as_it_was(sandbox: Sandbox, settled: str) -> None:
    path = f"/config/companies/{settled}/sync/commerce"
    assert sandbox.session.post(f"{sandbox.url}{path}", timeout=5).json() == sandbox.get(path).json()


def test_c12_a_connection_may_lack_its_integration_key_but_the_sandbox_sends_it(
    sandbox: Sandbox, desk: CodatClient, settled: str
) -> None:
    assert all(link.platform_key for link in desk.connections(settled))
    sandbox.fault("missing_fields", {"fields": ["integrationKey"]}, method="GET")
    assert [link.platform_key for link in desk.connections(settled)] == [None, None]


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("PendingAuth", "PendingAuth"),
        ("pendingAuth", "PendingAuth"),
        ("LINKED", "Linked"),
        ("Asleep", "Asleep"),
    ],
)
def test_c13_the_status_of_a_connection_is_read_in_any_case_and_kept_when_unknown(
    server: Server, client: CodatClient, told: str, read: str
) -> None:
    server.answers(says(200, envelope([{**SHOPIFY, "status": told}], 1)))
    assert [link.status for link in client.connections(COMPANY)] == [read]


def test_c14_companies_are_asked_for_by_page_and_without_a_query(server: Server, client: CodatClient) -> None:
    server.answers(says(200, envelope([DAVE], 1)))
    client.companies(1)
    assert server.requests[0].target == "/companies?page=1&pageSize=500"


def test_c15_the_sandbox_filters_companies_by_tags(sandbox: Sandbox) -> None:
    tagged = sandbox.post("/companies", {"name": "Tagged", "tags": {"team": "blue"}}).json()
    found = sandbox.get("/companies", params={"tags": "team=blue"}).json()["results"]
    assert [row["id"] for row in found] == [tagged["id"]]


@pytest.mark.parametrize("tags", [None, {}])
def test_c16_the_sandbox_takes_null_tags_for_none(sandbox: Sandbox, tags: object) -> None:
    made = sandbox.post("/companies", {"name": "Tagged", "tags": {"team": "red"}}).json()
    path = f"{sandbox.url}/companies/{made['id']}"
    assert sandbox.session.patch(path, json={"tags": tags}, timeout=5).json()["tags"] == {}


def test_c17_the_key_goes_out_in_base64_and_the_sandbox_takes_nothing_else(
    sandbox: Sandbox, desk: CodatClient, settled: str
) -> None:
    assert desk.company(settled).id == settled
    for header in (KEY, f"Basic {KEY}", f"Bearer {KEY}"):
        refused = sandbox.get(f"/companies/{settled}", headers={"Authorization": header})
        assert refused.status_code == 401


def test_c19_companies_are_asked_for_where_codat_has_them_now(sandbox: Sandbox, desk: CodatClient) -> None:
    """The older `/meta/companies` is gone."""
    assert len(desk.companies(1).items) == sandbox.get("/companies").json()["totalResults"]
    assert sandbox.get("/meta/companies").status_code == 404


def test_c22_the_sandbox_tells_the_texts_of_the_flow_as_objects(sandbox: Sandbox) -> None:
    texts = sandbox.get(TEXTS).json()
    assert texts
    assert all(text.keys() == {"text", "required"} for text in texts.values())


def test_c23_pages_are_asked_for_by_number_whatever_the_links_say(
    server: Server, client: CodatClient
) -> None:
    elsewhere: dict[str, Any] = {"next": {"href": f"http://127.0.0.1:{server.port}/integrations?page=7"}}
    server.answers(says(200, envelope([XERO], 0, **elsewhere)), says(200, envelope([SHOPIFY], 0)))
    assert len(client.connections(COMPANY)) == 2
    paths = [request.target for request in server.requests]
    assert paths == [f"/companies/{COMPANY}/connections?page={page}&pageSize=100" for page in (1, 2)]


@pytest.mark.parametrize("written", ["2022-06-15", "2022-06-15T00:00:00Z", "2022-06-15T23:30:00-05:00"])
def test_c25_a_start_date_is_a_day_with_or_without_a_time(
    server: Server, client: CodatClient, written: str
) -> None:
    server.answers(says(200, {"enable": True, "schedule": {"startDate": written}}))
    assert client.configuration(COMPANY).start_date == date(2022, 6, 15)
