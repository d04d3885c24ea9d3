"""The clock's part of a sync request: nothing stays where nobody would find it.

All of it is idempotent and needs the database only; two clocks do no harm.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError
from syncs.codat.schemas import SyncStatus
from syncs.models import Attempt, SyncRequest
from syncs.operations.sending import accepted
from syncs.operations.transitions import move
from syncs.rules.states import State

logger = logging.getLogger(__name__)

SENDING_AT_MOST = timedelta(minutes=5)
ACCEPTED_AT_MOST = timedelta(hours=24)
UNKNOWN_ID_AT_MOST = timedelta(hours=1)
# Minutes after the POST at which an uncertain request is looked at; after the last it goes before a person.
LOOKS = (1, 2, 5, 10, 20, 30)
# Codat keeps a key for 90 minutes (Codat docs, idempotency); the margin is ours.
REPLAY_WITHIN = timedelta(minutes=80)


def ready_to_send(now: datetime, limit: int = 50) -> list[int]:
    """Requests whose time has come, single presses first."""
    queued = SyncRequest.objects.filter(state=State.QUEUED, not_before__lte=now)
    return list(queued.order_by("-priority", "not_before", "pk").values_list("pk", flat=True)[:limit])


def give_up_on_lost_senders(now: datetime) -> None:
    """A sender that died after its claim may have sent: its request becomes uncertain, never QUEUED again."""
    lost = SyncRequest.objects.filter(state=State.SENDING, state_since__lt=now - SENDING_AT_MOST)
    for request in lost.select_related("merchant"):
        sentence = "The sender was lost in the middle. It may have been sent; it is not sent again."
        with transaction.atomic():
            if move(request, State.UNCERTAIN, now=now, what=sentence, not_before=now, waiting_for=sentence):
                open_attempts = request.attempts.filter(outcome=Attempt.Outcome.OPEN)
                open_attempts.update(outcome=Attempt.Outcome.UNCERTAIN, finished_at=now, problem=sentence)


def put_overdue_before_a_person(now: datetime) -> None:
    accepted_requests = SyncRequest.objects.filter(state=State.ACCEPTED)
    for request in accepted_requests.filter(state_since__lt=now - ACCEPTED_AT_MOST):
        _review(request, now, "Codat accepted it, then no result for 24 h.", [])
    for request in accepted_requests.filter(sync=None, state_since__lt=now - UNKNOWN_ID_AT_MOST):
        _review(request, now, "Codat accepted it, then its ID was unknown there for an hour.", [])


def due_for_a_look(now: datetime, limit: int = 5) -> list[SyncRequest]:
    uncertain = SyncRequest.objects.filter(state=State.UNCERTAIN, not_before__lte=now)
    return list(uncertain.select_related("merchant").order_by("not_before", "pk")[:limit])


def look(request: SyncRequest, client: CodatClient, now: datetime) -> None:
    """One look at Codat for an uncertain request. Only a replay that Codat is known to honour can prove it ran."""
    attempt = request.attempts.order_by("-number").first()
    if attempt is None:
        _review(request, now, "Nothing is on record of how this was sent.", [])
        return
    if settings.CODAT_IDEMPOTENCY_VERIFIED and now - attempt.started_at < REPLAY_WITHIN:
        _replay(request, attempt, client, now)
        return
    try:
        candidates = _new_since(attempt, client.syncs(str(request.merchant.company_id)))
    except CodatError as error:
        logger.warning("request %s: looked in vain: %s", request.pk, error.message)
        candidates = request.candidates
    _after_look(request, attempt, candidates, now)


def _after_look(
    request: SyncRequest, attempt: Attempt, candidates: list[dict[str, object]], now: datetime
) -> None:
    looks = request.looks + 1
    if looks >= len(LOOKS):
        _review(request, now, "Codat did not answer, and looking did not prove it either way.", candidates)
        return
    next_look = max(attempt.started_at + timedelta(minutes=LOOKS[looks]), now + timedelta(seconds=30))
    still_uncertain = SyncRequest.objects.filter(pk=request.pk, state=State.UNCERTAIN, looks=request.looks)
    still_uncertain.update(looks=looks, candidates=candidates, not_before=next_look)


def _replay(request: SyncRequest, attempt: Attempt, client: CodatClient, now: datetime) -> None:
    """The same key and body again. Anything but a valid answer may be the echo of our own first POST."""
    post = client.request_latest if request.kind == SyncRequest.Kind.LATEST else client.request_range
    try:
        client.reserve_send()
        summary = post(
            str(request.merchant.company_id),
            body=request.body,
            idempotency_key=request.idempotency_key,
            first_byte_by=None,
        )
    except CodatError as error:
        _review(request, now, f"Asked Codat again with the same key: {error.message}", request.candidates)
    else:
        accepted(request, summary.commerce_sync_id, summary=summary, attempt=attempt)


def _review(request: SyncRequest, now: datetime, why: str, candidates: list[dict[str, object]]) -> None:
    sentence = f"Put before a person: {why}"
    move(
        request,
        State.NEEDS_REVIEW,
        now=now,
        what=sentence,
        looks=request.looks + 1,
        candidates=candidates or request.candidates,
        waiting_for=why,
    )


def _new_since(attempt: Attempt, listed: list[SyncStatus]) -> list[dict[str, object]]:
    """The syncs that Codat did not list just before the POST. They may be ours, the schedule's or anybody's."""
    before = set(attempt.listed_before)
    return [
        {
            "sync_id": sync.sync_id,
            "code": sync.code,
            "started_at": sync.sync_utc.isoformat() if sync.sync_utc else None,
            "data_pushed": sync.data_pushed,
        }
        for sync in listed
        if sync.sync_id and sync.sync_id not in before
    ]
