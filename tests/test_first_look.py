"""A first look at merchants of every kind that live in the sandbox, against what Codat lists for them."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sandbox.testing import Sandbox
from syncs.codat.client import CodatClient
from syncs.models import Merchant
from syncs.operations.merchants import register
from syncs.operations.refresh import refresh
from syncs.rules.fuse import FUSE_DAYS
from syncs.rules.salesdays import today

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HEALTH = {
    "healthy": "healthy",
    "quiet": "healthy",
    "slow": "healthy",
    "deauthorized": "needs_reconnect",
    "unlinked": "needs_reconnect",
    "billing_expired": "needs_reconnect",
    "never_synced": "never_synced",
    "switched_off": "switched_off",
}
FAILING = (
    *("archived_account", "missing_account", "archived_customer", "missing_customer", "write_error"),
    *("settings", "tax_mapping", "no_message", "flaky", "overlap", "near_fuse", "unlisted_code", "partial"),
)
KINDS = sorted(HEALTH | dict.fromkeys(FAILING, "failing"))


def looked_at(company: dict[str, Any], client: CodatClient) -> Merchant:
    merchant = register(uuid.UUID(company["company_id"]), by=None)
    refresh(merchant.pk, client)
    return Merchant.objects.get(pk=merchant.pk)


def listed(upstream: Sandbox, company: dict[str, Any]) -> list[dict[str, Any]]:
    """What Codat lists, the newest first."""
    path = f"/companies/{company['company_id']}/sync/commerce/syncs/list/status"
    rows: list[dict[str, Any]] = upstream.get(path).json()
    return sorted(rows, key=lambda row: row["syncUtc"], reverse=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_health_is_the_one_the_merchant_fares_with(
    upstream: Sandbox, codat: CodatClient, kind: str
) -> None:
    company = upstream.merchants(kind)[0]
    merchant = looked_at(company, codat)
    assert merchant.health == HEALTH.get(kind, "failing")
    assert (merchant.time_zone, merchant.sync_hour) == (company["zone"] or "", company["hour"])
    assert merchant.refreshed_at <= timezone.now() < merchant.next_refresh_at
    assert merchant.version == 1


@pytest.mark.parametrize("kind", ["healthy", "flaky", "near_fuse", "quiet", "overlap", "billing_expired"])
def test_the_columns_say_what_codat_lists(upstream: Sandbox, codat: CodatClient, kind: str) -> None:
    company = upstream.merchants(kind)[-1]
    merchant, rows = looked_at(company, codat), listed(upstream, company)
    stored = {sync.sync_id: sync for sync in merchant.syncs.all()}
    assert {row["syncId"]: row["syncStatusCode"] for row in rows} == {
        name: sync.code for name, sync in stored.items()
    }
    codes = [row["syncStatusCode"] for row in rows]
    newest_success = next(index for index, code in enumerate(codes) if code in {2000, 2040})
    assert merchant.last_code == codes[0]
    assert merchant.failed_days == newest_success
    assert merchant.last_success_at == stored[rows[newest_success]["syncId"]].started_at
    assert merchant.silent_since == merchant.last_success_at
    assert merchant.last_pushed == rows[0]["dataPushed"]
    assert (merchant.running_since, merchant.refresh_problem) == (None, "")


@pytest.mark.parametrize("kind", ["healthy", "flaky", "near_fuse"])
def test_a_day_for_each_run_and_a_letter_for_each_day(
    upstream: Sandbox, codat: CodatClient, kind: str
) -> None:
    company = upstream.merchants(kind)[0]
    merchant, rows = looked_at(company, codat), listed(upstream, company)
    letters = {2000: "w", 2040: "n"}
    told = "".join(letters.get(row["syncStatusCode"], "f") for row in reversed(rows))
    strip = merchant.last_days.removesuffix("g")
    assert len(merchant.last_days) == 31
    assert told.endswith(strip)
    assert merchant.last_days_end == today(merchant.zone, timezone.now()) - timedelta(days=1)


def test_the_fuse_of_a_merchant_that_is_close_to_it(upstream: Sandbox, codat: CodatClient) -> None:
    merchant = looked_at(upstream.merchants("near_fuse")[0], codat)
    left = merchant.switches_off_on - today(merchant.zone, timezone.now())
    assert 24 < merchant.failed_days < FUSE_DAYS
    assert timedelta(days=FUSE_DAYS - merchant.failed_days) <= left + timedelta(days=1)
    assert left <= timedelta(days=7)


def test_the_fuse_of_a_switched_off_merchant_has_burnt_down(upstream: Sandbox, codat: CodatClient) -> None:
    merchant = looked_at(upstream.merchants("switched_off")[0], codat)
    assert merchant.enabled is False
    assert merchant.failed_days == FUSE_DAYS
    assert merchant.switches_off_on <= today(merchant.zone, timezone.now())


def test_a_running_sync_is_shown_beside_the_health_it_does_not_change(
    upstream: Sandbox, codat: CodatClient
) -> None:
    company = upstream.merchants("slow")[0]
    merchant, rows = looked_at(company, codat), listed(upstream, company)
    assert (rows[0]["syncStatusCode"], rows[1]["syncStatusCode"]) == (1010, merchant.last_code)
    assert merchant.running_code == 1010
    assert merchant.running_since == merchant.syncs.get(sync_id=rows[0]["syncId"]).started_at
    assert merchant.next_refresh_reason.endswith("a sync is on its way")


def test_one_cause_is_one_row_over_many_days(upstream: Sandbox, codat: CodatClient) -> None:
    merchant = looked_at(upstream.merchants("near_fuse")[0], codat)
    failed = merchant.syncs.filter(started_at__gt=merchant.last_success_at)
    assert set(failed.values_list("cause", flat=True)) == {merchant.last_cause_id}


def test_days_before_the_merchant_began_are_no_gaps(upstream: Sandbox, codat: CodatClient) -> None:
    company = upstream.post("/companies", {"name": "Brand new"}).json()
    merchant = looked_at({"company_id": company["id"]}, codat)
    assert merchant.health == "never_synced"
    assert merchant.start_date >= date.today() - timedelta(days=1)
    assert set(merchant.last_days) <= {"g"}
    assert len(merchant.last_days) <= 1


def test_a_merchant_registered_by_hand_learns_its_connections_at_once(
    upstream: Sandbox, codat: CodatClient
) -> None:
    merchant = looked_at(upstream.merchants("deauthorized")[0], codat)
    told = set(merchant.connections.values_list("side", "status"))
    assert {side for side, _ in told} == {"commerce", "accounting"}
    assert {status for _, status in told} == {"Linked", "Deauthorized"}


@pytest.mark.parametrize("kind", ["healthy", "near_fuse", "never_synced", "slow"])
def test_a_look_that_finds_nothing_new_costs_ten_queries_whatever_the_history(
    upstream: Sandbox, codat: CodatClient, kind: str
) -> None:
    merchant = looked_at(upstream.merchants(kind)[0], codat)
    with CaptureQueriesContext(connection) as queries:
        refresh(merchant.pk, codat)
    assert len(queries) <= 10
    again = Merchant.objects.get(pk=merchant.pk)
    assert again.version == merchant.version
    assert again.refreshed_at > merchant.refreshed_at


@pytest.mark.parametrize("kind", ["deauthorized", "unlinked", "disconnected"])
def test_codat_has_stopped_trying_where_a_connection_is_severed(
    upstream: Sandbox, codat: CodatClient, kind: str
) -> None:
    merchant = looked_at(upstream.merchants(kind)[0], codat)
    assert merchant.health == "needs_reconnect"
    assert merchant.failed_days == 1
    assert (merchant.switches_off_on, merchant.days_left(timezone.now())) == (None, None)
