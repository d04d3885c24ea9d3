"""What is told of syncs and companies where the documents are silent: each value of each switch."""

from typing import Any

import pytest

from sandbox.app import App
from sandbox.exchange import Request
from sandbox.wire import stamp
from sandbox.world import World
from tests.sandbox.worlds import (
    BASIC,
    StoppedClock,
    a_merchant,
    answered,
    latest,
    read,
    shown,
    syncs_of,
    world_at,
)

UNKNOWN = "846ed55c-974b-4392-a1f1-87b6fdbf3c5e"


@pytest.mark.parametrize(
    ("switch", "status"),
    [shown("by_commerce_sync_id", "unknown", 404), shown("by_commerce_sync_id", "known", 200)],
)
def test_a_sync_asked_for_by_its_other_id(switch: str, status: int) -> None:
    world = world_at(StoppedClock(), by_commerce_sync_id=switch)
    company_id = a_merchant(world, "flaky")
    sync = world.timeline(company_id).syncs[-1]
    assert answered(world, syncs_of(company_id, sync.commerce_sync_id))[0] == status


@pytest.mark.parametrize(
    ("switch", "status", "body"),
    [
        shown("never_synced", "404", 404, None),
        shown("never_synced", "204", 204, b""),
        shown("never_synced", "null", 200, b"null"),
        shown("never_synced", "empty", 200, b"{}"),
    ],
)
def test_the_state_of_a_company_that_never_synced(switch: str, status: int, body: Any) -> None:
    world = world_at(StoppedClock(), never_synced=switch)
    company_id = a_merchant(world, "never_synced")
    for path in (
        syncs_of(company_id, "latest"),
        syncs_of(company_id, "lastSuccessful"),
        f"/meta/companies/{company_id}/sync/commerce/status",
    ):
        told = answered(world, path)
        assert told[0] == status
        assert body is None or told[1] == body
    assert answered(world, syncs_of(company_id, "list")) == (200, b"[]")
    assert answered(world, syncs_of(UNKNOWN, "latest"))[0] == 404


def listed(world: World, kind: str = "flaky") -> list[str]:
    return [row["syncUtc"] for row in read(world, syncs_of(a_merchant(world, kind), "list"))]


@pytest.mark.parametrize(
    "switch", [shown("list_order", "newest"), shown("list_order", "oldest"), shown("list_order", "unordered")]
)
def test_the_order_of_the_list(switch: str) -> None:
    times = listed(world_at(StoppedClock(), list_order=switch))
    ordered = {"newest": sorted(times, reverse=True), "oldest": sorted(times)}
    assert (times in ordered.values()) is (switch != "unordered")
    assert switch == "unordered" or times == ordered[switch]
    assert times == listed(world_at(StoppedClock(), list_order=switch))


@pytest.mark.parametrize(
    ("switch", "length"),
    [shown("list_length", "all", 120), shown("list_length", "100", 100), shown("list_length", "30", 30)],
)
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_the_length_of_the_list_leaves_out_the_oldest(switch: str, length: int, order: str) -> None:
    clock = StoppedClock()
    world = world_at(clock, list_length=switch, list_order=order)
    clock.passes(days=40)
    times = listed(world)
    assert len(times) >= length if switch == "all" else len(times) == length
    assert max(times) == read(world, syncs_of(a_merchant(world, "flaky"), "latest"))["syncUtc"]


@pytest.mark.parametrize(
    ("switch", "seconds"),
    [shown("list_delay", "none", 0), shown("list_delay", "1", 1), shown("list_delay", "30", 30)],
)
def test_how_late_the_list_knows_of_a_new_sync(switch: str, seconds: int) -> None:
    clock = StoppedClock()
    world = world_at(clock, list_delay=switch)
    company_id, before = a_merchant(world, "flaky"), len(listed(world))
    latest(world, company_id)
    if seconds:
        clock.passes(seconds=seconds - 0.1)
        assert len(listed(world)) == before
        assert read(world, syncs_of(company_id, "latest"))["syncStatusCode"] == 1000
        clock.passes(seconds=0.1)
    assert len(listed(world)) == before + 1


@pytest.mark.parametrize("switch", [shown("sync_utc", "start"), shown("sync_utc", "end")])
def test_whether_a_sync_is_told_by_its_start_or_its_end(switch: str) -> None:
    clock = StoppedClock()
    world = world_at(clock, sync_utc=switch)
    company_id = a_merchant(world, "flaky")

    def times() -> set[str]:
        paths = (syncs_of(company_id, "latest"), f"/meta/companies/{company_id}/sync/commerce/status")
        return {max(listed(world)), *(read(world, path)["syncUtc"] for path in paths)}

    started = {latest(world, company_id)[1]["syncUtc"]}
    assert times() == started
    clock.passes(minutes=9)
    ended = world.timeline(company_id).syncs[-1].ended
    assert times() == ({stamp(ended)} if switch == "end" else started)
    assert listed(world) == sorted(listed(world), reverse=True)


@pytest.mark.parametrize(
    ("switch", "codes"),
    [
        shown("severed_code", "by_status", {"deauthorized": 4040, "unlinked": 4220}),
        shown("severed_code", "4040", {"deauthorized": 4040, "unlinked": 4040}),
        shown("severed_code", "4220", {"deauthorized": 4220, "unlinked": 4220}),
    ],
)
def test_the_code_of_a_severed_connection(switch: str, codes: dict[str, int]) -> None:
    world = world_at(StoppedClock(), severed_code=switch)
    newest = {kind: world.timeline(a_merchant(world, kind)).syncs[-1].outcome.code for kind in codes}
    assert newest == codes


def texts(world: World, kind: str) -> list[Any]:
    company_id = a_merchant(world, kind)
    paths = (syncs_of(company_id, "latest"), f"/meta/companies/{company_id}/sync/commerce/status")
    return [read(world, path)["syncStatus"] for path in paths]


@pytest.mark.parametrize("switch", [shown("success_text", "Complete"), shown("success_text", "Success")])
def test_the_text_of_a_success(switch: str) -> None:
    world = world_at(StoppedClock(), success_text=switch)
    assert texts(world, "quiet") == [switch] * 2
    assert texts(world, "settings") == ["ValidateError"] * 2


@pytest.mark.parametrize(
    ("switch", "text"),
    [
        shown("failure_text", "plain", "ValidateError"),
        shown("failure_text", "pending", "ValidateError, Pending"),
        shown("failure_text", "null", None),
    ],
)
def test_the_text_of_a_failure(switch: str, text: str | None) -> None:
    world = world_at(StoppedClock(), failure_text=switch)
    assert texts(world, "settings") == [text] * 2
    assert texts(world, "quiet") == ["Complete"] * 2
    assert latest(world, a_merchant(world, "settings"))[1]["syncStatus"] == "NotStarted"


@pytest.mark.parametrize(
    ("switch", "by_name", "by_size"),
    [
        shown("order_by", "created_and_name", 200, 400),
        shown("order_by", "created", 400, 400),
        shown("order_by", "ignored", 200, 200),
    ],
)
def test_what_companies_can_be_ordered_by(switch: str, by_name: int, by_size: int) -> None:
    world = world_at(StoppedClock(), order_by=switch)

    def status(order: str) -> int:
        request = Request("GET", "/companies", "/companies", {"orderBy": order}, BASIC)
        return App(world, "key").answer(request).status

    assert (status("name"), status("-shoeSize"), status("-created")) == (by_name, by_size, 200)


@pytest.mark.parametrize("switch", [shown("no_zone", "absent"), shown("no_zone", "null")])
def test_a_merchant_without_zone(switch: str) -> None:
    world = world_at(StoppedClock(), merchants=200, no_zone=switch)
    company_id = next(merchant.company_id for merchant in world.of_kind("healthy") if not merchant.zone)
    schedule = read(world, f"/config/companies/{company_id}/sync/commerce")["schedule"]
    assert schedule.get("timeZone", "absent") == (None if switch == "null" else "absent")


@pytest.mark.switch(per_minute="off")
def test_the_minute_is_not_guarded_when_it_is_switched_off() -> None:
    world = world_at(StoppedClock(), per_minute="off")
    app = App(world, "key")
    assert {app.answer(Request("GET", "/webhooks", "/webhooks", {}, BASIC)).status for _ in range(1200)} == {
        200
    }
