"""What becomes of a company when its connections change, and what a client may not do to them."""

from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.outcomes import NOT_CONNECTED
from sandbox.world import World
from tests.sandbox.worlds import StoppedClock, a_merchant, call, ended, latest, read, send, world_at


def one(world: World, status: str) -> str:
    """The path of a connection of this status."""
    for company in read(world, "/companies")["results"]:
        for link in company["dataConnections"]:
            if link["status"] == status:
                return f"/companies/{company['id']}/connections/{link['id']}"
    raise LookupError(status)


@pytest.mark.parametrize("status", ["PendingAuth", "Deauthorized", "Unlinked"])
def test_only_a_linked_connection_can_be_unlinked(status: str) -> None:
    world = world_at(StoppedClock())
    path = one(world, status)
    assert call(world, "PATCH", path, {"status": "Unlinked"})[0] == 400
    assert read(world, path)["status"] == status


def test_any_status_can_be_set_where_a_switch_says_so() -> None:
    world = world_at(StoppedClock(), patch_status="any")
    path = one(world, "Linked")
    for status in ("Deauthorized", "PendingAuth", "Unlinked", "Linked"):
        assert call(world, "PATCH", path, {"status": status})[1]["status"] == status
    for status in ("linked", None, "Gone"):
        assert call(world, "PATCH", path, {"status": status})[0] == 400


@pytest.mark.parametrize("body", [{"token": 5}, {"token": None}, ["x"], "x"])
def test_an_authorization_is_made_of_texts(body: object) -> None:
    world = world_at(StoppedClock())
    path = one(world, "PendingAuth")
    assert call(world, "PUT", f"{path}/authorization", body)[0] == 400
    assert read(world, path)["status"] == "PendingAuth"


def test_a_second_linked_shop_makes_the_next_sync_fail() -> None:
    world = world_at(clock := StoppedClock())
    company_id = a_merchant(world, "healthy")
    path = f"/companies/{company_id}/connections"
    second = send(world, path, '{"platformKey": "zsth"}')[1]["id"]
    call(world, "PUT", f"{path}/{second}/authorization", {"token": "x"})
    latest(world, company_id)
    assert ended(world, clock, company_id).outcome == NOT_CONNECTED
    call(world, "DELETE", f"{path}/{second}")
    latest(world, company_id)
    assert ended(world, clock, company_id).outcome.is_success


def test_an_error_of_a_connection_is_resolved_when_it_is_linked_again() -> None:
    world = world_at(clock := StoppedClock())
    path = one(world, "Deauthorized")
    active = read(world, path)["dataConnectionErrors"][0]
    assert (active["statusCode"], active["status"], active["resolvedOnUtc"]) == ("401", "Active", None)
    clock.passes(hours=1)
    call(world, "PUT", f"{path}/authorization", {"token": "x"})
    resolved = {**active, "status": "Resolved", "resolvedOnUtc": "2026-11-20T13:00:00Z"}
    assert read(world, path)["dataConnectionErrors"] == [resolved]


def test_a_flow_url_hands_the_redirect_on_and_names_the_client() -> None:
    world = world_at(StoppedClock())
    flow, back = "/config/sync/commerce/fztf/gbol/start", "https://shop.example/done?a=1&b=2"
    url = urlsplit(read(world, flow, merchantIdentifier="A shop", redirectUrl=back)["url"])
    query = parse_qs(url.query)
    assert (query["merchantIdentifier"], query["redirectUrl"]) == (["A shop"], [back])
    assert len(query["otp"][0]) == 6
    assert url.path == f"/{world.client_id}/fztf/gbol/start"


def test_a_flow_finds_the_company_whose_name_it_had_to_clean() -> None:
    world = world_at(StoppedClock())
    for _ in range(2):
        read(world, "/config/sync/commerce/fztf/gbol/start", merchantIdentifier="Shop (7)")
    assert [company["name"] for company in read(world, "/companies")["results"]][40:] == ["Shop 7"]


def test_a_flow_knows_a_company_by_its_id_in_either_case() -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "healthy")
    read(world, "/config/sync/commerce/fztf/gbol/start", merchantIdentifier=company_id.upper())
    assert read(world, "/companies")["totalResults"] == 40
