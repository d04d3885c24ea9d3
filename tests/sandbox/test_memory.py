"""Same seed, same world; and what was done to it is remembered."""

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest

from sandbox.testing import Sandbox, running
from tests.sandbox.worlds import NOON, StoppedClock, read, world_at


def told(sandbox: Sandbox) -> dict[str, Any]:
    """Everything there is to tell of a few companies, but the passing time of their reads."""
    companies = sandbox.get("/companies?pageSize=12").json()["results"]
    for company in companies:
        company.pop("lastSync")
        company.pop("created")
        for link in company["dataConnections"]:
            for passing in ("lastSync", "created", "dataConnectionErrors"):
                link.pop(passing)
    ids = [company["id"] for company in companies]
    rows = [sandbox.get(f"/companies/{one}/sync/commerce/syncs/list/status").json()[2:80] for one in ids]
    return {
        "companies": companies,
        "syncs": [
            [(row["syncId"], row["syncStatusCode"], row["errorMessage"]) for row in one] for one in rows
        ],
        "hours": [
            sandbox.get(f"/config/companies/{one}/sync/commerce").json()["schedule"]["syncHour"]
            for one in ids
        ],
    }


@pytest.mark.slow
def test_the_same_seed_makes_the_same_world_and_another_seed_another() -> None:
    with running(seed=5) as one, running(seed=5) as same, running(seed=6) as other:
        assert told(one) == told(same)
        assert not {c["id"] for c in told(one)["companies"]} & {c["id"] for c in told(other)["companies"]}


def test_a_merchant_is_the_same_however_many_there_are() -> None:
    few, many = world_at(StoppedClock(), merchants=50), world_at(StoppedClock(), merchants=5000)
    for company_id in few.company_ids():
        assert few.merchant(company_id) == many.merchant(company_id)


@pytest.mark.slow
def test_what_was_done_is_remembered_across_a_restart(tmp_path: Path) -> None:
    with running(data=tmp_path) as first:
        merchants = first.merchants("healthy")
        asked, renamed, deleted, unlinked = (merchant["company_id"] for merchant in merchants[:4])
        first.post(f"/companies/{asked}/sync/commerce/latest")
        first.session.patch(f"{first.url}/companies/{renamed}", json={"name": "Renamed"})
        first.session.delete(f"{first.url}/companies/{deleted}")
        link = first.get(f"/companies/{unlinked}/connections").json()["results"][0]
        first.session.patch(
            f"{first.url}/companies/{unlinked}/connections/{link['id']}", json={"status": "Unlinked"}
        )
        created = first.post("/companies", {"name": "Created"}).json()
        first.post(f"/config/companies/{asked}/sync/commerce", {"schedule": {"syncHour": 9}})
        rows = first.get(f"/companies/{asked}/sync/commerce/syncs/list/status").json()
        listed = [company["id"] for company in first.get("/companies").json()["results"]]
    with running(data=tmp_path) as second:
        again = second.get(f"/companies/{asked}/sync/commerce/syncs/list/status").json()
        assert [row["syncId"] for row in again] == [row["syncId"] for row in rows]
        assert [row["syncUtc"] for row in again] == [row["syncUtc"] for row in rows]
        assert second.get(f"/companies/{renamed}").json()["name"] == "Renamed"
        assert second.get(f"/companies/{deleted}").status_code == 404
        statuses = [c["status"] for c in second.get(f"/companies/{unlinked}/connections").json()["results"]]
        assert statuses == ["Unlinked", "Linked"]
        assert second.get(f"/companies/{created['id']}").json() == created
        assert second.get(f"/config/companies/{asked}/sync/commerce").json()["schedule"]["syncHour"] == 9
        assert [company["id"] for company in second.get("/companies").json()["results"]] == listed
        assert second.post("/companies", {"name": "Another"}).json()["id"] not in listed


def test_a_page_of_a_hundred_thousand_companies_makes_those_that_stand_on_it_and_no_more() -> None:
    world = world_at(StoppedClock(), merchants=100_000)
    answer = read(world, "/companies", page="900", pageSize="100")
    assert (answer["totalResults"], len(answer["results"])) == (100_000, 100)
    assert world.seeded.merchant.cache_info().misses == 100


def test_a_forgotten_timeline_folds_to_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.histories.SYNCS_KEPT", 250)
    clock = StoppedClock()
    world = world_at(clock)
    ids = list(world.company_ids())
    first = {company_id: list(world.timeline(company_id).syncs) for company_id in ids}
    assert {company_id: world.timeline(company_id).syncs for company_id in ids} == first


@pytest.mark.slow
@pytest.mark.parametrize("history_days", [9, 90, 3650])
def test_histories_are_kept_up_to_a_number_of_syncs_however_long_they_are(
    monkeypatch: pytest.MonkeyPatch, history_days: int
) -> None:
    monkeypatch.setattr("sandbox.histories.SYNCS_KEPT", 8000)
    world = world_at(StoppedClock(), merchants=1000, history_days=history_days)
    for company_id in world.company_ids():
        world.timeline(company_id)
    kept = [timeline for timeline, _ in world._histories._kept.values()]
    assert sum(timeline.history.length for timeline in kept) <= 8000
    assert len(kept) >= (8000 // (history_days + 12) if history_days < 1000 else 1)
    assert company_id in world._histories._kept


def test_a_history_that_is_dropped_is_gone_at_once_and_waits_for_no_collector() -> None:
    world = world_at(StoppedClock())
    company_id = world.company_id(0)
    timeline = weakref.ref(world.timeline(company_id))
    kept = timeline()
    assert kept
    assert kept.syncs is not None
    del kept
    gc.disable()
    try:
        world._histories.drop(company_id)
        assert timeline() is None
    finally:
        gc.enable()


def test_a_history_of_years_is_told_in_full() -> None:
    world = world_at(StoppedClock(), merchants=400, history_days=3650)
    oldest = min(world.of_kind("healthy"), key=lambda merchant: merchant.created)
    days = (NOON - oldest.created).days
    assert days > 800
    assert len(world.timeline(oldest.company_id).syncs) == pytest.approx(days, abs=1)


@pytest.mark.slow
def test_the_data_of_one_seed_is_not_opened_with_another(tmp_path: Path) -> None:
    with running(data=tmp_path, seed=3):
        pass
    with pytest.raises(RuntimeError), running(data=tmp_path, seed=4):
        pass
