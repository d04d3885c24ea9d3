from collections import Counter

import pytest

from sandbox.dice import CompanyIds
from sandbox.kinds import KINDS, kind_of
from sandbox.testing import Sandbox
from tests.sandbox.worlds import StoppedClock, world_at


def test_the_shares_add_up_to_a_thousand() -> None:
    assert sum(kind.share for kind in KINDS) == 1000


@pytest.mark.parametrize("seed", range(5))
def test_forty_merchants_have_every_kind_among_them(seed: int) -> None:
    assert {kind_of(seed, index).name for index in range(40)} == {kind.name for kind in KINDS}


def test_many_merchants_are_shared_out_as_the_kinds_say() -> None:
    counts = Counter(kind_of(1, index).name for index in range(20_000))
    for kind in KINDS:
        assert counts[kind.name] == pytest.approx(kind.share * 20, rel=0.25, abs=25)


def test_a_company_id_is_a_guid_that_tells_its_index() -> None:
    ids = CompanyIds(seed=4)
    for index in (0, 1, 77, 99_999):
        assert ids.index_of(ids.at(index)) == index
    changed = ids.at(5)[:-1] + ("0" if ids.at(5)[-1] != "0" else "1")
    assert ids.index_of(changed) is None
    assert ids.index_of("not a guid") is None


def test_names_are_mostly_their_own_and_some_are_not_plain_english() -> None:
    world = world_at(StoppedClock(), merchants=2000)
    names = [merchant.name for merchant in world.of_kind(None)]
    assert len(set(names)) > 1500
    assert any(not name.isascii() for name in names)
    assert any("&" in name for name in names)
    assert any("'" in name for name in names)


def test_tests_can_find_merchants_by_kind_without_a_key(sandbox: Sandbox) -> None:
    rows = sandbox.get("/_sandbox/kinds", headers={"Authorization": ""}).json()
    assert [row["kind"] for row in rows] == [kind.name for kind in KINDS]
    assert sum(row["merchants"] for row in rows) == 40
    found = sandbox.get("/_sandbox/merchants?kind=slow", headers={"Authorization": ""}).json()
    assert [row["kind"] for row in found] == ["slow"]
    assert found[0].keys() >= {"company_id", "name", "kind", "rerun"}
    assert "X-Rate-Limit-Limit" not in sandbox.get("/_sandbox/kinds").headers


def test_an_unknown_kind_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.get("/_sandbox/merchants?kind=unicorn").status_code == 400
    for limit in ("-1", "all", "9" * 30, "9" * 5000):
        assert sandbox.get(f"/_sandbox/merchants?limit={limit}").status_code == 400
        assert sandbox.get(f"/_sandbox/webhooks?limit={limit}").status_code == 400


def test_the_promise_of_a_re_run_is_kept(sandbox: Sandbox) -> None:
    """Every failing merchant of the seed, asked for a latest sync, does what `rerun` says."""
    for merchant in sandbox.merchants():
        path = f"/companies/{merchant['company_id']}/sync/commerce"
        sandbox.post(f"{path}/latest")
    for merchant in sandbox.merchants():
        path = f"/companies/{merchant['company_id']}/sync/commerce/syncs/latest/status"
        row = sandbox.get(path).json()
        while row["syncStatusCode"] == 1000:
            row = sandbox.get(path).json()
        expected = {"succeeds": {2000, 2040}, "overlaps": {5080}}.get(merchant["rerun"])
        code = row["syncStatusCode"]
        assert code in expected if expected else code // 1000 in (4, 5), merchant
