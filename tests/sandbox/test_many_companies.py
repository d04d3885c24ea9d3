"""Lists of very many companies: what is made for a page, how queries keep up with changes, deleted ones on the way."""

import json
from http.client import HTTPConnection
from select import select

import pytest

from sandbox.app import App
from sandbox.columns import Columns
from sandbox.exchange import Request
from sandbox.testing import running
from sandbox.world import World
from tests.sandbox.worlds import StoppedClock, a_merchant, read, world_at


def listed(world: World, **query: str) -> list[str]:
    return [company["id"] for company in read(world, "/companies", pageSize="5000", **query)["results"]]


def test_an_id_is_found_without_looking_at_the_others() -> None:
    world = world_at(StoppedClock(), merchants=100_000)
    company_id = world.company_id(77_777)
    assert listed(world, query=f"id = {company_id.upper()}", orderBy="name") == [company_id]
    assert listed(world, query="id=00000000-0000-4000-a000-000000000000") == []
    assert not any(world.columns._rows)


def test_pages_deep_in_a_hundred_thousand_skip_the_deleted() -> None:
    world = world_at(StoppedClock(), merchants=100_000)
    everybody = [world.company_id(number) for number in range(50_000, 50_200)]
    for number in (0, 1, 7, 49_999, 50_003, 50_004, 50_150):
        world.delete(world.company_id(number))
    created = world.create({"name": "New", "description": None, "tags": {}})
    page = read(world, "/companies", page="500", pageSize="100")
    assert page["totalResults"] == 100_000 - 7 + 1
    gone = {world.company_id(number) for number in (50_003, 50_004, 50_150)}
    left = [company_id for company_id in everybody if company_id not in gone]
    assert [company["id"] for company in page["results"]] == list(world.company_ids(49_900, 50_000))
    assert list(world.company_ids(49_996, 50_096)) == left[:100]
    assert list(world.company_ids(99_990, 200_000))[-1] == created
    assert len(list(world.company_ids(99_990, 200_000))) == 4


def test_a_company_made_through_the_api_and_deleted_again_leaves_no_hole() -> None:
    world = world_at(StoppedClock(), merchants=3)
    new = [world.create({"name": name, "description": None, "tags": {}}) for name in ("A", "B", "C")]
    world.delete(new[1])
    assert [company_id for company_id in listed(world) if company_id in new] == [new[0], new[2]]
    world.store.commit()
    world.recall()
    assert [company_id for company_id in listed(world) if company_id in new] == [new[0], new[2]]


def test_queries_see_what_was_created_renamed_tagged_linked_and_deleted() -> None:
    world = world_at(StoppedClock(), merchants=300)
    company_id = a_merchant(world, "healthy")
    assert listed(world, query="name=Umbrella") == []
    created = world.create({"name": "Umbrella", "description": None, "tags": {}})
    assert listed(world, query="name=Umbrella") == [created]
    world.record(company_id, "company", {"name": "Umbrella", "tags": {"sort": "wet"}})
    assert listed(world, query="name=Umbrella") == [company_id, created]
    assert listed(world, tags="sort=wet") == [company_id]
    link = next(iter(world.card(company_id).connections.values()))
    assert listed(world, query=f"dataConnections.id={link.id}") == [company_id]
    world.record(company_id, "connection", {"id": link.id, "platform": link.key, "status": "Unlinked"})
    assert company_id in listed(world, query="dataConnections.status=Unlinked")
    world.record(company_id, "connection deleted", {"id": link.id})
    assert company_id not in listed(world, query="dataConnections.status=Unlinked")
    world.delete(company_id)
    assert listed(world, query="name=Umbrella") == [created]


def test_what_was_made_for_a_query_serves_the_next_and_a_sync_changes_none_of_it() -> None:
    world = world_at(StoppedClock(), merchants=300)
    first = listed(world, query="name~a", orderBy="-created")
    made = list(world.columns._rows)
    world.record(first[0], "sync", _A_SYNC)
    assert listed(world, query="name~a", orderBy="-created") == first
    assert all(now is before for now, before in zip(world.columns._rows, made, strict=True))


_A_SYNC = {
    "sync_id": "00000000-0000-4000-a000-000000000000",
    "commerce_sync_id": "00000000-0000-4000-a000-000000000001",
    "start": "2026-11-19T00:00:00+00:00",
    "finish": "2026-11-20T00:00:00+00:00",
    "outcome": [2000, "Complete", "", True],
    "seconds": 60.0,
}


def test_the_rows_are_made_a_few_at_a_time_so_that_answers_fit_in_between() -> None:
    world = world_at(StoppedClock(), merchants=301)
    columns: Columns = world.columns
    for steps in range(1, 7):
        assert not columns.are_complete
        columns.make_some()
        assert sum(row is not None for row in columns._rows) == 50 * steps
    columns.make_some()
    assert columns.are_complete
    assert all(columns._rows)


def test_companies_that_come_and_go_while_the_rows_are_made_are_listed_rightly() -> None:
    world = world_at(StoppedClock(), merchants=200)
    world.columns.make_some()
    world.delete(world.company_id(3))
    created = world.create({"name": "Umbrella", "description": None, "tags": {}})
    while not world.columns.are_complete:
        world.columns.make_some()
    assert len(listed(world, query="name!=x")) == 200
    assert listed(world, query="name=Umbrella") == [created]


FLOW = "/config/sync/commerce/ldgh/gbol/start"


def test_only_what_is_looked_for_among_all_companies_has_to_wait_for_their_rows() -> None:
    world = world_at(StoppedClock(), merchants=60)
    app, company_id = App(world, "key"), world.company_id(7)

    def waits(path: str, **query: str) -> bool:
        return app.has_to_wait(Request("GET", path, path, query, {}))

    assert not waits("/companies", page="2")
    assert not waits("/companies", query=f"id={company_id}", orderBy="name")
    assert not waits(f"/companies/{company_id}", query="name~a")
    assert not waits("/nowhere", query="name~a")
    assert not waits(FLOW, merchantIdentifier=company_id)
    asked = [("/companies", {name: "x"}) for name in ("query", "tags", "orderBy")]
    for path, query in [*asked, (FLOW, {"merchantIdentifier": "Umbrella"})]:
        assert waits(path, **query)
    listed(world, orderBy="name")
    while not world.columns.are_complete:
        world.columns.make_some()
    assert not waits("/companies", orderBy="name")


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/companies?orderBy=-name", f"{FLOW}?merchantIdentifier=Umbrella"])
def test_others_are_answered_while_somebody_waits_for_what_is_not_made_yet(path: str) -> None:
    with running(merchants=20_000, direct=True) as sandbox:
        company_id = sandbox.merchants("healthy")[0]["company_id"]
        waiting = [HTTPConnection(sandbox.url.removeprefix("http://"), timeout=60) for _ in range(2)]
        for each in waiting:
            each.request("GET", path, headers=dict(sandbox.session.headers))
        for _ in range(10):
            assert sandbox.get(f"/companies/{company_id}").json()["id"] == company_id
        assert select([each.sock for each in waiting], [], [], 0)[0] == []
        for each in waiting:
            found = json.load(each.getresponse())
            if "results" in found:
                names = [company["name"] for company in found["results"]]
                assert (found["totalResults"], names) == (20_000, sorted(names, reverse=True))
            each.close()
        assert sandbox.get("/companies?query=name=Umbrella").json()["totalResults"] == ("Umbrella" in path)


def test_the_last_answers_are_kept_and_no_more() -> None:
    world = world_at(StoppedClock(), merchants=50)
    for letter in "abcdefgh":
        listed(world, query=f"name~{letter}")
    assert len(world.columns._answers) == 4


@pytest.mark.parametrize("order", ["age", "-", "--name"])
def test_an_order_by_what_there_is_not_is_refused(order: str) -> None:
    world = world_at(StoppedClock(), merchants=50)
    assert read(world, "/companies", orderBy=order)["statusCode"] == 400
    assert read(world, "/companies", orderBy=order, query=f"id={world.company_id(1)}")["statusCode"] == 400
