"""What came of a POST, written down: the attempt and the request's next state, in one transaction."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from syncs.codat.errors import CodatError, Later, NotSent, Refused
from syncs.codat.schemas import SyncSummary
from syncs.codat.shortening import shortened
from syncs.models import Attempt, Merchant, Sync, SyncRequest
from syncs.operations import answered_windows, api_key, corrections, freezing, handing_out, spared, waiting
from syncs.operations.transitions import move
from syncs.rules.states import State, may_move
from syncs.rules.windows import Window

logger = logging.getLogger(__name__)

MAX_TRIES = 8
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
# Seconds between tries to store an answer; after the last, the clock finds the row.
STORE_AGAIN_AFTER = (0.2, 1.0, 3.0, 5.0)
FIRST_LOOK_AFTER = timedelta(minutes=1)
# Of Codat's words: behind them stands what became of the request.
MOST_OF_ITS_WORDS = 300
UNDECIDED = (Attempt.Outcome.OPEN, Attempt.Outcome.UNCERTAIN)


class ProvesNothing(Exception):
    """Codat named a sync that this request cannot have started."""


def accepted(request: SyncRequest, attempt: Attempt, summary: SyncSummary) -> bool:
    """Codat answered with an id. False when a person has decided the request meanwhile. Raises ProvesNothing.

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
    if _ran_before(request, attempt, summary):
        named = summary.commerce_sync_id
        raise ProvesNothing(f"Codat named sync {named}, which it had listed before this was sent.")
    instead = answered_windows.instead(request, _window(summary))
    try:
        with transaction.atomic():
            problem = f"It runs {instead}." if instead else ""
            status = summary.http_status
            _close(attempt, Attempt.Outcome.ACCEPTED, now, problem=problem, http_status=status)
            moved = _move_to_accepted(request, now, _accepting(instead), _told(summary))
            if not moved:
                _tell_too_late(request, summary)
            Merchant.objects.filter(pk=request.merchant_id).update(
                **handing_out.first_in_line(now, "looked at again now: a sync was asked for")
            )
    except IntegrityError:
        raise ProvesNothing("Codat named the sync of an earlier request.") from None
    return moved


def _ran_before(request: SyncRequest, attempt: Attempt, summary: SyncSummary) -> bool:
    """Under either of its ids: the list names one, and we may have learned the other."""
    named = {summary.commerce_sync_id, summary.sync_id}
    known = Sync.objects.filter(merchant=request.merchant_id, commerce_sync_id=summary.commerce_sync_id)
    named.update(known.values_list("sync_id", flat=True))
    return not named.isdisjoint(attempt.listed_before)


def _accepting(instead: str) -> str:
    if instead:
        return f"Codat accepted the request, but runs {instead}"
    return "Codat accepted the request and is working"


def _tell_too_late(request: SyncRequest, summary: SyncSummary) -> None:
    never_ran = request.state == State.NOT_RUN
    decided = f"{corrections.NEVER_RAN} Codat accepted it after all"
    happened = decided if never_ran else "Codat's answer came after a lead had decided"
    sentence = f"{happened}: sync {summary.commerce_sync_id}"
    changes: dict[str, Any] = {"result": sentence} if never_ran else {}
    if not request.commerce_sync_id:
        changes |= _told(summary) if never_ran else {"commerce_sync_id": summary.commerce_sync_id}
    corrections.tell(request, "request.accepted_late", sentence, **changes)


def not_sent(request: SyncRequest, attempt: Attempt, error: NotSent | Later) -> None:
    """Proven not sent, or a 429: the request goes back to wait, and ends as never run after all its tries."""
    now = timezone.now()
    outcome, happened = Attempt.Outcome.NOT_SENT, "Not sent"
    if isinstance(error, Later):
        outcome, happened = Attempt.Outcome.LATER, "Codat asked us to wait, nothing was run"
    with transaction.atomic(), spared.judged_once_known(request.merchant_id, now):
        if not _close(attempt, outcome, now, error=error):
            return
        if request.tries >= MAX_TRIES:
            sentence = f"This never ran: {MAX_TRIES} tries came to nothing. The last one: {error.message}"
            move(request, State.NOT_RUN, now=now, what=sentence, result=shortened(sentence, 500))
        else:
            move(
                request,
                State.QUEUED,
                now=now,
                what=f"{happened}: {error.message}",
                not_before=now + _pause(request, error),
                waiting_for=shortened(waiting.why(error), 300),
            )


def refused(request: SyncRequest, attempt: Attempt, error: Refused) -> None:
    about_the_key = " A 401 is about our API key: tell an admin." if api_key.is_about_it(error) else ""
    its_words = shortened(error.message, MOST_OF_ITS_WORDS)
    sentence = f"Codat refused this request: {its_words}{about_the_key} Nothing was run."
    now = timezone.now()
    with transaction.atomic(), spared.judged_once_known(request.merchant_id, now):
        if not _close(attempt, Attempt.Outcome.REFUSED, now, error=error):
            return
        move(
            request,
            State.REJECTED,
            now=now,
            what=sentence,
            result=shortened(sentence, 500),
            correlation_id=error.correlation_id or "",
        )


def uncertain(request: SyncRequest, attempt: Attempt, message: str, error: CodatError | None = None) -> None:
    now = timezone.now()
    with transaction.atomic():
        is_news = _close(attempt, Attempt.Outcome.UNCERTAIN, now, error=error, problem=message)
        freezing.stop_after_silence(attempt, now)
        if not is_news or not may_move(State(request.state), State.UNCERTAIN):
            # The clock, or a person after it, was first.
            return
        move(
            request,
            State.UNCERTAIN,
            now=now,
            what=f"No answer that we can trust: {shortened(message, MOST_OF_ITS_WORDS)} {waiting.not_again()}",
            not_before=now + FIRST_LOOK_AFTER,
            waiting_for=shortened(message, 300),
            correlation_id=(error.correlation_id if error else None) or "",
        )


def close_as_lost(request: SyncRequest, now: datetime, problem: str) -> None:
    """The attempts whose sender will not be heard of again; to be called in the transaction that says so."""
    for attempt in request.attempts.filter(outcome=Attempt.Outcome.OPEN):
        _close(attempt, Attempt.Outcome.UNCERTAIN, now, problem=problem)
        freezing.stop_after_silence(attempt, now)


def _move_to_accepted(request: SyncRequest, now: datetime, what: str, changes: dict[str, Any]) -> bool:
    """Also when the row was given up as lost while its sender slept: a late true answer is evidence.

    What we hold in memory may be ahead of the row: a move that the database then refused left its traces there.
    """
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
    told: dict[str, Any] = {"commerce_sync_id": summary.commerce_sync_id, "waiting_for": ""}
    if window := _window(summary):
        told |= {"window_start": window.start, "window_finish": window.finish, "window_answered": True}
    return told


def _window(summary: SyncSummary) -> Window | None:
    """A window without length is no window: Codat answers one when there is nothing to sync."""
    return Window.of(*summary.window) if summary.window else None


def _pause(request: SyncRequest, error: NotSent | Later) -> timedelta:
    """Grows with each try: a Codat that says "in a second" eight times must not end a request within seconds."""
    growing = min(FIRST_WAIT * 2 ** (request.tries - 1), LONGEST_WAIT)
    return timedelta(seconds=max(growing, error.come_back_after) if isinstance(error, Later) else growing)


def _close(
    attempt: Attempt,
    outcome: Attempt.Outcome,
    now: datetime,
    *,
    error: CodatError | None = None,
    problem: str = "",
    http_status: int | None = None,
) -> bool:
    """False when better is on record: a replay has proven what this answer could not, and settled the request."""
    # The merchant before the attempt, as the clock does: two that lock in turns wait, and no circle does.
    Merchant.objects.select_for_update().get(pk=attempt.request.merchant_id)
    rows = Attempt.objects.filter(pk=attempt.pk)
    if outcome is not Attempt.Outcome.ACCEPTED:
        rows = rows.filter(outcome__in=UNDECIDED)
    closed = rows.update(
        outcome=outcome,
        finished_at=now,
        http_status=error.http_status if error else http_status,
        correlation_id=(error.correlation_id if error else None) or "",
        problem=shortened(problem or (error.message if error else ""), 500),
    )
    if not closed:
        logger.info("attempt %s stays as it was: %s came too late", attempt.pk, outcome)
    return closed == 1
