"""A merchant that failed and a re-run of its days: what tests of the proof of a fix share."""

from datetime import date, timedelta

from django.test import Client
from django.utils import timezone

from syncs.codat.statuses import Outcome, status_of
from syncs.models import Merchant, Sync, SyncRequest
from syncs.operations import days
from syncs.rules.salesdays import range_window
from syncs.rules.states import State
from tests.factories import make_merchant, make_request, make_sync

ARCHIVED = "Account 090 is not in an Active state. (Archived)"
ENDS = {Outcome.SYNCED: State.SUCCEEDED, Outcome.EMPTY: State.SUCCEEDED_EMPTY, Outcome.FAILED: State.FAILED}


def by_schedule(merchant: Merchant, days_ago: int, code: int = 5130, message: str = ARCHIVED) -> Sync:
    """At about two o'clock, for the day before."""
    at = timezone.now() - timedelta(days=days_ago, hours=10)
    return make_sync(merchant, code, at, message if code >= 4000 else "")


def decided(merchant: Merchant) -> None:
    """Windows and days as a refresh would leave them, and the health that follows from the newest result."""
    days.place_windows(merchant)
    days.decide(merchant, timezone.localdate() - timedelta(days=60), timezone.now())
    last = merchant.syncs.final().newest_first()[0]
    merchant.last_code, merchant.last_cause, merchant.last_message = last.code, last.cause, last.message[:300]
    merchant.last_pushed = last.data_pushed
    merchant.health = "failing" if last.outcome == Outcome.FAILED else "healthy"
    merchant.save()


def failing(days_failed: int = 5) -> Merchant:
    merchant = make_merchant(health="failing")
    by_schedule(merchant, days_failed, 2000)
    for day in range(days_failed):
        by_schedule(merchant, day)
    return merchant


def rerun(
    merchant: Merchant, first: date, last: date, code: int = 2000, message: str = "", **columns: object
) -> SyncRequest:
    """Asked for, sent, and ended a minute ago."""
    window = range_window(first, last, merchant.zone)
    at = timezone.now() - timedelta(minutes=5)
    sync = make_sync(
        merchant,
        code,
        at,
        message,
        initiator="ours",
        window_start=window.start,
        window_finish=window.finish,
        window_known="answered",
    )
    end = ENDS[status_of(code).outcome]
    request = make_request(merchant, state=end, sync=sync, first_day=first, last_day=last, **columns)
    decided(merchant)
    return request


def day(number: int) -> date:
    return timezone.localdate() - timedelta(days=number)


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def of_merchant(request: SyncRequest) -> str:
    return f"/merchants/{request.merchant.company_id}/"


def of_request(request: SyncRequest) -> str:
    return f"/requests/{request.pk}/"
