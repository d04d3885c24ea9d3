"""The queue for tests: a real broker, one that refuses, one that takes connections and never answers."""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import override_settings
from redis import Redis

from codat_admin import app
from syncs import clients, meter, tasks
from tests.upstream import CANARY
from tests.valkey import free_port, running_valkey

CACHES = (
    tasks._producers,
    clients.redis_client,
    clients.impatient_redis,
    clients.shared_budget,
    clients.impatient_budget,
    meter._memory,
    clients.codat_client,
)


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    with running_valkey() as url:
        yield url


@pytest.fixture
def broker(broker_url: str) -> Iterator[Redis]:
    """Empty, and the one that everybody publishes to."""
    with Redis.from_url(broker_url) as connected, queue_at(broker_url):
        connected.flushall()
        yield connected


@pytest.fixture
def slow_path_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for the pace of the slow path, which has tests of its own."""
    monkeypatch.setattr(clients, "SLOW_PATH_CALLS", 100_000)


@pytest.fixture
def no_broker(slow_path_in_no_time: None) -> Iterator[None]:
    """Nobody listens there."""
    with queue_at(f"redis://:{CANARY}@127.0.0.1:{free_port()}/0"):
        yield


@pytest.fixture
def silent_broker(slow_path_in_no_time: None) -> Iterator[None]:
    """Takes connections, and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, queue_at(f"redis://:{CANARY}@127.0.0.1:{listener.getsockname()[1]}/0"):
        yield


@contextmanager
def queue_at(url: str) -> Iterator[None]:
    before = app.conf.broker_url
    with override_settings(REDIS_URL=url):
        app.conf.broker_url = url
        _forget()
        try:
            yield
        finally:
            app.conf.broker_url = before
            _forget()


@contextmanager
def codat_at(url: str) -> Iterator[None]:
    """What workers and the clock call themselves is there."""
    with override_settings(CODAT_API_URL=url, CODAT_API_KEY=CANARY):
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    for cached in (*CACHES, clients.slow_path_budget, clients.slow_path_client, clients.impatient_client):
        cached.cache_clear()


def messages(broker: Redis, queue: str) -> list[tuple[str, Any]]:
    """Task and first argument of each message that waits there, the oldest first."""
    found = [json.loads(message) for message in reversed(broker.lrange(queue, 0, -1))]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in found]
    return [
        (message["headers"]["task"].removeprefix("syncs.tasks."), *body[0])
        for message, body in zip(found, bodies, strict=True)
    ]
