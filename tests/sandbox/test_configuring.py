"""What a configuration does to the syncs that follow it, and when none can be set."""

import pytest

from sandbox.world import World
from tests.sandbox.worlds import StoppedClock, a_merchant, call, ended, latest, send, world_at


def configuration(world: World, company_id: str) -> str:
    return f"/config/companies/{company_id}/sync/commerce"


def test_monthly_is_taken_and_then_fails_because_the_flow_does_not_offer_it() -> None:
    world = world_at(clock := StoppedClock())
    company_id = a_merchant(world, "healthy")
    told = send(world, configuration(world, company_id), '{"schedule": {"selectedFrequency": "Monthly"}}')[1]
    assert told["schedule"]["selectedFrequency"] == "Monthly"
    assert told["schedule"]["frequencyOptions"] == ["Daily"]
    clock.passes(days=1)
    syncs = world.timeline(company_id).syncs
    assert (syncs[-1].scheduled, syncs[-1].outcome.code) == (True, 4000)
    latest(world, company_id)
    assert "frequency not present in options" in (ended(world, clock, company_id).outcome.message or "")


@pytest.mark.parametrize("start", ["2026-10-01", "2026-10-01T06:30:00Z", "2026-10-01T06:30:00"])
def test_a_start_date_is_told_as_it_was_given(start: str) -> None:
    world = world_at(StoppedClock())
    body = {"schedule": {"startDate": start, "syncHour": None}}
    told = call(world, "POST", configuration(world, a_merchant(world, "healthy")), body)[1]
    assert told["schedule"]["startDate"] == start


def test_nothing_can_be_configured_before_the_books_were_ever_linked() -> None:
    world = world_at(StoppedClock())
    company_id = send(world, "/companies", '{"name": "Fresh"}')[1]["id"]
    path = configuration(world, company_id)
    assert send(world, path)[0] == 200
    status, error = send(world, path, '{"enable": true}')
    assert (status, error["error"]) == (409, "The data set has not been requested.")
    links = f"/companies/{company_id}/connections"
    link = send(world, links, '{"platformKey": "gbol"}')[1]["id"]
    call(world, "PUT", f"{links}/{link}/authorization")
    assert send(world, path, '{"enable": true}')[0] == 200


@pytest.mark.parametrize("section", ["mapSettings", "sales", "payments", "newPayments", "fees"])
def test_a_section_of_the_configuration_is_an_object(section: str) -> None:
    world = world_at(StoppedClock())
    path = configuration(world, a_merchant(world, "healthy"))
    assert call(world, "POST", path, {"configuration": {section: "all"}})[0] == 400
