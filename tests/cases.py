"""What tests of reviews share: requests that an outage of Codat left before a person."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from syncs.models import Merchant, Sync, SyncRequest
from syncs.operations.evidence import Evidence, evidence_of
from syncs.operations.reviewing import Verdict
from syncs.rules.states import State
from tests.factories import make_attempt, make_merchant, make_request, make_sync

WHY = "We have no answer that we can trust, and looking at Codat did not prove whether it ran."


def sent_at(minutes_ago: float = 40) -> datetime:
    return timezone.now() - timedelta(minutes=minutes_ago)


def stuck(name: str = "", *, minutes_ago: float = 40, **columns: Any) -> SyncRequest:
    """Sent and not answered; Codat's list was read since it came before a person, and shows nothing new."""
    sent = sent_at(minutes_ago)
    request = bare(name, asked_at=sent, state_since=sent + timedelta(minutes=31), waiting_for=WHY, **columns)
    old = make_sync(request.merchant, 5000, sent - timedelta(hours=5))
    answer = {"problem": "No answer in 30 s.", "correlation_id": f"correlation-{request.pk}"}
    finished = sent + timedelta(seconds=30)
    make_attempt(
        request,
        started_at=sent,
        outcome="uncertain",
        finished_at=finished,
        listed_before=[old.sync_id],
        **answer,
    )
    return request


def bare(name: str = "", **columns: Any) -> SyncRequest:
    """Before a person, and with no attempt on record."""
    merchant = make_merchant(**({"name": name} if name else {}), refreshed_at=timezone.now())
    columns.setdefault("state_since", sent_at(9))
    return make_request(merchant, state=State.NEEDS_REVIEW, **columns)


def new_sync(request: SyncRequest, code: int = 2000, **columns: Any) -> Sync:
    """One that Codat lists since, two seconds after ours was sent."""
    return make_sync(request.merchant, code, request.asked_at + timedelta(seconds=2), **columns)


def not_read_since(request: SyncRequest) -> None:
    Merchant.objects.filter(pk=request.merchant_id).update(refreshed_at=sent_at(39))


def evidence(request: SyncRequest) -> Evidence:
    return evidence_of(list(SyncRequest.objects.for_page().filter(pk=request.pk)))[0]


def verdict(request: SyncRequest, sync: Sync | None = None) -> Verdict:
    """As a lead gives it who has just looked."""
    return Verdict(SyncRequest.objects.get(pk=request.pk), sync, evidence(request).seen)
