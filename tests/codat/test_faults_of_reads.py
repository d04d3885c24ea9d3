"""Each fault of the sandbox against every read: its verdict or what is read all the same; the next read is right."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox.testing import Sandbox
from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later, Uncertain
from tests.codat.conftest import make_client
from tests.codat.readings import READINGS, READS, TRUE, Row, Verdict, same, verdicts
from tests.codat.server import Server
from tests.codat.verdicts import Wait, named, untold

pytestmark = pytest.mark.slow

STALLING = {"slow", "drip"}
# They leave connections behind that end soon, or hold what nobody asked for.
LINGERING = {"close_after", "bad_length"}
A_TEST_LASTS = timedelta(minutes=1)
# What is done to the world around a read has tests of its own, below.
AROUND = {"foreign_sync", "lag", "hangs"}


@dataclass(frozen=True)
class Merchant:
    company: str
    sync: str


@pytest.fixture(scope="module")
def merchant(started: Sandbox) -> Merchant:
    """One whose connection was revoked: it has a history, and no run comes while we look."""
    company = started.merchants("deauthorized")[0]["company_id"]
    syncs = started.get(f"/companies/{company}/sync/commerce/syncs/list/status").json()
    return Merchant(company, syncs[0]["syncId"])


@pytest.fixture(autouse=True)
def quiet(started: Sandbox) -> None:
    """Each connection is read once a day, at a time of its own; a page of companies tells of it. Not while we look."""
    companies = started.get("/companies?page=1&pageSize=100").json()["results"]
    links = [link for company in companies for link in company["dataConnections"] if link["lastSync"]]
    moment = now = datetime.fromisoformat(started.get("/_sandbox/clock").json()["now"])
    for next_read in sorted(datetime.fromisoformat(link["lastSync"]) + timedelta(days=1) for link in links):
        if next_read - moment > A_TEST_LASTS:
            break
        moment = max(moment, next_read)
    started.move_clock(by=(moment - now).total_seconds())


def everything(client: CodatClient, merchant: Merchant) -> dict[str, Any]:
    """What each read says, all asked at once; anything but an answer or an error of ours fails the test."""

    def one(name: str) -> Any:
        try:
            return READS[name](client, merchant.company, merchant.sync)
        except CodatError as error:
            return error

    with ThreadPoolExecutor(len(READS)) as pool:
        return dict(zip(READS, pool.map(one, READS), strict=True))


def client_for(sandbox: Sandbox, fault: str) -> CodatClient:
    impatient = {"read_timeout": 0.4, "deadline": 0.8}
    return make_client(
        sandbox.url, **impatient if fault in {*STALLING, "429"} else {"read_timeout": 10, "deadline": 30}
    )


def fits(verdict: Verdict, true: Any, found: Any) -> bool:
    if isinstance(verdict, Wait):
        return isinstance(found, Later) and verdict.least <= found.retry_after <= verdict.most
    if isinstance(verdict, type):
        return type(found) is verdict
    return not isinstance(found, CodatError) and verdict(true, found)


@pytest.mark.parametrize("row", READINGS, ids=lambda row: named(row[0], row[1]))
def test_what_the_reads_make_of(sandbox: Sandbox, merchant: Merchant, row: Row) -> None:
    fault, args, expected = row
    with client_for(sandbox, fault) as client:
        true = everything(client, merchant)
        sandbox.fault(fault, args, method="GET")
        found = everything(client, merchant)
        wrong = {name: found[name] for name in READS if not fits(expected[name], true[name], found[name])}
        assert wrong == {}
        if fault not in LINGERING:
            sandbox.clear_faults()
            expected = TRUE
        if not any(isinstance(each, Later) for each in found.values()):
            again = everything(client, merchant)
            assert [name for name in READS if not fits(expected[name], true[name], again[name])] == []


def test_every_fault_has_a_verdict_in_each_of_its_forms_for_every_read() -> None:
    assert {name.split()[0] for name in untold(verdicts(READINGS))} == AROUND
    assert all(expected.keys() == READS.keys() for _, _, expected in READINGS)


def test_a_list_that_lags_is_read_as_it_is(sandbox: Sandbox) -> None:
    """It is for those who know of more to say that something is missing."""
    company = str(sandbox.post("/companies", {"name": "Shop"}).json()["id"])
    started = sandbox.post(f"/companies/{company}/sync/commerce/latest").json()["commerceSyncId"]
    with make_client(sandbox.url) as client:
        assert [sync.commerce_sync_id for sync in [client.newest_sync(company)] if sync] == [started]
        (known,) = client.syncs(company)
        sandbox.fault("lag", {"seconds": 60}, method="GET")
        assert (client.syncs(company), client.newest_sync(company), client.latest_sync(company)) == (
            [],
            None,
            None,
        )
        assert client.sync_by_id(company, str(known.sync_id)) is None


def test_a_sync_that_somebody_else_started_is_listed_like_any(sandbox: Sandbox) -> None:
    company = str(sandbox.post("/companies", {"name": "Shop"}).json()["id"])
    sandbox.fault("foreign_sync", method="GET", count=1)
    with make_client(sandbox.url) as client:
        (foreign,) = client.syncs(company)
    assert foreign.sync_id == sandbox.ledger()[-1]["sync_id"]


def test_a_read_starts_nothing_that_could_hang(sandbox: Sandbox, merchant: Merchant) -> None:
    with make_client(sandbox.url) as client:
        true = client.syncs(merchant.company)
        sandbox.fault("hangs", method="GET")
        assert same(true, client.syncs(merchant.company))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_the_key_nowhere(
    sandbox: Sandbox, server: Server, merchant: Merchant, status: int
) -> None:
    sandbox.fault("redirect", {"status": status, "to": f"{server.url}/elsewhere"}, method="GET")
    with make_client(sandbox.url, LocalBudget(per_minute=60_000)) as client:
        assert {type(each) for each in everything(client, merchant).values()} == {Uncertain}
    assert server.connections == 0
