"""Companies with their paging, connections, configuration: what the client makes of them."""

from datetime import UTC, date, datetime

import pytest

from syncs.codat.client import CodatClient
from syncs.codat.errors import Uncertain
from tests.codat.examples import COMPANY, OTHER_COMPANY
from tests.codat.server import Server, says

LINK = "https://link-api.codat.io/companies/x/connections/y/start"
XERO = {
    "id": "ee2eb431-c0fa-4dc9-93fa-d29781c12bcd",
    "integrationId": "bf083d72-62c7-493e-aec9-81b4dbba7e2c",
    "integrationKey": "gbol",
    "sourceType": "Accounting",
    "platformName": "Xero",
    "linkUrl": LINK,
    "status": "pendingAuth",
    "created": "2022-10-27T09:53:29Z",
    "lastSync": None,
    "dataConnectionErrors": [
        {"statusCode": "403", "statusText": "User cancelled linking", "status": "Active"},
        {"statusCode": "500", "errorMessage": "Long over", "status": "Resolved"},
    ],
}
SHOPIFY = {"id": "c39b4839-9017-4fed-b1c6-af6b31ae32a5", "sourceType": "commerce", "status": "Asleep"}
DAVE = {
    "id": COMPANY,
    "name": "Bank of Dave",
    "redirect": "https://link.codat.io/company/x",
    "created": "2022-10-27T09:53:29Z",
    "tags": {"region": "uk", "shops": 3, "odd": None},
    "dataConnections": [XERO, SHOPIFY],
    "platform": "",
}
BARE = {"id": OTHER_COMPANY, "name": None, "tags": None, "dataConnections": None}


def envelope(rows: object, total: object, **links: object) -> dict[str, object]:
    return {"results": rows, "pageNumber": 0, "pageSize": 0, "totalResults": total, "_links": links}


def test_a_page_of_companies(server: Server, client: CodatClient) -> None:
    server.answers(says(200, envelope([DAVE, BARE, {"name": "no id"}, None], 3)))
    page = client.companies(1, page_size=3)
    assert server.requests[0].target == "/companies?page=1&pageSize=3"
    assert [(company.id, company.name) for company in page.items] == [
        (COMPANY, "Bank of Dave"),
        (OTHER_COMPANY, ""),
    ]
    assert page.items[0].tags == {"region": "uk", "shops": "3"}
    assert page.items[0].raw["platform"] == ""
    assert (page.number, page.size, page.total, page.has_next) == (1, 3, 3, False)


MORE = {"href": "/companies?page=2"}


@pytest.mark.parametrize(
    ("answer", "has_next"),
    [
        (envelope([DAVE], 11), True),
        (envelope([DAVE], 10), False),
        (envelope([DAVE], 0, next=MORE), True),
        (envelope([DAVE], None), False),
        (envelope([DAVE], "11"), True),
        (envelope([], 0, next=MORE), False),
        ({"results": [DAVE], "_links": None}, False),
        ({"totalResults": 0}, False),
    ],
)
def test_whether_there_is_a_next_page(
    server: Server, client: CodatClient, answer: object, has_next: bool
) -> None:
    server.answers(says(200, answer))
    assert client.companies(1, page_size=10).has_next is has_next


HIDING = [[DAVE], {}, {"totalResults": 5}, {"results": {"0": DAVE}}, envelope([], 11, next=MORE)]


@pytest.mark.parametrize("answer", HIDING)
def test_a_page_that_hides_its_companies_is_not_an_empty_one(
    server: Server, client: CodatClient, answer: object
) -> None:
    server.answers(says(200, answer))
    with pytest.raises(Uncertain):
        client.companies(1)
    with pytest.raises(Uncertain):
        client.connections(COMPANY)


def test_a_page_beyond_the_last_is_empty(server: Server, client: CodatClient) -> None:
    server.answers(says(200, envelope([], 500)))
    assert client.companies(2, page_size=500).items == ()


@pytest.mark.parametrize("listed", [None, {}, [XERO, {"id": None}], [XERO, "Shopify"]])
def test_a_company_that_does_not_tell_of_all_its_connections_tells_of_none(
    server: Server, client: CodatClient, listed: object
) -> None:
    """What is left out must not be taken for gone."""
    server.answers(says(200, {**DAVE, "dataConnections": listed}))
    assert client.company(COMPANY).connections is None


@pytest.mark.parametrize("read", ["company", "configuration", "connections"])
def test_what_is_about_another_company_is_not_believed(
    server: Server, client: CodatClient, read: str
) -> None:
    theirs = {**XERO, "linkUrl": f"https://link-api.codat.io/companies/{OTHER_COMPANY}/connections/x/start"}
    answers = {
        "company": {**DAVE, "id": OTHER_COMPANY},
        "configuration": {"companyId": OTHER_COMPANY, "enable": True},
        "connections": envelope([theirs], 1),
    }
    server.answers(says(200, answers[read]))
    with pytest.raises(Uncertain) as caught:
        getattr(client, read)(COMPANY)
    assert caught.value.message == "Codat's answer is about another company."


def test_a_connection_without_an_id_is_not_left_out_as_if_it_were_gone(
    server: Server, client: CodatClient
) -> None:
    server.answers(says(200, envelope([XERO, {**SHOPIFY, "id": None}], 2)))
    with pytest.raises(Uncertain):
        client.connections(COMPANY)


def test_one_company_with_its_connections(server: Server, client: CodatClient) -> None:
    server.answers(says(200, DAVE))
    xero, shopify = client.company(COMPANY).connections
    assert (xero.side, xero.platform_key, xero.platform_name, xero.status) == (
        "accounting",
        "gbol",
        "Xero",
        "PendingAuth",
    )
    assert xero.errors == ("User cancelled linking",)
    assert xero.link_url == LINK
    assert xero.created == datetime(2022, 10, 27, 9, 53, 29, tzinfo=UTC)
    assert (shopify.side, shopify.platform_key, shopify.status) == ("commerce", None, "Asleep")


def test_a_company_without_an_id_is_none(server: Server, client: CodatClient) -> None:
    server.answers(says(200, {**DAVE, "id": ""}))
    with pytest.raises(Uncertain):
        client.company(COMPANY)


def test_an_address_that_is_a_script_is_dropped(server: Server, client: CodatClient) -> None:
    server.answers(says(200, {**DAVE, "redirect": "javascript:alert(1)"}))
    assert client.company(COMPANY).redirect == ""


def test_connections_come_from_all_pages(server: Server, client: CodatClient) -> None:
    server.answers(says(200, envelope([XERO], 101)), says(200, envelope([XERO, SHOPIFY], 101)))
    assert [connection.id for connection in client.connections(COMPANY)] == [XERO["id"], SHOPIFY["id"]]
    assert [request.target.partition("?")[2] for request in server.requests] == [
        "page=1&pageSize=100",
        "page=2&pageSize=100",
    ]


def test_pages_of_connections_without_end_come_to_one(server: Server, client: CodatClient) -> None:
    server.answers(says(200, envelope([XERO], 9_999_999, next=MORE)))
    assert len(client.connections(COMPANY)) == 1
    assert len(server.requests) == 10


SCHEDULE = {
    "selectedFrequency": "Daily",
    "startDate": "2022-06-15",
    "syncHour": 3,
    "timeZone": "Europe/London",
}


def configuration(client: CodatClient, server: Server, **fields: object) -> object:
    server.answers(says(200, {"companyId": COMPANY, **fields}))
    return client.configuration(COMPANY)


def test_a_configuration(server: Server, client: CodatClient) -> None:
    found = configuration(
        client,
        server,
        enable=True,
        configured=True,
        schedule=SCHEDULE,
        accountingSoftwareCompanyName="Dave & Co",
    )
    assert (found.enabled, found.configured, found.time_zone, found.sync_hour) == (
        True,
        True,
        "Europe/London",
        3,
    )
    assert (found.start_date, found.accounting_company_name) == (date(2022, 6, 15), "Dave & Co")


def test_enable_and_enabled_are_one_field(server: Server, client: CodatClient) -> None:
    assert configuration(client, server, enabled=True).enabled is True
    assert configuration(client, server, enable=False, enabled=True).enabled is False
    assert configuration(client, server, enable=None, enabled=True).enabled is True
    assert configuration(client, server, configured=True).enabled is None


@pytest.mark.parametrize("answer", [{}, {"companyId": COMPANY}, {"results": [{"enable": True}]}])
def test_an_answer_that_configures_nothing_is_not_taken_for_a_configuration(
    server: Server, client: CodatClient, answer: object
) -> None:
    """Else it would wipe the zone, the hour and the start that are known."""
    server.answers(says(200, answer))
    with pytest.raises(Uncertain):
        client.configuration(COMPANY)


def test_a_configuration_of_nothing_but_nulls_and_nonsense(server: Server, client: CodatClient) -> None:
    found = configuration(
        client, server, schedule={"syncHour": 24, "timeZone": None, "startDate": "soon"}, configured="x"
    )
    assert (found.enabled, found.configured, found.time_zone, found.sync_hour) == (None,) * 4
    assert found.start_date is None
    assert configuration(client, server, schedule=None).sync_hour is None
