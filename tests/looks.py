"""What tests of refreshing share: a merchant, Codat's row for a sync, and one look."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Merchant
from syncs.operations.refresh import refresh
from tests.codat.server import Server, says
from tests.factories import make_merchant

NOW = datetime(2026, 11, 21, 8, 40, tzinfo=UTC)
NOTHING_KNOWN = {
    "health": "unseen",
    "last_code": None,
    "last_final_at": None,
    "last_success_at": None,
    "last_days": "",
    "last_days_end": None,
    "refreshed_at": None,
}


def never_seen(**columns: Any) -> Merchant:
    """Never looked at but for its configuration and connections."""
    return make_merchant(**{"configured_at": NOW} | NOTHING_KNOWN | columns)


def known(company: dict[str, Any], client: CodatClient) -> Merchant:
    """A merchant of the sandbox whose past we have read."""
    merchant = make_merchant(company_id=company["company_id"], time_zone=company["zone"] or "")
    refresh(merchant.pk, client)
    return Merchant.objects.get(pk=merchant.pk)


def row(sync_id: str = "one", code: Any = 2000, at: Any = "2026-11-20T03:00:00.1234567Z", **more: Any) -> Any:
    """As Codat lists a sync."""
    texts = {"syncStatus": "Complete", "errorMessage": None, "syncExceptionMessage": "", "dataPushed": True}
    return {"syncId": sync_id, "syncStatusCode": code, "syncUtc": at} | texts | more


def pressed_check_now(merchant: Merchant) -> None:
    """Somebody pressed “Check now”, a moment after the last look."""
    just_now = timezone.now() + timedelta(microseconds=1)
    Merchant.objects.filter(pk=merchant.pk).update(checked_at=just_now)


def looked(merchant: Merchant, server: Server, client: CodatClient, *rows: Any) -> Merchant:
    server.answers(says(200, list(rows)))
    refresh(merchant.pk, client)
    return Merchant.objects.get(pk=merchant.pk)
