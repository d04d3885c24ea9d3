"""Codat's list of syncs as rows: odd codes, moments and ids, and reports that go backwards."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Merchant, Sync
from tests.codat.server import Server
from tests.factories import make_merchant, make_sync
from tests.looks import NOW, looked, never_seen, row


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def merchant(db: None) -> Merchant:
    return never_seen()


def test_a_final_state_is_never_left(scripted: Server, told: CodatClient, merchant: Merchant) -> None:
    looked(merchant, scripted, told, row(code=2000))
    now = looked(merchant, scripted, told, row(code=1000, syncStatus="Pushing"))
    assert Sync.objects.get().code == 2000
    assert (now.health, now.running_since, now.version) == ("healthy", None, 1)


def test_a_verdict_that_codat_corrects_is_corrected(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    looked(merchant, scripted, told, row(code=5000, errorMessage="Oops"))
    now = looked(merchant, scripted, told, row(code=2000))
    assert (Sync.objects.get().cause, now.health, now.failed_days) == (None, "healthy", 0)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("4200,", (4200, "failed", "failing")),
        ("2000", (2000, "synced", "healthy")),
        (2000.0, (2000, "synced", "healthy")),
        (5990, (5990, "failed", "failing")),
        (2999, (2999, "synced", "healthy")),
        (1999, (1999, "running", "never_synced")),
        (3000, (3000, "unknown", "never_synced")),
        (999999999, (999999999, "unknown", "never_synced")),
        (None, (None, "unknown", "never_synced")),
        ("none", (None, "unknown", "never_synced")),
        (True, (None, "unknown", "never_synced")),
    ],
)
def test_codes_as_they_come(
    scripted: Server, told: CodatClient, merchant: Merchant, code: Any, meaning: tuple[Any, ...]
) -> None:
    now = looked(merchant, scripted, told, row(code=code))
    sync = Sync.objects.get()
    assert (sync.code, sync.outcome, now.health) == meaning
    assert sync.raw["syncStatusCode"] == code


def test_an_unknown_code_keeps_the_health_of_the_last_final_sync(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    odd = row("odd", 3000, "2026-11-21T03:00:00Z")
    assert looked(merchant, scripted, told, odd, row(code=2040)).health == "healthy"


def test_nulls_everywhere(scripted: Server, told: CodatClient, merchant: Merchant) -> None:
    empty = dict.fromkeys(row(), None) | {"syncId": "one", "companyId": None, "dataConnections": None}
    now = looked(merchant, scripted, told, empty, {}, dict.fromkeys(row(), None))
    sync = Sync.objects.get()
    assert (sync.code, sync.text, sync.message, sync.data_pushed) == (None, "", "", None)
    assert sync.started_at == NOW
    assert now.health == "never_synced"


def test_seven_digits_of_a_second_are_read(scripted: Server, told: CodatClient, merchant: Merchant) -> None:
    looked(merchant, scripted, told, row())
    assert Sync.objects.get().started_at == datetime(2026, 11, 20, 3, 0, 0, 123456, tzinfo=UTC)


def test_a_start_in_the_future_is_when_we_saw_it(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    """Else it would be the newest sync for years, and its merchant would never be due."""
    now = looked(merchant, scripted, told, row(at="2126-11-20T03:00:00Z"))
    assert Sync.objects.get().started_at == now.last_success_at == NOW
    assert now.next_refresh_at <= NOW + timedelta(days=1)


def test_a_sync_that_is_listed_twice_is_one_and_its_end_counts(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    twice = [row(code=1000), row(code=2000), row(code=1010, commerceSyncId="other-id")]
    assert looked(merchant, scripted, told, *twice).health == "healthy"
    assert (Sync.objects.get().code, Sync.objects.get().commerce_sync_id) == (2000, "other-id")


def test_of_syncs_that_began_at_one_moment_the_later_listed_is_older(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    now = looked(merchant, scripted, told, row("new", 5000, errorMessage="Oops"), row("old", 2000))
    assert (now.last_code, now.health) == (5000, "failing")


def test_an_older_answer_that_is_stored_later_takes_nothing_back(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    looked(merchant, scripted, told, row(code=2000))
    with time_machine.travel(NOW - timedelta(seconds=30), tick=False):
        now = looked(merchant, scripted, told, row(code=1000))
    assert (now.refreshed_at, now.running_since, now.last_code) == (NOW, None, 2000)


def test_a_sync_of_another_merchant_with_the_same_id_is_another_sync(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    make_sync(make_merchant(), 5000, timezone.now(), "Oops", sync_id="one")
    assert looked(merchant, scripted, told, row()).health == "healthy"
