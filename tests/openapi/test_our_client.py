"""Every method of our client against every kind of merchant, through the judging proxy: nothing is wrong either way."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.testing import Sandbox, running
from syncs.codat import bodies
from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError
from tests.openapi.proxy import Proxy, Record
from tests.upstream import CANARY, client_of

pytestmark = pytest.mark.slow

NO_CALLS = {"close", "reserve_send", "confirm_send"}
WORLDS: tuple[dict[str, str], ...] = (
    {},
    {"overlap": "refused", "never_synced": "empty", "no_zone": "null", "list_order": "oldest"},
    {"overlap": "allowed", "commerce_sync_id": "same", "by_commerce_sync_id": "known"},
)


@dataclass
class Judged:
    """A sandbox, our client for it, and what passed between them."""

    sandbox: Sandbox
    url: str
    client: CodatClient
    record: Record = field(default_factory=Record)


@pytest.fixture(scope="module", params=WORLDS, ids=lambda switches: " ".join(switches.values()) or "default")
def judged(request: Any) -> Iterator[Judged]:
    with running(key=CANARY, switches=request.param, direct=True) as sandbox:
        record = Record()
        with Proxy(sandbox.url, record) as proxy, client_of(proxy.url) as client:
            yield Judged(sandbox, proxy.url, client, record)


@pytest.fixture(autouse=True)
def nothing_is_wrong(judged: Judged) -> Iterator[None]:
    judged.record.exchanges.clear()
    judged.record.wrong.clear()
    yield
    assert judged.record.exchanges
    assert judged.record.wrong == []


def send(ask: Callable[..., object], company_id: str, body: str) -> None:
    ask(company_id, body=body, idempotency_key=uuid.uuid4())


def known_syncs(client: CodatClient, company_id: str) -> list[str]:
    newest = client.newest_sync(company_id)
    ids = (newest.sync_id, newest.commerce_sync_id) if newest else ()
    return [each for each in (*ids, str(uuid.uuid4())) if each]


def yesterday() -> tuple[datetime, datetime]:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=1), midnight


CALLS: dict[str, Callable[[CodatClient, str], object]] = {
    "companies": lambda client, _: [client.companies(number, 15) for number in (1, 2, 3)],
    "company": lambda client, company: client.company(company),
    "connections": lambda client, company: client.connections(company),
    "configuration": lambda client, company: client.configuration(company),
    "newest_sync": lambda client, company: client.newest_sync(company),
    "syncs": lambda client, company: client.syncs(company),
    "syncs_as_listed": lambda client, company: client.syncs_as_listed(company),
    "syncs_before_send": lambda client, company: client.syncs_before_send(company),
    "latest_sync": lambda client, company: client.latest_sync(company),
    "last_successful_sync": lambda client, company: client.last_successful_sync(company),
    "sync_by_id": lambda client, company: [
        client.sync_by_id(company, each) for each in known_syncs(client, company)
    ],
    "answered_under": lambda client, company: [
        client.answered_under(company, each) for each in known_syncs(client, company)
    ],
    "request_latest": lambda client, company: send(
        client.request_latest, company, bodies.latest(datetime.now(UTC))
    ),
    "request_range": lambda client, company: send(
        client.request_range, company, bodies.historic(*yesterday())
    ),
}


def test_no_method_is_left_out(judged: Judged) -> None:
    methods = {name for name in vars(CodatClient) if not name.startswith("_")}
    assert CALLS.keys() == methods - NO_CALLS
    judged.client.companies(1)


@pytest.mark.parametrize("name", CALLS)
def test_it_is_right_with_every_kind_of_merchant(judged: Judged, name: str) -> None:
    kinds = {row["kind"]: row["company_id"] for row in judged.sandbox.merchants()}
    assert len(kinds) > 15
    answered = set()
    for company_id in kinds.values():
        try:
            CALLS[name](judged.client, company_id)
        except CodatError as error:
            answered.add(error.http_status)
    assert answered <= {400}, "only a sync over synced days, where a switch says so"


@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"companies"}))
def test_it_is_right_about_a_company_that_is_not_there(judged: Judged, name: str) -> None:
    with suppress(CodatError):
        CALLS[name](judged.client, str(uuid.uuid4()))
    assert {each.status for each in judged.record.exchanges} == {404}


def test_it_is_right_with_a_wrong_key(judged: Judged) -> None:
    stranger = CodatClient(base_url=judged.url, api_key="another", budget=LocalBudget(per_minute=100_000))
    with stranger:
        for call in CALLS.values():
            with pytest.raises(CodatError):
                call(stranger, str(uuid.uuid4()))
    assert {each.status for each in judged.record.exchanges} == {401}


def test_a_sync_is_followed_to_its_end_by_every_id(judged: Judged) -> None:
    company_id = judged.sandbox.merchants("missing_customer")[0]["company_id"]
    with suppress(CodatError):
        send(judged.client.request_range, company_id, bodies.historic(*yesterday()))
    for _ in range(300):
        newest = judged.client.newest_sync(company_id)
        if newest.code != 1000:
            break
    assert newest.code != 1000
    for each in known_syncs(judged.client, company_id):
        judged.client.sync_by_id(company_id, each)
