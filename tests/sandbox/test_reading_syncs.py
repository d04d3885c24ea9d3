"""The six endpoints that tell of syncs."""

import re

import pytest

from sandbox.testing import Sandbox, running

ROW = {
    "companyId", "syncId", "syncStatusCode", "syncStatus", "errorMessage", "syncExceptionMessage", "syncUtc",
    "dataPushed",
}  # fmt: skip


def syncs(company_id: str, which: str) -> str:
    return f"/companies/{company_id}/sync/commerce/syncs/{which}/status"


def a_company(sandbox: Sandbox, kind: str) -> str:
    return str(sandbox.merchants(kind)[0]["company_id"])


def test_the_list_is_a_bare_array_newest_first_with_seven_digits(sandbox: Sandbox) -> None:
    rows = sandbox.get(syncs(a_company(sandbox, "flaky"), "list")).json()
    assert 88 <= len(rows) <= 91
    times = [row["syncUtc"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", time) for time in times)
    assert all(row.keys() == ROW and type(row["syncStatusCode"]) is int for row in rows)


def test_success_is_told_without_an_error_and_failure_with_one_twice(sandbox: Sandbox) -> None:
    rows = sandbox.get(syncs(a_company(sandbox, "archived_account"), "list")).json()
    good = next(row for row in rows if row["syncStatusCode"] == 2000)
    assert (good["syncStatus"], good["errorMessage"], good["dataPushed"]) == ("Complete", "", True)
    bad = rows[0]
    assert (bad["syncStatusCode"], bad["syncStatus"], bad["dataPushed"]) == (5130, "PushError", False)
    assert re.search("account .* is not in an active state", bad["errorMessage"], re.IGNORECASE)
    assert bad["syncExceptionMessage"] == bad["errorMessage"]


def test_latest_is_the_first_of_the_list_and_each_is_found_by_its_id(sandbox: Sandbox) -> None:
    company_id = a_company(sandbox, "settings")
    rows = sandbox.get(syncs(company_id, "list")).json()
    assert sandbox.get(syncs(company_id, "latest")).json() == rows[0]
    assert [sandbox.get(syncs(company_id, row["syncId"])).json() for row in rows[::20]] == rows[::20]
    assert sandbox.get(syncs(company_id, rows[0]["syncId"].upper())).json() == rows[0]


def test_last_successful_is_the_newest_with_a_2xxx_code(sandbox: Sandbox) -> None:
    company_id = a_company(sandbox, "near_fuse")
    rows = sandbox.get(syncs(company_id, "list")).json()
    told = sandbox.get(syncs(company_id, "lastSuccessful")).json()
    assert told == next(row for row in rows if row["syncStatusCode"] in (2000, 2040))
    assert rows.index(told) >= 25


def test_the_status_is_one_object_with_both_ids_and_the_connections(sandbox: Sandbox) -> None:
    company_id = a_company(sandbox, "tax_mapping")
    status = sandbox.get(f"/meta/companies/{company_id}/sync/commerce/status").json()
    latest = sandbox.get(syncs(company_id, "latest")).json()
    assert {name: status[name] for name in ROW} == latest
    assert status.keys() == ROW | {"commerceSyncId", "dataConnections"}
    assert status["commerceSyncId"] != status["syncId"]
    assert len(status["dataConnections"]) == 2


def test_a_commerce_sync_id_is_not_known_as_a_sync_id(sandbox: Sandbox) -> None:
    company_id = a_company(sandbox, "tax_mapping")
    status = sandbox.get(f"/meta/companies/{company_id}/sync/commerce/status").json()
    assert sandbox.get(syncs(company_id, status["commerceSyncId"])).status_code == 404


def test_a_company_that_never_synced_has_an_empty_list_and_404_for_the_rest(sandbox: Sandbox) -> None:
    company_id = a_company(sandbox, "never_synced")
    assert sandbox.get(syncs(company_id, "list")).json() == []
    for path in (
        syncs(company_id, "latest"),
        syncs(company_id, "lastSuccessful"),
        f"/meta/companies/{company_id}/sync/commerce/status",
    ):
        assert sandbox.get(path).status_code == 404


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        ("healthy", {2000, 2040}, ""),
        ("missing_account", {5130}, r"account\(s\) were not found"),
        ("archived_customer", {5130}, "customer .*is not in an active state"),
        ("missing_customer", {5130}, "customer .* does not exist"),
        ("settings", {4000}, "."),
        ("tax_mapping", {4200}, "cannot match the tax id"),
        ("no_message", {5120}, None),
        ("flaky", {5000}, "."),
        ("overlap", {5080}, "date overlaps with a previous sync date range"),
        ("deauthorized", {4040}, "."),
        ("unlinked", {4220}, "."),
        ("billing_expired", {4260}, "expired"),
        ("quiet", {2040}, ""),
        ("slow", {1010}, None),
        ("unlisted_code", {5990}, "."),
        ("partial", {5130}, "."),
    ],
)
def test_each_kind_of_merchant_shows_its_trouble(
    sandbox: Sandbox, kind: str, code: set[int], message: str | None
) -> None:
    row = sandbox.get(syncs(a_company(sandbox, kind), "latest")).json()
    assert row["syncStatusCode"] in code
    assert row["dataPushed"] is (row["syncStatusCode"] == 2000 or kind == "partial")
    if message is None:
        assert row["errorMessage"] is None
    else:
        assert re.search(message, row["errorMessage"], re.IGNORECASE)


def test_switches_turn_what_the_documents_leave_open() -> None:
    switches = {
        "commerce_sync_id": "same",
        "by_commerce_sync_id": "known",
        "list_order": "oldest",
        "never_synced": "empty",
    }
    with running(switches=switches) as sandbox:
        company_id = a_company(sandbox, "healthy")
        status = sandbox.get(f"/meta/companies/{company_id}/sync/commerce/status").json()
        assert status["commerceSyncId"] == status["syncId"]
        assert sandbox.get(syncs(company_id, "list")).json()[-1]["syncId"] == status["syncId"]
        assert sandbox.get(syncs(a_company(sandbox, "never_synced"), "latest")).json() == {}
        assert sandbox.get("/_sandbox/switches").json()["never_synced"] == "empty"
    with running(switches={"by_commerce_sync_id": "known"}) as sandbox:
        company_id = a_company(sandbox, "healthy")
        status = sandbox.get(f"/meta/companies/{company_id}/sync/commerce/status").json()
        found = sandbox.get(syncs(company_id, status["commerceSyncId"])).json()
        assert found["syncId"] == status["syncId"] != status["commerceSyncId"]
