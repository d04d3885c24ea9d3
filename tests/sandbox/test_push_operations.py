"""Push operations tell what the syncs wrote, and agree with them at every moment."""

from collections import Counter
from typing import Any

import pytest

from sandbox.syncs import Sync
from sandbox.world import World
from tests.sandbox.worlds import NOON, StoppedClock, a_merchant, call, ended, historic, latest, read, world_at

DAY_AGO, TWO_AGO = NOON.replace(day=19, hour=0), NOON.replace(day=18, hour=0)


def pushes(world: World, company_id: str, **query: str) -> list[dict[str, Any]]:
    return read(world, f"/companies/{company_id}/push", pageSize="5000", **query)["results"]


def of(world: World, company_id: str, sync: Sync) -> list[dict[str, Any]]:
    """What was pushed while this sync ran."""
    within = (sync.at.isoformat(), sync.ended.isoformat())
    query = "requestedOnUtc>={}&&requestedOnUtc<={}".format(*within)
    return pushes(world, company_id, query=query)


def statuses(world: World, kind: str, code: int) -> list[set[str]]:
    """The statuses of the operations of each sync of this code."""
    company_id = a_merchant(world, kind)
    syncs = [sync for sync in world.timeline(company_id).syncs if sync.outcome.code == code]
    assert syncs
    return [{push["status"] for push in of(world, company_id, sync)} for sync in syncs]


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        ("healthy", 2000, {"Success"}),
        ("quiet", 2040, set()),
        ("archived_account", 5130, {"Failed"}),
        ("partial", 5130, {"Success", "Failed"}),
        ("flaky", 5000, {"TimedOut"}),
        ("no_message", 5120, set()),
        ("overlap", 5080, set()),
        ("settings", 4000, set()),
        ("tax_mapping", 4200, set()),
        ("billing_expired", 4260, set()),
    ],
)
def test_the_operations_of_a_sync_agree_with_its_code(kind: str, code: int, expected: set[str]) -> None:
    assert all(found == expected for found in statuses(world_at(StoppedClock()), kind, code))


def test_an_operation_that_succeeded_names_the_record_it_created() -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "healthy")
    push = pushes(world, company_id, query="status=Success")[0]
    assert (push["statusCode"], push["errorMessage"]) == (200, None)
    assert push["changes"][0]["type"] == "Created"
    assert push["changes"][0]["recordRef"]["dataType"] == push["dataType"]
    links = read(world, f"/companies/{company_id}/connections", query="sourceType=Accounting")["results"]
    assert push["dataConnectionKey"] == links[0]["id"]
    assert read(world, f"/companies/{company_id}/push/{push['pushOperationKey']}") == push


def test_an_operation_that_failed_says_why_twice() -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "missing_customer")
    message = world.timeline(company_id).syncs[-1].outcome.message
    push = pushes(world, company_id)[0]
    assert (push["status"], push["statusCode"], push["changes"]) == ("Failed", 400, None)
    assert message
    assert message in push["errorMessage"]
    error = {"itemId": "CustomerRef", "message": message, "validatorName": "Customer"}
    assert push["validation"] == {"errors": [error], "warnings": []}


def test_operations_are_pending_while_their_sync_pushes() -> None:
    world = world_at(clock := StoppedClock())
    company_id = a_merchant(world, "archived_account", rerun="succeeds")
    before = len(pushes(world, company_id))
    latest(world, company_id)
    sync = world.timeline(company_id).syncs[-1]
    half = (sync.ended - sync.pushing).total_seconds() / 2
    clock.passes(seconds=(sync.pushing - sync.at).total_seconds() - 1)
    assert len(pushes(world, company_id)) == before
    clock.passes(seconds=half + 1)
    assert read(world, f"/meta/companies/{company_id}/sync/commerce/status")["syncStatus"] == "Pushing"
    pending = pushes(world, company_id)[: -before or None]
    assert {(push["status"], push["statusCode"]) for push in pending} == {("Pending", 202)}
    assert not any("completedOnUtc" in push for push in pending)
    clock.passes(seconds=sync.seconds)
    done = of(world, company_id, sync)
    assert [push["pushOperationKey"] for push in done] == [push["pushOperationKey"] for push in pending]
    assert {push["status"] for push in done} == {"Success"}
    assert all(push["requestedOnUtc"] < push["completedOnUtc"] for push in done)


def test_each_sales_day_has_its_operations() -> None:
    world = world_at(clock := StoppedClock(), overlap="allowed")
    company_id = next(m.company_id for m in world.of_kind("healthy") if not m.closed)
    historic(world, company_id, TWO_AGO.replace(day=15), DAY_AGO)
    one = Counter(push["dataType"] for push in of(world, company_id, ended(world, clock, company_id)))
    assert len(one) == 3
    assert set(one.values()) == {4}


def test_what_was_written_stays_with_the_connection_it_was_written_to() -> None:
    world = world_at(clock := StoppedClock())
    company_id = a_merchant(world, "healthy")
    path = f"/companies/{company_id}/connections"
    old = read(world, path, query="sourceType=Accounting")["results"][0]["id"]
    assert call(world, "DELETE", f"{path}/{old}")[0] == 200
    new = call(world, "POST", path, {"platformKey": "fbrh"})[1]["id"]
    call(world, "PUT", f"{path}/{new}/authorization", {"token": "x"})
    clock.passes(days=1)
    keys = [push["dataConnectionKey"] for push in pushes(world, company_id)]
    assert set(keys) == {old, new}
    assert keys == sorted(keys, key=[new, old].index)


def test_operations_are_the_same_whenever_they_are_asked_for() -> None:
    world = world_at(clock := StoppedClock())
    company_id = a_merchant(world, "partial")
    before = pushes(world, company_id)
    clock.passes(hours=1)
    assert pushes(world_at(clock), company_id)[-len(before) :] == before


def test_the_list_has_pages_queries_and_an_order() -> None:
    world = world_at(StoppedClock())
    path = f"/companies/{a_merchant(world, 'archived_account')}/push"
    page = read(world, path, page="2", pageSize="10")
    assert (len(page["results"]), page["pageNumber"]) == (10, 2)
    assert page["_links"]["next"]["href"] == f"{path}?page=3&pageSize=10"
    failed = read(world, path, query="statusCode>=400 && dataType=payments")["results"]
    assert {push["dataType"] for push in failed} == {"payments"}
    assert {"Failed"} <= {push["status"] for push in failed} <= {"Failed", "TimedOut"}
    times = [push["requestedOnUtc"] for push in read(world, path, orderBy="requestedOnUtc")["results"]]
    assert times == sorted(times)
    assert call(world, "GET", path, query="changes.type=Created")[0] == 400


def test_what_is_not_there_is_a_404_and_a_merchant_without_syncs_has_none() -> None:
    world, nobody = world_at(StoppedClock()), "846ed55c-974b-4392-a1f1-87b6fdbf3c5e"
    company_id = a_merchant(world, "never_synced")
    assert pushes(world, company_id) == []
    assert call(world, "GET", f"/companies/{company_id}/push/{nobody}")[0] == 404
    assert call(world, "GET", f"/companies/{nobody}/push")[1]["service"] == "ClientsApi"
