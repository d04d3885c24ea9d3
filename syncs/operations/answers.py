"""What came of a POST, written down: the attempt and the request's next state, in one transaction."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from syncs.codat.errors import CodatError, Later, NotSent, Refused
from syncs.codat.schemas import SyncSummary
from syncs.models import Attempt, Merchant, SyncRequest
from syncs.operations.transitions import move
from syncs.rules.states import State, may_move

logger = logging.getLogger(__name__)

MAX_TRIES = 8
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
# Seconds between tries to store an answer; after the last, the sweeper finds the row.
STORE_AGAIN_AFTER = (0.2, 1.0, 3.0, 5.0)
FIRST_LOOK_AFTER = timedelta(minutes=1)


def accepted(request: SyncRequest, attempt: Attempt, summary: SyncSummary) -> bool:
    """Codat answered with an id. False when a person has ended the request meanwhile.

    IntegrityError when the id belongs to an earlier request of this merchant: then it proves nothing.
    The id is told to the log first, and a database that does not take it is asked again for some seconds:
    without it, only a person could find out what became of the request.
    """
    logger.info("request %s: Codat started sync %s", request.pk, summary.commerce_sync_id)
    for pause in STORE_AGAIN_AFTER:
        try:
            return _accept(request, attempt, summary)
        except (OperationalError, InterfaceError) as error:
            logger.warning("request %s: its answer is not stored yet: %s", request.pk, error)
        time.sleep(pause)
        # A connection that broke is replaced; on a good one this does nothing.
        connection.close_if_unusable_or_obsolete()
    return _accept(request, attempt, summary)


def _accept(request: SyncRequest, attempt: Attempt, summary: SyncSummary) -> bool:
    now = timezone.now()
    with transaction.atomic():
        _close(attempt, Attempt.Outcome.ACCEPTED, now, http_status=200)
        moved = _move_to_accepted(request, now, _told(summary))
        if moved:
            Merchant.objects.filter(pk=request.merchant_id).update(
                next_refresh_at=now, next_refresh_reason="looked at again now: a sync was asked for"
            )
    if not moved:
        logger.error("request %s: Codat answered %s too late", request.pk, summary.commerce_sync_id)
    return moved


def not_sent(request: SyncRequest, attempt: Attempt, error: NotSent | Later) -> None:
    """Proven not sent, or a 429: the request goes back to wait, and ends as never run after all its tries."""
    now = timezone.now()
    outcome = Attempt.Outcome.LATER if isinstance(error, Later) else Attempt.Outcome.NOT_SENT
    with transaction.atomic():
        _close(attempt, outcome, now, error=error)
        if request.tries >= MAX_TRIES:
            sentence = f"This never ran. {MAX_TRIES} tries, never sent: {error.message}"
            move(request, State.NOT_RUN, now=now, what=sentence, result=sentence[:500])
        else:
            move(
                request,
                State.QUEUED,
                now=now,
                what=f"Not sent: {error.message}",
                not_before=now + _pause(request, error),
                waiting_for=error.message[:300],
            )


def refused(request: SyncRequest, attempt: Attempt, error: Refused) -> None:
    sentence = f"Codat refused this request: {error.message} Nothing was run."
    now = timezone.now()
    with transaction.atomic():
        _close(attempt, Attempt.Outcome.REFUSED, now, error=error)
        move(
            request,
            State.REJECTED,
            now=now,
            what=sentence,
            result=sentence[:500],
            correlation_id=error.correlation_id or "",
        )


def uncertain(request: SyncRequest, attempt: Attempt, message: str, error: CodatError | None = None) -> None:
    now = timezone.now()
    with transaction.atomic():
        _close(attempt, Attempt.Outcome.UNCERTAIN, now, error=error, problem=message)
        move(
            request,
            State.UNCERTAIN,
            now=now,
            what=f"No answer that we can trust: {message} Not sent again.",
            not_before=now + FIRST_LOOK_AFTER,
            waiting_for=message[:300],
            correlation_id=(error.correlation_id if error else None) or "",
        )


def _move_to_accepted(request: SyncRequest, now: datetime, changes: dict[str, Any]) -> bool:
    """Also when the row was given up as lost while its sender slept: a late true answer is evidence.

    What we hold in memory may be ahead of the row: a move that the database then refused left its traces there.
    """
    what = "Codat accepted the request and is working"
    for _ in range(2):
        request.refresh_from_db(fields=["state", "commerce_sync_id"])
        if request.commerce_sync_id == changes["commerce_sync_id"]:
            return True
        if not may_move(State(request.state), State.ACCEPTED):
            return False
        if move(request, State.ACCEPTED, now=now, what=what, **changes):
            return True
    return False


def _told(summary: SyncSummary) -> dict[str, Any]:
    """A window without length is no window: Codat answers one when there is nothing to sync."""
    told: dict[str, Any] = {"commerce_sync_id": summary.commerce_sync_id, "waiting_for": ""}
    if summary.window and summary.window[0] < summary.window[1]:
        start, finish = summary.window
        told |= {"window_start": start, "window_finish": finish, "window_answered": True}
    return told


def _pause(request: SyncRequest, error: NotSent | Later) -> timedelta:
    growing = min(FIRST_WAIT * 2 ** (request.tries - 1), LONGEST_WAIT)
    return timedelta(seconds=error.retry_after if isinstance(error, Later) else growing)


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
