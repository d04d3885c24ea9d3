"""/healthz and /readyz, as a load balancer or a person with curl sees them."""

import os
from collections.abc import Iterator
from datetime import timedelta
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from redis import Redis

from syncs import meter
from syncs.codat.pace import Purpose
from syncs.codat.quota import Quota
from syncs.codat.shared_budget import SharedBudget
from syncs.models import Heartbeat
from syncs.operations import heartbeats
from tests.valkey import free_port, running_valkey

pytestmark = pytest.mark.django_db

# What goes on then is the same wherever it is said.
WITHOUT_A_QUEUE = (
    "Refreshing has stopped. What is asked for is saved, sent one by one, and followed to its result."
)


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with running_valkey() as url:
        yield url


@pytest.fixture
def all_is_well(redis_url: str, settings: Settings) -> None:
    settings.REDIS_URL = redis_url
    for part in heartbeats.PARTS:
        heartbeats.beat(part, host="here", pid=os.getpid())


@pytest.fixture
def budget(redis_url: str, settings: Settings) -> Iterator[SharedBudget]:
    settings.CODAT_CALLS_PER_MINUTE = 1000
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
        yield SharedBudget(redis, per_minute=1000)


def of_the_budget(client: Client) -> str:
    return str(client.get("/readyz").json()["checks"]["budget of calls"])


def test_healthz_says_alive_and_asks_the_database_nothing(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"alive\n")


def test_a_house_that_works_is_ready(client: Client, all_is_well: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    checks = response.json()["checks"]
    assert response.json()["ready"] is True
    assert checks.pop("budget of calls").startswith("fine: ")
    of_codat = {"calls to Codat", "Codat's API key"}
    assert set(checks) == {
        "database",
        "broker",
        "migrations",
        "guards",
        "sending",
        "time of this host",
        "time of the hosts",
        *of_codat,
        *heartbeats.PARTS,
    }
    assert set(checks.values()) == {"fine"}


def test_nobody_needs_to_sign_in(client: Client, all_is_well: None) -> None:
    assert client.get("/readyz").status_code == 200
    assert client.get("/healthz").status_code == 200


def test_a_part_that_never_reported_is_named(client: Client, all_is_well: None) -> None:
    Heartbeat.objects.filter(name="clock").delete()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["clock"] == "The clock has never reported."


def test_a_queue_whose_workers_went_silent_is_named_with_its_last_sign(
    client: Client, all_is_well: None
) -> None:
    Heartbeat.objects.filter(name="worker sending").update(at=timezone.now() - timedelta(minutes=3))
    response = client.get("/readyz")
    said = response.json()["checks"]
    assert response.status_code == 503
    assert said["worker sending"].startswith("A worker for the queue “sending” has not reported since ")
    assert said["worker refreshing"] == "fine"


def test_a_broker_that_is_down_is_said_quickly_and_without_its_address(
    client: Client, all_is_well: None, settings: Settings
) -> None:
    settings.REDIS_URL = f"redis://:canary-password@127.0.0.1:{free_port()}/0"
    began = timezone.now()
    response = client.get("/readyz")
    assert timezone.now() - began < timedelta(seconds=3)
    assert response.status_code == 503
    said = response.json()["checks"]["broker"]
    assert said.startswith("The queue (Redis) does not answer")
    assert said.endswith(f" {WITHOUT_A_QUEUE}")
    assert "canary" not in response.content.decode()


def test_the_budget_is_told_in_words(client: Client, all_is_well: None, budget: SharedBudget) -> None:
    said = "fine: 0 of 1,000 calls in the last minute; what is left today is not known."
    assert of_the_budget(client) == said
    budget.take(Purpose.READ)
    budget.heard(Quota(4_003_000, 3_988_788, timezone.now() + timedelta(hours=2)))
    said = "fine: 1 of 1,000 calls in the last minute; 3,988,788 of 4,003,000 left today, until "
    assert of_the_budget(client).startswith(said)


@pytest.mark.parametrize("left", [None, 0])
def test_a_quota_that_is_spent_is_said_and_no_fault_of_this_house(
    client: Client, all_is_well: None, budget: SharedBudget, left: int | None
) -> None:
    if left is None:
        budget.slow_down(1800)
    else:
        budget.heard(Quota(1000, left, timezone.now() + timedelta(hours=2)))
    assert of_the_budget(client).startswith("Paused until ")
    assert client.get("/readyz").status_code == 200


def test_that_refreshing_has_stopped_is_said_and_no_fault_of_this_house(
    client: Client, all_is_well: None, budget: SharedBudget
) -> None:
    budget.heard(Quota(11_000, 100, timezone.now() + timedelta(hours=2)))
    said = of_the_budget(client)
    assert said.startswith("Refreshing has stopped until ")
    assert " at the latest: what is left is kept for sync requests; 0 of 1,000 calls" in said
    assert client.get("/readyz").status_code == 200


def test_without_redis_it_is_said_that_nobody_counts_and_refreshing_has_stopped(
    client: Client, all_is_well: None, settings: Settings
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    assert of_the_budget(client) == meter.GONE
    assert WITHOUT_A_QUEUE in meter.GONE


def test_a_database_that_is_down_is_said_without_its_words(client: Client, all_is_well: None) -> None:
    broken = OperationalError("could not connect to canary-host as canary-user")
    with mock.patch.object(connection, "cursor", side_effect=broken):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "The database does not answer (OperationalError)."
    assert "canary" not in response.content.decode()


def test_a_migration_that_is_not_applied_is_said_with_what_to_do(client: Client, all_is_well: None) -> None:
    ((_, newest),) = MigrationLoader(connection).graph.leaf_nodes("syncs")
    MigrationRecorder(connection).record_unapplied("syncs", newest)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert (
        response.json()["checks"]["migrations"] == "Not applied: 1 of the migrations. Run: manage.py migrate"
    )


def test_they_answer_to_reading_only(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405
    assert client.head("/healthz").status_code == 200
