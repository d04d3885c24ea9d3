"""Reads of a company's data: pull operations, the state of each data type, refresh."""

from pathlib import Path
from typing import Any

import pytest

from sandbox import datatypes
from sandbox.reading import STAGES
from sandbox.world import World
from tests.sandbox.worlds import StoppedClock, a_merchant, call, read, send, world_at

NOBODY = "846ed55c-974b-4392-a1f1-87b6fdbf3c5e"
RUNNING = set(STAGES)


def pulls(world: World, company_id: str, **query: str) -> list[dict[str, Any]]:
    return read(world, f"/companies/{company_id}/data/history", pageSize="5000", **query)["results"]


def links(world: World, company_id: str) -> list[dict[str, Any]]:
    return read(world, f"/companies/{company_id}/connections")["results"]


def queue(world: World, company_id: str, data_type: str, **query: str) -> tuple[int, Any]:
    return call(world, "POST", f"/companies/{company_id}/data/queue/{data_type}", **query)


@pytest.mark.parametrize("kind", ["healthy", "deauthorized", "unlinked"])
def test_the_newest_complete_read_of_a_connection_is_its_last_sync(kind: str) -> None:
    world = world_at(clock := StoppedClock())
    company_id = a_merchant(world, kind)
    for _ in range(5):
        complete = pulls(world, company_id, query="status=Complete")
        for link in links(world, company_id):
            ends = [pull["completed"] for pull in complete if pull["connectionId"] == link["id"]]
            assert max(ends) == link["lastSync"]
        clock.passes(hours=7)


def test_a_requested_read_goes_through_every_status_and_moves_last_sync() -> None:
    world = world_at(clock := StoppedClock(), speed=0.1)
    company_id = a_merchant(world, "healthy")
    status, asked = queue(world, company_id, "invoices")
    assert (status, asked["status"], asked["progress"], "completed" in asked) == (200, "Initial", 10, False)
    path, seen = f"/companies/{company_id}/data/history/{asked['id']}", [asked]
    while not seen[-1]["isCompleted"]:
        clock.passes(seconds=1)
        seen.append(read(world, path))
    assert list(dict.fromkeys(pull["status"] for pull in seen)) == [*STAGES, "Complete"]
    assert [pull["progress"] for pull in seen] == sorted(pull["progress"] for pull in seen)
    assert (seen[-1]["progress"], seen[-1]["isErrored"]) == (100, False)
    link = next(link for link in links(world, company_id) if link["id"] == asked["connectionId"])
    assert (link["sourceType"], link["lastSync"]) == ("Accounting", seen[-1]["completed"])
    assert read(world, f"/companies/{company_id}")["lastSync"] >= link["lastSync"]


def test_a_read_over_a_deauthorized_connection_ends_in_an_error_and_moves_nothing() -> None:
    world = world_at(clock := StoppedClock())
    company_id = a_merchant(world, "deauthorized")
    before = links(world, company_id)
    lost = next(link for link in before if link["status"] == "Deauthorized")
    name = "invoices" if lost["sourceType"] == "Accounting" else "commerce-orders"
    asked = queue(world, company_id, name, connectionId=lost["id"])[1]
    clock.passes(minutes=1)
    told = read(world, f"/companies/{company_id}/data/history/{asked['id']}")
    assert (told["status"], told["isCompleted"], told["isErrored"]) == ("AuthError", False, True)
    assert lost["platformName"] in told["errorMessage"]
    assert links(world, company_id) == before
    state = read(world, f"/companies/{company_id}/dataStatus")[name]
    assert state["currentStatus"] == "AuthError"
    assert state["latestSyncId"] == told["id"] != state.get("latestSuccessfulSyncId")


def test_where_access_was_lost_the_history_says_when() -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "deauthorized")
    lost = next(link for link in links(world, company_id) if link["status"] == "Deauthorized")
    failed = pulls(world, company_id, query="status=AuthError")
    assert {pull["connectionId"] for pull in failed} == {lost["id"]}
    last = max(pull["completed"] for pull in failed)
    assert last[:19] == lost["dataConnectionErrors"][0]["erroredOnUtc"][:19]
    assert not [
        pull
        for pull in pulls(world, company_id)
        if pull["connectionId"] == lost["id"] and pull["requested"] > last
    ]


def test_everything_can_be_refreshed_and_what_is_being_read_is_not_read_twice() -> None:
    world = world_at(clock := StoppedClock())
    company_id = a_merchant(world, "healthy")
    before = len(pulls(world, company_id))
    assert call(world, "POST", f"/companies/{company_id}/data/all") == (204, None)
    asked = pulls(world, company_id)[:-before]
    assert {pull["status"] for pull in asked} == {"Initial"}
    assert {"chartOfAccounts", "commerce-orders"} <= {pull["dataType"] for pull in asked}
    call(world, "POST", f"/companies/{company_id}/data/all")
    assert len(pulls(world, company_id)) == before + len(asked)
    status, error = queue(world, company_id, "chartOfAccounts")
    assert (status, error["error"].split(":")[0]) == (409, "DatasetAlreadyInProgressException")
    clock.passes(minutes=1)
    assert {pull["status"] for pull in pulls(world, company_id)[: len(asked)]} == {"Complete"}
    assert queue(world, company_id, "chartOfAccounts")[0] == 200


def test_the_state_of_each_data_type_is_told_or_null() -> None:
    world = world_at(StoppedClock())
    states = read(world, f"/companies/{a_merchant(world, 'healthy')}/dataStatus")
    assert states.keys() == set(datatypes.ALL)
    assert len(states) == 43
    assert states["banking-accounts"] is None
    assert states["commerce-orders"]["dataType"] == "commerce-orders"
    assert states["commerce-orders"]["currentStatus"] == "Complete"
    nothing = send(world, "/companies", '{"name": "Nothing linked"}')[1]["id"]
    assert not any(read(world, f"/companies/{nothing}/dataStatus").values())


@pytest.mark.parametrize("name", ["banking-accounts", "commerce-nothing", "shoes"])
def test_a_data_type_that_no_platform_of_the_company_has_is_refused(name: str) -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "healthy")
    platforms = ", ".join(link["platformName"] for link in links(world, company_id))
    status, error = queue(world, company_id, name)
    assert (status, error["error"]) == (404, f"Datatype [{name}] not supported by platform(s) [{platforms}]")
    shop = links(world, company_id)[0]
    status, error = queue(world, company_id, "invoices", connectionId=shop["id"])
    assert (status, error["error"]) == (
        404,
        f"Datatype [invoices] not supported by platform(s) [{shop['platformName']}]",
    )


def test_what_is_unknown_is_a_404() -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "healthy")
    status, error = queue(world, company_id, "invoices", connectionId=NOBODY)
    assert (status, error["error"]) == (404, f"Data connection {NOBODY} not found")
    assert call(world, "GET", f"/companies/{company_id}/data/history/{NOBODY}")[0] == 404
    for method, path in (
        ("GET", "data/history"),
        ("GET", "dataStatus"),
        ("POST", "data/all"),
        ("POST", "data/queue/invoices"),
    ):
        assert call(world, method, f"/companies/{NOBODY}/{path}")[1]["service"] == "ClientsApi"


def test_the_history_can_be_asked_for_what_failed_but_not_for_is_completed() -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "deauthorized")
    failed = pulls(world, company_id, query="status!=Complete&&status!=NotSupported", orderBy="requested")
    assert {pull["isErrored"] for pull in failed} == {True}
    times = [pull["requested"] for pull in failed]
    assert times == sorted(times)
    status, error = call(world, "GET", f"/companies/{company_id}/data/history", query="isCompleted=true")
    assert (status, error["service"]) == (400, "PullApi")
    assert error["error"] == "Error parsing query - Could not resolve property isCompleted on Dataset"


def test_a_connection_is_read_a_minute_after_it_was_linked_and_not_while_it_is_cut() -> None:
    world = world_at(clock := StoppedClock())
    company_id = send(world, "/companies", '{"name": "Fresh"}')[1]["id"]
    path = f"/companies/{company_id}/connections"
    link = send(world, path, '{"platformKey": "gbol"}')[1]
    clock.passes(days=3)
    linked = call(world, "PUT", f"{path}/{link['id']}/authorization", {"token": "x"})[1]
    assert (linked["lastSync"], pulls(world, company_id)) == (None, [])
    clock.passes(seconds=30)
    assert {pull["status"] for pull in pulls(world, company_id)} & RUNNING
    clock.passes(seconds=30)
    read_at = links(world, company_id)[0]["lastSync"]
    assert read_at
    call(world, "PATCH", f"{path}/{link['id']}", {"status": "Unlinked"})
    clock.passes(days=3)
    assert links(world, company_id)[0]["lastSync"] == read_at


def test_requested_reads_survive_a_restart(tmp_path: Path) -> None:
    world = world_at(clock := StoppedClock(), data=tmp_path)
    company_id = a_merchant(world, "healthy")
    asked = queue(world, company_id, "invoices")[1]
    world.store.close()
    assert (
        read(world_at(clock, data=tmp_path), f"/companies/{company_id}/data/history/{asked['id']}") == asked
    )
