"""Each fault of the sandbox against both sync POSTs: what the client concludes, and what the ledger knows of it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sandbox.testing import Sandbox, running
from syncs.codat import bodies
from syncs.codat.errors import CodatError, Later, NotSent, Refused, Uncertain
from syncs.codat.schemas import SyncSummary
from tests.codat.conftest import KEY, make_client
from tests.codat.examples import FINISH, START
from tests.codat.server import Server
from tests.codat.verdicts import WRITES, Args, Row, Started, Verdict, Wait, both_ways, named, untold, word

pytestmark = pytest.mark.slow

ROWS = both_ways(WRITES)
# Only these are waited out; the others may take as long as a busy machine needs.
STALLING = {"slow", "drip", "endless_headers", "informational"}
RUN_SAFELY = Path(__file__).parents[2] / "docs" / "run-safely.md"


@pytest.fixture
def company(sandbox: Sandbox) -> str:
    """One of its own for each test."""
    return str(sandbox.post("/companies", {"name": "Shop"}).json()["id"])


def outcome(sandbox: Sandbox, company: str, kind: str, **patience: float) -> SyncSummary | CodatError:
    """Of one POST; anything else than an answer or one of our errors is let through, and fails the test."""
    with make_client(sandbox.url, **patience) as client:
        try:
            if kind == "latest":
                body = bodies.latest(datetime.now(UTC))
                return client.request_latest(company, body=body, idempotency_key=uuid4())
            body = bodies.historic(START, FINISH)
            return client.request_range(company, body=body, idempotency_key=uuid4())
        except CodatError as error:
            return error


def patience(fault: str) -> dict[str, float]:
    return {} if fault in STALLING else {"read_timeout": 10, "deadline": 20}


def arrived(sandbox: Sandbox, company: str) -> dict[str, Any]:
    """The ledger's line of the one POST that came."""
    (line,) = [line for line in sandbox.ledger() if line["company_id"] == company and line["path"]]
    return line


def is_applied(fault: str, args: Args) -> bool:
    from sandbox.faults.kinds import KINDS

    return bool(args.get("applied", KINDS[fault].applied))


def check(found: SyncSummary | CodatError, verdict: Verdict, line: dict[str, Any]) -> None:
    if isinstance(verdict, Started):
        assert isinstance(found, SyncSummary), found
        assert found.commerce_sync_id == line["sync"]["commerce_sync_id"]
        assert {name: getattr(found, name) for name in verdict.fields} == verdict.fields
    elif isinstance(verdict, Wait):
        assert isinstance(found, Later), found
        assert verdict.least <= found.retry_after <= verdict.most
    else:
        assert type(found) is verdict, found


@pytest.mark.parametrize("kind", ["latest", "historic"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: named(row[0], row[1]))
def test_the_verdict_on_a_post_that_meets(sandbox: Sandbox, company: str, kind: str, row: Row) -> None:
    fault, args, verdict = row
    sandbox.fault(fault, args, method="POST", company_id=company)
    found = outcome(sandbox, company, kind, **patience(fault))
    line = arrived(sandbox, company)
    check(found, verdict, line)
    assert fault in line["faults"]
    assert line["applied"] is is_applied(fault, args)
    if line["applied"]:
        assert not isinstance(found, NotSent | Refused | Later)


def test_every_fault_has_a_verdict_in_each_of_its_forms() -> None:
    assert untold(ROWS) == []


def test_somebody_elses_sync_is_not_taken_for_ours(sandbox: Sandbox, company: str) -> None:
    sandbox.fault("foreign_sync", method="POST", company_id=company)
    ours = outcome(sandbox, company, "latest", **patience("foreign_sync"))
    foreign, line = [line for line in sandbox.ledger() if line["company_id"] == company]
    assert (foreign["kind"], line["kind"]) == ("foreign", "latest")
    assert isinstance(ours, SyncSummary)
    assert ours.commerce_sync_id == line["sync"]["commerce_sync_id"] != foreign["sync"]["commerce_sync_id"]


def test_an_overlap_that_codat_refuses_is_refused_and_nothing_runs() -> None:
    with running(merchants=40, key=KEY, switches={"overlap": "refused"}) as sandbox:
        company = sandbox.merchants("healthy")[0]["company_id"]
        sandbox.fault("foreign_sync", method="POST", count=1)
        found = outcome(sandbox, company, "latest", **patience("foreign_sync"))
        assert type(found) is Refused
        assert "overlaps with a previous sync date range" in found.message
        assert [line["applied"] for line in sandbox.ledger()] == [True, False]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("kind", ["latest", "historic"])
def test_a_redirect_takes_neither_the_post_nor_the_key_elsewhere(
    sandbox: Sandbox, server: Server, company: str, kind: str, status: int
) -> None:
    sandbox.fault("redirect", {"status": status, "to": f"{server.url}/elsewhere"}, method="POST")
    assert type(outcome(sandbox, company, kind, **patience("redirect"))) is Uncertain
    assert server.connections == 0


def test_the_table_of_verdicts_in_the_docs_says_the_same() -> None:
    told = re.findall(r"^\| (?:\*\*)?([\w ]+?)(?:\*\*)? \| (`.*) \|", RUN_SAFELY.read_text(), re.MULTILINE)
    documented = {(verdict, fault) for verdict, cell in told for fault in re.findall(r"`(\w+)`", cell)}
    assert documented == {(word(verdict), fault) for fault, _, verdict in WRITES}
