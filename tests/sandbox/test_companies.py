import re
from collections.abc import Iterator

import pytest

from sandbox.testing import Sandbox, running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(merchants=250, seed=7) as sandbox:
        yield sandbox


def test_pages_hold_every_company_once(sandbox: Sandbox) -> None:
    pages = [sandbox.get(f"/companies?page={number}&pageSize=100").json() for number in (1, 2, 3)]
    assert [len(page["results"]) for page in pages] == [100, 100, 50]
    assert len({company["id"] for page in pages for company in page["results"]}) == 250
    assert {page["totalResults"] for page in pages} == {250}


def test_links_say_whether_there_is_more(sandbox: Sandbox) -> None:
    first, middle, last = (sandbox.get(f"/companies?page={n}&pageSize=100").json() for n in (1, 2, 3))
    assert first["_links"] == {
        "self": {"href": "/companies"},
        "current": {"href": "/companies?page=1&pageSize=100"},
        "next": {"href": "/companies?page=2&pageSize=100"},
    }
    assert middle["_links"].keys() == {"self", "current", "next", "previous"}
    assert last["_links"].keys() == {"self", "current", "previous"}


def test_without_parameters_a_page_has_a_hundred(sandbox: Sandbox) -> None:
    page = sandbox.get("/companies").json()
    assert (page["pageNumber"], page["pageSize"], len(page["results"])) == (1, 100, 100)


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "pageSize=0", "pageSize=5001", "pageSize="])
def test_pages_outside_the_documented_limits_are_refused(sandbox: Sandbox, query: str) -> None:
    assert sandbox.get(f"/companies?{query}").status_code == 400


def test_five_thousand_in_a_page_are_allowed(sandbox: Sandbox) -> None:
    assert len(sandbox.get("/companies?pageSize=5000").json()["results"]) == 250


def test_a_page_beyond_the_end_is_empty(sandbox: Sandbox) -> None:
    assert sandbox.get("/companies?page=9").json()["results"] == []


def test_a_company_is_told_with_its_connections(sandbox: Sandbox) -> None:
    some_id = sandbox.merchants("healthy")[0]["company_id"]
    companies = sandbox.get("/companies").json()["results"]
    company = next(company for company in companies if company["id"] == some_id)
    assert company == sandbox.get(f"/companies/{company['id']}").json()
    assert company == sandbox.get(f"/companies/{company['id'].upper()}").json()
    assert company["redirect"] == f"https://link.codat.io/company/{company['id']}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", company["created"])
    assert len(company["dataConnections"]) == 2


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("name~Café", lambda company: "café" in company["name"].lower()),
        ("name~a && name~&", lambda company: "a" in company["name"].lower() and "&" in company["name"]),
        (
            "{name~Kitchen || name~Ba} && dataConnections.status=Linked",
            lambda company: (
                ("kitchen" in company["name"].lower() or "ba" in company["name"].lower())
                and "Linked" in [link["status"] for link in company["dataConnections"]]
            ),
        ),
        (
            "dataConnections.status=PendingAuth",
            lambda company: "PendingAuth" in [link["status"] for link in company["dataConnections"]],
        ),
        (
            "dataConnections.status!=PendingAuth&&dataConnections.status!=Linked"
            "&&dataConnections.status!=Deauthorized&&dataConnections.status!=Unlinked",
            lambda company: not company["dataConnections"],
        ),
    ],
)
def test_a_query_finds_what_it_names_and_counts_only_that(sandbox: Sandbox, query, holds) -> None:
    everyone = sandbox.get("/companies?pageSize=5000").json()["results"]
    found = sandbox.get("/companies", params={"query": query, "pageSize": 1000}).json()
    wanted = [company["id"] for company in everyone if holds(company)]
    assert [company["id"] for company in found["results"]] == wanted
    assert found["totalResults"] == len(wanted) > 0


def test_a_query_by_id_finds_one(sandbox: Sandbox) -> None:
    company = sandbox.get("/companies?pageSize=1&page=9").json()["results"][0]
    found = sandbox.get("/companies", params={"query": f"id={company['id']}", "pageSize": 10}).json()
    assert found["results"] == [company]


@pytest.mark.parametrize("query", ["name", "name=", "&&", "{name=a", "name=a}", "name=a &&", "x" * 3000])
def test_a_malformed_query_is_refused_in_codats_words(sandbox: Sandbox, query: str) -> None:
    answer = sandbox.get("/companies", params={"query": query})
    assert answer.status_code == 400
    assert answer.json()["error"] == "Error parsing query - Malformed query."


def test_an_unknown_property_is_refused_in_codats_words(sandbox: Sandbox) -> None:
    answer = sandbox.get("/companies", params={"query": "isCompleted=true"})
    assert (answer.status_code, answer.json()["service"]) == (400, "PullApi")
    assert answer.json()["error"] == "Error parsing query - Could not resolve property isCompleted on Dataset"


def test_tags_filter_the_list(sandbox: Sandbox) -> None:
    found = sandbox.get("/companies", params={"tags": "region=uk && plan=plus", "pageSize": 500}).json()[
        "results"
    ]
    assert found
    assert {(company["tags"]["region"], company["tags"]["plan"]) for company in found} == {("uk", "plus")}


def test_the_list_can_be_ordered_both_ways(sandbox: Sandbox) -> None:
    up = [c["created"] for c in sandbox.get("/companies?orderBy=created&pageSize=500").json()["results"]]
    down = [c["created"] for c in sandbox.get("/companies?orderBy=-created&pageSize=500").json()["results"]]
    assert up == sorted(up) == down[::-1]
    assert sandbox.get("/companies?orderBy=shoeSize").status_code == 400
