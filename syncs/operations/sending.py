"""The worker's part of a sync request: look, claim, write the intent, POST once, and say what came of it.

Only a committed claim gives the right to POST. Nothing here ever turns "may have been sent" into "not sent".
"""

import hashlib
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later, NotSent, Refused, Uncertain
from syncs.codat.schemas import SyncStatus, SyncSummary
from syncs.codat.statuses import Outcome, status_of
from syncs.models import Attempt, Merchant, SyncRequest
from syncs.operations.transitions import hold_back, move
from syncs.rules.states import State

logger = logging.getLogger(__name__)

MAX_TRIES = 8
TOO_LATE = timedelta(minutes=60)
LOOK_AGAIN = timedelta(seconds=30)
# Between the committed claim and the first byte: a process that slept longer must not send any more.
CLAIM_GOOD_FOR = 5.0
FIRST_LOOK_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Claim:
    request: SyncRequest
    attempt: Attempt
    first_byte_by: float


def send(request_id: int, client: CodatClient) -> None:
    """Sends the request if it is QUEUED and its time has come; else does nothing. Safe to call any number of times."""
    now = timezone.now()
    request = (
        SyncRequest.objects.filter(pk=request_id, state=State.QUEUED, not_before__lte=now)
        .select_related("merchant", "asked_by")
        .first()
    )
    if request is None:
        return
    listed = _look_first(request, client, now)
    if listed is None:
        return
    if claim := _claim(request, listed):
        _post(claim, client)


def _look_first(request: SyncRequest, client: CodatClient, now: datetime) -> list[SyncStatus] | None:
    """What Codat lists now, or None when the request must not be sent: it is then held back or ended, and says why."""
    if _ended_as_too_late(request, now):
        return None
    try:
        client.reserve_send()
        listed = client.syncs(str(request.merchant.company_id))
    except CodatError as error:
        _hold_after(request, error, now)
        return None
    running = next((s for s in listed if status_of(s.code).outcome is Outcome.RUNNING), None)
    if running:
        since = f" since about {timezone.localtime(running.sync_utc):%H:%M}" if running.sync_utc else ""
        hold_back(request, now=now, until=now + LOOK_AGAIN, why=f"A sync runs at Codat{since}.")
        return None
    return listed


def _ended_as_too_late(request: SyncRequest, now: datetime) -> bool:
    merchant = request.merchant
    if merchant.is_archived:
        return _cancel(request, now, "Too late: the merchant was archived before this was sent.")
    if now - request.asked_at > TOO_LATE and request.bulk is None:
        return _cancel(
            request, now, "Too late: this waited for over an hour. Ask again if it is still wanted."
        )
    if covered := _covered_since(request, merchant):
        return _cancel(request, now, f"Too late: a sync of {covered} covered these days.")
    return False


def _covered_since(request: SyncRequest, merchant: Merchant) -> str:
    """When a success that ended after the press already covers the whole range; empty if none does."""
    if request.window_start is None or request.overlap_accepted:
        return ""
    sync = merchant.syncs.filter(
        outcome__in=["synced", "empty"],
        final_seen__gt=request.asked_at,
        window_start__lte=request.window_start,
        window_finish__gte=request.window_finish,
    ).first()
    return f"{timezone.localtime(sync.started_at):%H:%M}" if sync else ""


def _cancel(request: SyncRequest, now: datetime, why: str) -> bool:
    move(request, State.CANCELLED, now=now, what=why, result=why)
    return True


def _hold_after(request: SyncRequest, error: CodatError, now: datetime) -> None:
    """Codat could not be looked at, so nothing is sent yet. A company that Codat does not know never will be."""
    if isinstance(error, Refused) and error.http_status == 404:
        _cancel(request, now, "Codat does not know this company any more. Nothing was sent.")
        return
    wait = timedelta(seconds=error.retry_after) if isinstance(error, Later) else LOOK_AGAIN
    logger.warning(
        "request %s waits: %s (correlation id %s)", request.pk, error.message, error.correlation_id
    )
    hold_back(request, now=now, until=now + wait, why=error.message)


def _claim(request: SyncRequest, listed: list[SyncStatus]) -> Claim | None:
    """The committed right to POST once, with the intent written; None when another worker was first."""
    now, clock = timezone.now(), time.monotonic()
    with transaction.atomic():
        sentence = "Sent to Codat"
        if not move(request, State.SENDING, now=now, what=sentence, tries=request.tries + 1, waiting_for=""):
            return None
        attempt = Attempt.objects.create(
            request=request,
            number=request.tries,
            started_at=now,
            body_sha256=hashlib.sha256(request.body.encode()).hexdigest(),
            listed_before=[sync.sync_id for sync in listed if sync.sync_id],
        )
    return Claim(request, attempt, clock + CLAIM_GOOD_FOR)


def _post(claim: Claim, client: CodatClient) -> None:
    request = claim.request
    post = client.request_latest if request.kind == SyncRequest.Kind.LATEST else client.request_range
    try:
        summary = post(
            str(request.merchant.company_id),
            body=request.body,
            idempotency_key=request.idempotency_key,
            first_byte_by=claim.first_byte_by,
        )
    except (NotSent, Later) as error:
        _not_sent(claim, error)
    except Refused as error:
        _refused(claim, error)
    except Uncertain as error:
        _uncertain(claim, error.message, error)
    except Exception:
        logger.exception("request %s: an error of ours while its POST was under way", request.pk)
        _uncertain(claim, "Something broke on our side while this was sent.", None)
    else:
        accepted(request, summary.commerce_sync_id, summary=summary, attempt=claim.attempt)


def accepted(
    request: SyncRequest, commerce_sync_id: str, *, summary: SyncSummary | None, attempt: Attempt | None
) -> bool:
    """SENDING or UNCERTAIN -> ACCEPTED: Codat answered with an id."""
    now = timezone.now()
    changes: dict[str, Any] = {"commerce_sync_id": commerce_sync_id}
    if summary and summary.window:
        start, finish = summary.window
        changes |= {"window_start": start, "window_finish": finish, "window_answered": True}
    with transaction.atomic():
        if attempt:
            _close(attempt, Attempt.Outcome.ACCEPTED, now, http_status=200)
        moved = move(
            request, State.ACCEPTED, now=now, what="Codat accepted the request and is working", **changes
        )
        Merchant.objects.filter(pk=request.merchant_id).update(
            next_refresh_at=now, next_refresh_reason="looked at again now: a sync was asked for"
        )
    return moved


def _not_sent(claim: Claim, error: NotSent | Later) -> None:
    """Proven not sent, or a 429: the request goes back to wait, and ends as never run after all its tries."""
    request, now = claim.request, timezone.now()
    later = isinstance(error, Later)
    outcome = Attempt.Outcome.LATER if later else Attempt.Outcome.NOT_SENT
    wait = error.retry_after if isinstance(error, Later) else min(5.0 * 2 ** (request.tries - 1), 300.0)
    with transaction.atomic():
        _close(claim.attempt, outcome, now, error=error)
        move(
            request,
            State.QUEUED,
            now=now,
            what=f"Not sent: {error.message}",
            not_before=now + timedelta(seconds=wait),
            waiting_for=error.message[:300],
        )
        if request.tries >= MAX_TRIES:
            sentence = f"This never ran. {MAX_TRIES} tries, never sent: {error.message}"
            move(request, State.NOT_RUN, now=now, what=sentence, result=sentence[:500])


def _refused(claim: Claim, error: Refused) -> None:
    sentence = f"Codat refused this request: {error.message} Nothing was run."
    now = timezone.now()
    with transaction.atomic():
        _close(claim.attempt, Attempt.Outcome.REFUSED, now, error=error)
        move(
            claim.request,
            State.REJECTED,
            now=now,
            what=sentence,
            result=sentence[:500],
            correlation_id=error.correlation_id or "",
        )


def _uncertain(claim: Claim, message: str, error: CodatError | None) -> None:
    now = timezone.now()
    with transaction.atomic():
        _close(claim.attempt, Attempt.Outcome.UNCERTAIN, now, error=error, problem=message)
        move(
            claim.request,
            State.UNCERTAIN,
            now=now,
            what=f"No answer that we can trust: {message} Not sent again.",
            not_before=now + FIRST_LOOK_AFTER,
            waiting_for=message[:300],
            correlation_id=(error.correlation_id if error else None) or "",
        )


def _close(
    attempt: Attempt,
    outcome: Attempt.Outcome,
    now: datetime,
    *,
    error: CodatError | None = None,
    problem: str = "",
    http_status: int | None = None,
) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(
        outcome=outcome,
        finished_at=now,
        http_status=error.http_status if error else http_status,
        correlation_id=(error.correlation_id if error else None) or "",
        problem=(problem or (error.message if error else ""))[:500],
    )
