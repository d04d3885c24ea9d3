"""The worker's part of a sync request: look, claim, write the intent, POST once, and say what came of it.

Only a committed claim gives the right to POST. Nothing here ever turns "may have been sent" into "not sent".
"""

import hashlib
import logging
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.errors import Later, NotSent, Refused, Uncertain
from syncs.codat.schemas import SyncStatus, SyncSummary
from syncs.codat.until import Until
from syncs.models import Attempt, Merchant, SyncRequest
from syncs.operations import answers, api_key, before_sending, freezing
from syncs.operations.transitions import move
from syncs.rules.states import State

logger = logging.getLogger(__name__)

# Seconds between the committed claim and the first byte: a process that slept longer must not send any more.
CLAIM_GOOD_FOR = 5.0


@dataclass(frozen=True)
class Claim:
    request: SyncRequest
    attempt: Attempt
    first_byte_by: Until


def send(request_id: int, client: CodatClient) -> None:
    """Sends the request if it is QUEUED and its time has come; else does nothing. Safe to call any number of times."""
    now = timezone.now()
    request = (
        SyncRequest.objects.filter(pk=request_id, state=State.QUEUED, not_before__lte=now)
        .select_related("merchant")
        .first()
    )
    if request is None:
        return
    listed = before_sending.look(request, client, now)
    if listed is None:
        return
    if claim := _claim(request, listed):
        _post(claim, client)


def _claim(request: SyncRequest, listed: list[SyncStatus]) -> Claim | None:
    """The committed right to POST once, with the intent written; None when somebody else was first."""
    now, good_for = timezone.now(), Until.after(CLAIM_GOOD_FOR)
    with transaction.atomic(durable=True):
        # A refresh stores under the same lock: what it learned while Codat was looked at is seen here.
        request.merchant = Merchant.objects.select_for_update().get(pk=request.merchant_id)
        freezing.keep_away_until_commit()
        if before_sending.is_too_late(request, now) or before_sending.is_held_up(request, now, claims=True):
            return None
        claimed = move(
            request,
            State.SENDING,
            now=now,
            what="Sent to Codat",
            # Another sender may have had its turn and given it back since we looked: that was its look, not ours.
            at_version=request.version,
            tries=request.tries + 1,
            waiting_for="",
        )
        if not claimed:
            return None
        attempt = Attempt.objects.create(
            request=request,
            number=request.tries,
            started_at=now,
            body_sha256=hashlib.sha256(request.body.encode()).hexdigest(),
            listed_before=[sync.sync_id for sync in listed if sync.sync_id],
        )
    return Claim(request, attempt, good_for)


def _post(claim: Claim, client: CodatClient) -> None:
    request, attempt = claim.request, claim.attempt
    try:
        summary = post(request, client, first_byte_by=claim.first_byte_by)
    except (NotSent, Later) as error:
        answers.not_sent(request, attempt, error)
    except Refused as error:
        answers.refused(request, attempt, error)
        api_key.heard(error, timezone.now())
    except Uncertain as error:
        answers.uncertain(request, attempt, error.message, error)
    except Exception:
        logger.exception("request %s: an error of ours while its POST was under way", request.pk)
        answers.uncertain(request, attempt, "Something broke on our side while this was sent.")
    else:
        _take(claim, summary)


def post(request: SyncRequest, client: CodatClient, *, first_byte_by: Until) -> SyncSummary:
    """The pinned bytes under the request's own key. Raises CodatError."""
    send_it = client.request_latest if request.kind == SyncRequest.Kind.LATEST else client.request_range
    return send_it(
        str(request.merchant.company_id),
        body=request.body,
        idempotency_key=request.idempotency_key,
        first_byte_by=first_byte_by,
    )


def _take(claim: Claim, summary: SyncSummary) -> None:
    try:
        answers.accepted(claim.request, claim.attempt, summary)
    except answers.ProvesNothing as error:
        logger.warning("request %s: %s", claim.request.pk, error)
        claim.request.refresh_from_db()
        answers.uncertain(claim.request, claim.attempt, str(error))
