from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from redis import Redis

from sandbox.testing import Sandbox, running
from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from tests.codat.server import Server
from tests.valkey import running_valkey

KEY = "canary-3f9d1c7a5e"
HERE = Path(__file__).parent

# What is proven is what comes out; how long an example takes says more about the machine's other work.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def budget() -> LocalBudget:
    return LocalBudget(per_minute=60_000)


@pytest.fixture
def client(server: Server, budget: LocalBudget) -> Iterator[CodatClient]:
    """Impatient, so that the tests of patience are short."""
    with make_client(server.url, budget) as made:
        yield made


def make_client(url: str, budget: LocalBudget | None = None, **options: object) -> CodatClient:
    patience = {"connect_timeout": 0.5, "read_timeout": 0.4, "deadline": 1.0, "backoff": 0.01}
    given = budget or LocalBudget(per_minute=60_000)
    return CodatClient(base_url=url, api_key=KEY, budget=given, **{**patience, **options})


@pytest.fixture(scope="module")
def started() -> Iterator[Sandbox]:
    """Without Codat's guards: what these tests ask for in a minute, and leave hanging, is more than those allow."""
    switches = {"per_minute": "off", "concurrency": "off"}
    with running(merchants=40, key=KEY, switches=switches) as process:
        yield process


@pytest.fixture
def sandbox(started: Sandbox) -> Iterator[Sandbox]:
    """A real process, one for each module; no fault stays beyond a test."""
    yield started
    started.clear_faults()


@pytest.fixture
def desk(sandbox: Sandbox) -> Iterator[CodatClient]:
    """The client, with the sandbox as Codat."""
    with make_client(sandbox.url, read_timeout=10, deadline=20) as made:
        yield made


@pytest.fixture
def settled(sandbox: Sandbox) -> str:
    """A company with a history, to which nothing more happens: a connection of it was revoked."""
    return str(sandbox.merchants("deauthorized")[0]["company_id"])


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with running_valkey() as url:
        yield url


@pytest.fixture
def redis(redis_url: str) -> Iterator["Redis"]:
    with Redis.from_url(redis_url, socket_timeout=2) as connected:
        connected.flushall()
        yield connected
