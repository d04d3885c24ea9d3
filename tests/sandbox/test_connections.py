import pytest

from sandbox.testing import Sandbox

NOBODY = "846ed55c-974b-4392-a1f1-87b6fdbf3c5e"
FIELDS = {
    "id", "integrationId", "integrationKey", "sourceId", "sourceType", "platformName", "linkUrl", "status", "created",
    "lastSync", "dataConnectionErrors", "connectionInfo",
}  # fmt: skip


def fresh_company(sandbox: Sandbox) -> str:
    return sandbox.post("/companies", {"name": "Fresh"}).json()["id"]


def test_a_healthy_merchant_has_a_linked_commerce_and_a_linked_accounting_connection(
    sandbox: Sandbox,
) -> None:
    company_id = sandbox.merchants("healthy")[0]["company_id"]
    page = sandbox.get(f"/companies/{company_id}/connections").json()
    assert [link["sourceType"] for link in page["results"]] == ["Commerce", "Accounting"]
    assert {link["status"] for link in page["results"]} == {"Linked"}
    assert all(link.keys() == FIELDS for link in page["results"])
    assert page["totalResults"] == 2
    one = page["results"][0]
    assert sandbox.get(f"/companies/{company_id}/connections/{one['id']}").json() == one


@pytest.mark.parametrize(("kind", "status"), [("deauthorized", "Deauthorized"), ("unlinked", "Unlinked")])
def test_a_severed_merchant_has_one_connection_that_says_so(sandbox: Sandbox, kind: str, status: str) -> None:
    company = sandbox.get(f"/companies/{sandbox.merchants(kind)[0]['company_id']}").json()
    assert sorted(link["status"] for link in company["dataConnections"]) == sorted(["Linked", status])


def test_a_never_synced_merchant_has_no_complete_pair(sandbox: Sandbox) -> None:
    for merchant in sandbox.merchants("never_synced"):
        company = sandbox.get(f"/companies/{merchant['company_id']}").json()
        statuses = [link["status"] for link in company["dataConnections"]]
        assert statuses == [] or "PendingAuth" in statuses


def test_a_connection_goes_from_pending_to_linked_to_unlinked_to_gone(sandbox: Sandbox) -> None:
    path = f"{sandbox.url}/companies/{fresh_company(sandbox)}/connections"
    link = sandbox.session.post(path, json={"platformKey": "gbol"}).json()
    assert (link["status"], link["platformName"], link["lastSync"]) == ("PendingAuth", "Xero", None)
    linked = sandbox.session.put(f"{path}/{link['id']}/authorization", json={"token": "x"}).json()
    assert linked == {**link, "status": "Linked"}
    unlinked = sandbox.session.patch(f"{path}/{link['id']}", json={"status": "Unlinked"}).json()
    assert unlinked["status"] == "Unlinked"
    assert sandbox.session.delete(f"{path}/{link['id']}").status_code == 200
    assert sandbox.session.get(path).json()["results"] == []
    gone = sandbox.session.get(f"{path}/{link['id']}")
    assert (gone.status_code, gone.json()["error"]) == (404, f"Data connection {link['id']} not found")


@pytest.mark.switch(patch_status="unlinked_only")
@pytest.mark.parametrize("body", [{}, {"status": "Linked"}, {"status": None}, {"status": "unlinked"}, []])
def test_unlinked_is_the_only_status_that_can_be_set(sandbox: Sandbox, body: object) -> None:
    company = sandbox.get("/companies?pageSize=1").json()["results"][0]
    path = f"{sandbox.url}/companies/{company['id']}/connections/{company['dataConnections'][0]['id']}"
    assert sandbox.session.patch(path, json=body).status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"platformKey": None}, 400),
        ({"platformKey": "Xero"}, 400),
        ({"platformKey": ["gbol"]}, 400),
        ([], 400),
        ({"platformKey": "nope"}, 404),
    ],
)
def test_an_unknown_platform_is_refused(sandbox: Sandbox, body: object, status: int) -> None:
    assert sandbox.post(f"/companies/{fresh_company(sandbox)}/connections", body).status_code == status


def test_the_sync_flow_url_makes_the_company_and_its_connections(sandbox: Sandbox) -> None:
    path = "/config/sync/commerce/fztf/gbol/start?merchantIdentifier=Brand+New"
    url = sandbox.get(path).json()["url"]
    assert url.startswith("https://sync-flow.codat.io/")
    assert "/fztf/gbol/start?merchantIdentifier=Brand+New&otp=" in url
    sandbox.get(path)
    found = sandbox.get("/companies", params={"query": "name=Brand New"}).json()["results"]
    assert [[link["status"] for link in company["dataConnections"]] for company in found] == [
        ["PendingAuth"] * 2
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/config/sync/commerce/fztf/gbol/start", 400),
        ("/config/sync/commerce/gbol/fztf/start?merchantIdentifier=a", 404),
        ("/config/sync/commerce/none/gbol/start?merchantIdentifier=a", 404),
    ],
)
def test_a_sync_flow_url_needs_a_merchant_and_two_platforms(sandbox: Sandbox, path: str, status: int) -> None:
    assert sandbox.get(path).status_code == status


def test_a_connection_is_known_to_its_own_company_only(sandbox: Sandbox) -> None:
    one, other = sandbox.get("/companies?pageSize=2").json()["results"]
    link_id = one["dataConnections"][0]["id"]
    assert sandbox.get(f"/companies/{other['id']}/connections/{link_id}").status_code == 404
    assert sandbox.get(f"/companies/{NOBODY}/connections/{link_id}").json()["service"] == "ClientsApi"
