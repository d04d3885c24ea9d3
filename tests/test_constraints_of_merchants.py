"""What the database refuses about merchants, their syncs and days, and that nothing is ever deleted."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError
from django.utils import timezone

from syncs.models import Cause, Merchant, MerchantDay, Sync
from syncs.rules.states import State
from tests.factories import (
    make_attempt,
    make_cause,
    make_connection,
    make_failing_merchant,
    make_merchant,
    make_request,
    make_sync,
    make_user,
)

pytestmark = pytest.mark.django_db


def an_hour_backwards() -> dict[str, Any]:
    now = timezone.now()
    return {"window_start": now, "window_finish": now - timedelta(hours=1)}


def make_day(merchant: Merchant) -> Merchant:
    MerchantDay.objects.create(merchant=merchant, day=date(2026, 1, 1), outcome="gap")
    return merchant


WRONG_ROWS: dict[str, Callable[[Merchant], Model]] = {
    "a company id twice": lambda merchant: make_merchant(company_id=merchant.company_id),
    "a merchant without a name": lambda _: make_merchant(name=""),
    "a sync hour that no day has": lambda _: make_merchant(sync_hour=24),
    "a connection twice": lambda merchant: make_connection(
        merchant, codat_id=merchant.connections.all()[0].codat_id
    ),
    "a sync twice": lambda merchant: make_sync(merchant, sync_id=make_sync(merchant).sync_id),
    "a sync without an id": lambda merchant: Sync.objects.create(
        merchant=merchant,
        sync_id="",
        outcome="synced",
        started_at=timezone.now(),
        first_seen=timezone.now(),
        raw={},
    ),
    "a window backwards": lambda merchant: make_sync(merchant, **an_hour_backwards()),
    "half a window": lambda merchant: make_sync(merchant, window_start=timezone.now()),
    "a day twice": lambda merchant: make_day(make_day(merchant)),
    "a cause twice": lambda _: Cause.objects.create(code=make_cause(5000, "same").code, message="same"),
}


@pytest.mark.parametrize("make", WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_the_database_refuses(make: Callable[[Merchant], Model]) -> None:
    merchant = make_merchant()
    with pytest.raises(IntegrityError), transaction.atomic():
        make(merchant)


def test_two_merchants_may_have_syncs_of_one_id() -> None:
    first, second = make_merchant(), make_merchant()
    assert make_sync(first, sync_id="shared").pk != make_sync(second, sync_id="shared").pk


def protected_rows() -> dict[str, Model]:
    merchant = make_failing_merchant()
    user = make_user("support")
    sync = make_sync(merchant)
    request = make_request(merchant, state=State.SUCCEEDED, sync=sync, asked_by=user)
    make_attempt(request, outcome="accepted")
    MerchantDay.objects.create(merchant=merchant, day=date(2026, 1, 1), outcome="synced", covered_by=sync)
    cause = merchant.last_cause or make_cause()
    return {"merchant": merchant, "sync": sync, "request": request, "user": user, "cause": cause}


@pytest.mark.parametrize("what", ["merchant", "sync", "request", "user", "cause"])
def test_what_the_record_rests_on_cannot_be_deleted(what: str) -> None:
    row = protected_rows()[what]
    with pytest.raises(ProtectedError):
        row.delete()
