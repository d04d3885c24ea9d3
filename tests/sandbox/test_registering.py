"""How many companies there can be, and what their tags may be."""

import pytest

from tests.sandbox.worlds import StoppedClock, call, world_at


def test_the_free_plan_ends_at_fifty_companies() -> None:
    another_plan = world_at(StoppedClock(), merchants=50, free_plan="off")
    assert call(another_plan, "POST", "/companies", {"name": "The fifty-first"})[0] == 200
    world = world_at(StoppedClock(), merchants=49, free_plan="on")
    assert call(world, "POST", "/companies", {"name": "The fiftieth"})[0] == 200
    status, error = call(world, "POST", "/companies", {"name": "One too many"})
    assert (status, error["error"]) == (402, "CompanyValidationException: Company limit exceeded")
    assert error["validation"]["errors"][0]["validatorName"] == "CreateCompany"
    flow = "/config/sync/commerce/fztf/gbol/start"
    assert call(world, "GET", flow, merchantIdentifier="One more")[0] == 402
    assert call(world, "GET", flow, merchantIdentifier="The fiftieth")[0] == 200


@pytest.mark.parametrize("tags", [{"": "x"}, {"n" * 28: "x"}, {"a": "v" * 101}])
def test_names_and_values_of_tags_have_their_lengths(tags: dict[str, str]) -> None:
    world = world_at(StoppedClock())
    assert call(world, "POST", "/companies", {"name": "Dave", "tags": tags})[0] == 400
    assert call(world, "POST", "/companies", {"name": "Dave", "tags": {"n" * 27: "v" * 100}})[0] == 200
