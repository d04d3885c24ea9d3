"""The query language, on lists that have texts, numbers, dates and truths."""

import pytest

from sandbox.exchange import Refusal
from sandbox.query import matches, parse
from tests.sandbox.worlds import NOON, StoppedClock, a_merchant, call, read, world_at

ROW = {"name": ("Ôld Mill",), "size": (7,), "made": (NOON,), "open": (True,), "note": ()}
FIELDS = {"name": "text", "size": "number", "made": "date", "open": "truth", "note": "text"}


@pytest.mark.parametrize(
    "query",
    [
        "name=ôld mill", "name!=other", "name~MILL", "size=7", "size = 7.0", "size>6", "size>=7", "size<8", "size<=7",
        "size!=8", "made>2026-11-19", "made<=2026-11-20T12:00:00Z", "made=2026-11-20T13:00:00+01:00", "open=true",
        "open!=False", "note!=anything", "{size<3||size>6}&&open=true", "size<3||size>6&&open=true",
        "name%3DÔld Mill", "size%3E6%26%26open%3Dtrue", "{{{name~mill}}}",
    ],
)  # fmt: skip
def test_a_row_that_fits_is_found(query: str) -> None:
    assert matches(parse(query, FIELDS), ROW)


@pytest.mark.parametrize(
    "query",
    ["name=mill", "name!=ôld mill", "size>7", "size<7", "made>2026-11-20T12:00:00Z", "open=false", "note=anything",
     "note~a", "size=7&&open=false", "{size=7||size=8}&&name~x"],
)  # fmt: skip
def test_a_row_that_does_not_fit_is_not_found(query: str) -> None:
    assert not matches(parse(query, FIELDS), ROW)


@pytest.mark.parametrize(
    "query",
    ["name>a", "name<=a", "size~7", "made~2026", "open>false", "size=big", "made>soon", "open=perhaps", "=7", "size=",
     "size>", "{size=7", "size=7}", "size=7 size", "{}", "{" * 2000 + "size=7", "size=7||", "x=" + "y" * 2046, " "],
)  # fmt: skip
def test_a_comparison_that_its_property_does_not_know_is_malformed(query: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(query, FIELDS)
    assert (refused.value.status, refused.value.error) == (400, "Error parsing query - Malformed query.")


def test_a_query_may_have_2047_characters() -> None:
    assert not matches(parse("name=" + "y" * 2042, FIELDS), ROW)


def test_no_query_is_longer_not_even_one_for_an_id() -> None:
    world = world_at(StoppedClock(), merchants=0)
    queries = ("id=" + "y" * 2044, "id=" + "y" * 2045, "id=y" + " " * 2044)
    assert [call(world, "GET", "/companies", query=query)[0] for query in queries] == [200, 400, 400]


def test_an_unknown_property_is_refused_though_nothing_would_be_compared_with_it() -> None:
    world, path = world_at(StoppedClock(), merchants=0), "/companies"
    status, error = call(world, "GET", path, query="name=a && dataConnectionErrors.status=Active")
    assert status == 400
    assert error["error"].endswith("Could not resolve property dataConnectionErrors.status on Dataset")


def test_tags_may_have_any_name_and_are_texts() -> None:
    test = parse("merchant-id=M 1 && plan != plus && region~k")
    assert matches(test, {"merchant-id": ("m 1",), "region": ("uk",)}, default=())
    with pytest.raises(Refusal):
        parse("size>7")


def test_companies_can_be_asked_for_by_the_date_of_their_creation() -> None:
    world = world_at(StoppedClock())
    everyone = read(world, "/companies")["results"]
    middle = sorted(company["created"] for company in everyone)[20]
    found = read(world, "/companies", query=f"created>={middle}")["results"]
    assert {c["id"] for c in found} == {c["id"] for c in everyone if c["created"] >= middle}
    assert read(world, "/companies", query=f"created<{middle}")["totalResults"] == 20


def test_connections_can_be_asked_for_and_ordered() -> None:
    world = world_at(StoppedClock())
    path = f"/companies/{a_merchant(world, 'healthy')}/connections"
    assert read(world, path, query="sourceType=Accounting", pageSize="10")["totalResults"] == 1
    assert read(world, path, query="lastSync>2026-11-19&&status=Linked")["totalResults"] == 2
    up, down = (read(world, path, orderBy=order)["results"] for order in ("platformName", "-platformName"))
    assert up == down[::-1]
    assert call(world, "GET", path, orderBy="dataConnectionErrors")[0] == 400


@pytest.mark.parametrize("page", [{"page": "1_0"}, {"page": "+1"}, {"page": "9" * 30}, {"pageSize": " 5"}])
def test_a_page_is_told_in_plain_digits(page: dict[str, str]) -> None:
    assert call(world_at(StoppedClock(), merchants=1), "GET", "/companies", **page)[0] == 400
