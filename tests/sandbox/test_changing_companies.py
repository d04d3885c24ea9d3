import pytest

from sandbox.testing import Sandbox


def created(sandbox: Sandbox, **body: object) -> dict:
    answer = sandbox.post("/companies", {"name": "Bank of Dave", **body})
    assert answer.status_code == 200
    return answer.json()


def test_a_company_is_created_with_200_and_listed_last(sandbox: Sandbox) -> None:
    company = created(sandbox, description="Loan for refurb", tags={"region": "uk"})
    assert company["tags"] == {"region": "uk"}
    assert (company["dataConnections"], company["lastSync"]) == ([], None)
    assert sandbox.get("/companies?pageSize=5000").json()["results"][-1] == company


def test_forbidden_characters_are_stripped_from_a_name(sandbox: Sandbox) -> None:
    assert created(sandbox, name="Example Company (Codat[1])")["name"] == "Example Company Codat1"


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "[]"}, {"name": None}, {"name": 5}, [], "text"])
def test_a_company_without_a_name_is_refused(sandbox: Sandbox, body: object) -> None:
    assert sandbox.post("/companies", body).status_code == 400


@pytest.mark.parametrize("tags", [{"a": 1}, ["a"], {str(n): "x" for n in range(11)}])
def test_tags_are_at_most_ten_texts(sandbox: Sandbox, tags: object) -> None:
    assert sandbox.post("/companies", {"name": "Dave", "tags": tags}).status_code == 400


def test_patch_leaves_alone_what_it_does_not_name(sandbox: Sandbox) -> None:
    path = f"/companies/{created(sandbox, description='old', tags={'a': 'b'})['id']}"
    changed = sandbox.session.patch(sandbox.url + path, json={"name": "New", "description": None}).json()
    assert (changed["name"], changed["description"], changed["tags"]) == ("New", "old", {"a": "b"})
    assert sandbox.get(path).json() == changed


@pytest.mark.parametrize("tags", [None, {}])
def test_patch_with_no_tags_removes_them(sandbox: Sandbox, tags: object) -> None:
    path = f"{sandbox.url}/companies/{created(sandbox, tags={'a': 'b'})['id']}"
    assert sandbox.session.patch(path, json={"tags": tags}).json()["tags"] == {}


def test_put_wipes_what_it_does_not_name(sandbox: Sandbox) -> None:
    path = f"{sandbox.url}/companies/{created(sandbox, description='old', tags={'a': 'b'})['id']}"
    changed = sandbox.session.put(path, json={"name": "New"}).json()
    assert (changed["name"], changed["description"], changed["tags"]) == ("New", None, {})
    assert sandbox.session.put(path, json={"description": "no name"}).status_code == 400


def test_a_merchant_of_the_seed_can_be_renamed(sandbox: Sandbox) -> None:
    company_id = sandbox.merchants("quiet")[0]["company_id"]
    sandbox.session.patch(f"{sandbox.url}/companies/{company_id}", json={"name": "Another Name"})
    found = sandbox.get("/companies", params={"query": "name=Another Name"}).json()["results"]
    assert [company["id"] for company in found] == [company_id]


def test_a_deleted_company_is_gone_everywhere(sandbox: Sandbox) -> None:
    total = sandbox.get("/companies").json()["totalResults"]
    company_id = sandbox.merchants("healthy")[3]["company_id"]
    answer = sandbox.session.delete(f"{sandbox.url}/companies/{company_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    listed = sandbox.get("/companies?pageSize=5000").json()
    assert listed["totalResults"] == total - 1 == len(listed["results"])
    assert company_id not in [company["id"] for company in listed["results"]]
    assert sandbox.get(f"/companies/{company_id}").status_code == 404
    assert sandbox.get(f"/companies/{company_id}/sync/commerce/syncs/list/status").status_code == 404
    assert sandbox.post(f"/companies/{company_id}/sync/commerce/latest").status_code == 404
    assert sandbox.session.delete(f"{sandbox.url}/companies/{company_id}").status_code == 404
