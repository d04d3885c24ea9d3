"""Codat for tests: the sandbox as a real process, or a server that answers as it is told."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.testing import Sandbox, running
from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from tests.codat.server import Request, Server, says

NONE_YET = says(200, [])
STARTED = {
    "commerceSyncId": "8d0a044e-b683-4fc9-bd0d-bfb2ca5731b7",
    "syncDateRangeUtc": {"start": "2026-11-01T00:00:00Z", "finish": "2026-11-02T00:00:00Z"},
    "syncStatusCode": 1000,
    "syncUtc": "2026-11-21T08:40:01.1234567Z",
}
ERROR = {"statusCode": 400, "error": "Start must be before finish.", "correlationId": "0a40c2f31fc8f992"}
CANARY = "canary-5b1e77d0c4"
# Where Codat's documents are silent the sandbox has a switch. With CONTRARY=1 these tests meet each the other way.
CONTRARY = {
    "overlap": "refused",
    "backwards_range": "fails",
    "commerce_sync_id": "same",
    "by_commerce_sync_id": "known",
    "never_synced": "204",
    "list_order": "oldest",
    "sync_utc": "end",
    "severed_code": "4040",
    "success_text": "Success",
    "failure_text": "pending",
    "no_zone": "null",
    "idempotency": "off",
    "reset_header": "epoch",
    "retry_after": "date",
}
SWITCHES = CONTRARY if os.environ.get("CONTRARY") else {}


@pytest.fixture(scope="session")
def upstream() -> Iterator[Sandbox]:
    """Merchants of every kind, syncs that take a fraction of a second. Shared: only spare ones may be changed."""
    with running(merchants=80, seed=1, speed=1000, key=CANARY, switches=SWITCHES) as started:
        yield started


@pytest.fixture(scope="session")
def spares(upstream: Sandbox) -> Iterator[dict[str, Any]]:
    """Healthy merchants for tests that ask for syncs, each given out once."""
    return iter(upstream.merchants("healthy")[5:])


@pytest.fixture
def codat(upstream: Sandbox) -> Iterator[CodatClient]:
    with client_of(upstream.url) as client:
        yield client


@pytest.fixture
def scripted() -> Iterator[Server]:
    with Server() as started:
        yield started


@pytest.fixture
def told(scripted: Server) -> Iterator[CodatClient]:
    """A client of the scripted server, with little patience."""
    with client_of(scripted.url, connect_timeout=0.5, read_timeout=2.0, deadline=4.0, backoff=0.01) as client:
        yield client


class Meddling(CodatClient):
    """The real client, after whose POST something else happens before its answer is told."""

    then: Any = staticmethod(lambda: None)

    def request_range(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().request_range(*args, **kwargs)
        finally:
            self.then()


@pytest.fixture
def meddling(scripted: Server) -> Iterator[Meddling]:
    with Meddling(base_url=scripted.url, api_key=CANARY, budget=LocalBudget(per_minute=100_000)) as client:
        yield client


@contextmanager
def client_of(url: str, **patience: float) -> Iterator[CodatClient]:
    budget = LocalBudget(per_minute=100_000)
    with CodatClient(base_url=url, api_key=CANARY, budget=budget, **patience) as client:
        yield client


def posts(server: Server) -> list[Request]:
    return [request for request in server.requests if request.method == "POST"]
