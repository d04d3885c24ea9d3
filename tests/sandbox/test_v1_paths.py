"""Old SDKs ask for paths of the version before this one: gone, unless a switch says that they are still there."""

import pytest

from tests.sandbox.worlds import StoppedClock, a_merchant, call, world_at

V1 = "/meta/companies"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", V1),
        ("DELETE", V1),
        ("POST", f"{V1}/sync"),
        ("GET", f"{V1}/{{}}/connections"),
        ("POST", f"{V1}/{{}}/connections"),
        ("PATCH", f"{V1}/{{}}/connections/x"),
    ],
)
def test_they_are_gone(method: str, path: str) -> None:
    world = world_at(StoppedClock(), v1_paths="gone")
    assert call(world, method, path.format(a_merchant(world, "healthy")))[0] == 404


def test_they_do_what_their_successors_do_where_they_are_there() -> None:
    world = world_at(StoppedClock(), v1_paths="there")
    company = call(world, "POST", f"{V1}/sync", {"name": "Old style"})[1]
    assert call(world, "GET", f"/companies/{company['id']}") == (200, company)
    page = call(world, "GET", V1, page="1", pageSize="100")[1]
    assert page["results"] == call(world, "GET", "/companies")[1]["results"]
    assert page["_links"]["self"]["href"] == V1
    path = f"{V1}/{company['id']}/connections"
    link = call(world, "POST", path, {"platformKey": "gbol"})[1]
    assert call(world, "GET", path)[1]["results"] == [link]
    call(world, "PUT", f"/companies/{company['id']}/connections/{link['id']}/authorization")
    assert call(world, "PATCH", f"{path}/{link['id']}", {"status": "Unlinked"})[1]["status"] == "Unlinked"
    assert call(world, "DELETE", V1)[0] == 405
