"""Merchants as an import and a first look would leave them, thousands in a second."""

from datetime import datetime, timedelta

from django.utils import timezone

from sandbox.testing import Sandbox
from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.models import Merchant
from syncs.operations.importing import import_companies

# Their re-runs end well, empty, or in an error: all three ends are to be told truly.
KINDS = {"healthy", "flaky", "archived_account", "quiet", "settings", "tax_mapping", "missing_account"}


def load(sandbox: Sandbox) -> None:
    budget = LocalBudget(per_minute=60_000)
    with CodatClient(base_url=sandbox.url, api_key=sandbox.key, budget=budget) as client:
        import_companies(client)
    now = timezone.now()
    rows = {row["company_id"]: row for row in listed(sandbox)}
    known = list(Merchant.objects.filter(company_id__in=rows))
    for merchant in known:
        row = rows[str(merchant.company_id)]
        merchant.time_zone, merchant.sync_hour = row["zone"] or "", row["hour"]
        _as_looked_at(merchant, now)
    Merchant.objects.bulk_update(
        known,
        ["time_zone", "sync_hour", "enabled", "health", "refreshed_at", "configured_at", "next_refresh_at"],
        batch_size=500,
    )
    Merchant.objects.exclude(company_id__in=rows).update(archived_at=now, next_refresh_at=None)


def listed(sandbox: Sandbox) -> list[dict[str, object]]:
    """Those that can be asked to sync."""
    found = sandbox.get("/_sandbox/merchants?limit=100000").json()
    return [row for row in found if row["kind"] in KINDS and row["zone"]]


def _as_looked_at(merchant: Merchant, now: datetime) -> None:
    merchant.enabled, merchant.health = True, "never_synced"
    merchant.refreshed_at, merchant.configured_at = now, now + timedelta(days=30)
    # Looked at again only for its requests: a run has no time for the others.
    merchant.next_refresh_at = None
