"""What becomes of a sync request without anybody's doing: nothing stays where nobody would find it.

All of it is idempotent and needs the database only; two clocks do no harm.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later, NotSent, Refused
from syncs.codat.schemas import SyncStatus
from syncs.codat.shortening import shortened
from syncs.codat.until import Until
from syncs.models import Attempt, SyncRequest
from syncs.models.merchant import CLOCKS_DIFFER
from syncs.operations import answers, api_key, freezing, log, waiting
from syncs.operations.before_sending import changed_since
from syncs.operations.sending import CLAIM_GOOD_FOR, post
from syncs.operations.transitions import move
from syncs.rules.states import State, may_move

logger = logging.getLogger(__name__)

SENDING_AT_MOST = timedelta(minutes=5)
ACCEPTED_AT_MOST = timedelta(hours=24)
UNKNOWN_ID_AT_MOST = timedelta(hours=1)
# Our own death; towards a freeze it counts like an answer that never came.
LOST_SENDER = "Sync Desk was interrupted while it sent this. It may have been sent."
UNPROVEN = "We have no answer that we can trust, and looking at Codat did not prove whether it ran."
# Minutes after the POST at which an uncertain request is looked at; after the last it goes before a person.
LOOKS = (1, 2, 5, 10, 20, 30)
LEAST_PAUSE = timedelta(seconds=30)
# A look that was begun and lost is begun again after this.
LEASE = timedelta(minutes=3)
# Codat keeps a key for 90 minutes (Codat docs, idempotency); the margin is ours.
REPLAY_WITHIN = timedelta(minutes=80)


def ready_to_send(now: datetime, limit: int = 50, of_bulks: int = 12) -> list[int]:
    """Requests whose time has come, single presses first; none while sending is frozen.

    Of bulks only so many are under way at once: the others would take the hands and the turns of the presses.
    """
    if freezing.is_frozen():
        return []
    queued = SyncRequest.objects.filter(state=State.QUEUED, not_before__lte=now)
    queued = queued.order_by("-priority", "not_before", "pk")
    presses = queued.filter(bulk=None).values_list("pk", flat=True)[:limit]
    # Who is being sent holds a place, whichever clock told of it.
    places = of_bulks - SyncRequest.objects.filter(state=State.SENDING).exclude(bulk=None).count()
    return [*presses, *queued.exclude(bulk=None).values_list("pk", flat=True)[: max(0, places)]]


def give_up_on_lost_senders(now: datetime) -> None:
    """A sender that died after its claim may have sent: its request becomes uncertain, never QUEUED again."""
    lost = SyncRequest.objects.filter(state=State.SENDING, state_since__lt=now - SENDING_AT_MOST)
    for request in lost.select_related("merchant"):
        what = f"{LOST_SENDER} {waiting.not_again()}"
        with transaction.atomic():
            if move(
                request,
                State.UNCERTAIN,
                now=now,
                what=what,
                at_version=request.version,
                not_before=now,
                waiting_for=LOST_SENDER,
            ):
                answers.close_as_lost(request, now, LOST_SENDER)


def put_overdue_before_a_person(now: datetime) -> None:
    """Accepted, and then without an end; or under an id that looks in vain for an hour cannot find."""
    running = SyncRequest.objects.filter(state=State.ACCEPTED).select_related("merchant")
    for request in running.filter(state_since__lt=now - ACCEPTED_AT_MOST):
        _review(request, now, "Codat accepted it, then no result for 24 h.")
    # While Codat cannot be reached, nobody has looked: that is not the same as not found.
    looked_since = running.filter(
        merchant__refreshed_at__gt=F("state_since") + UNKNOWN_ID_AT_MOST,
        merchant__refreshed_at__lte=now + CLOCKS_DIFFER,
    )
    for request in looked_since.filter(sync=None):
        _review(request, now, "Codat accepted it, then its ID was not to be found there for an hour.")


def due_for_a_look(now: datetime, limit: int = 20) -> list[int]:
    """Uncertain requests, the most overdue first."""
    uncertain = SyncRequest.objects.filter(state=State.UNCERTAIN, not_before__lte=now)
    return list(uncertain.order_by("not_before", "pk").values_list("pk", flat=True)[:limit])


def look(request_id: int, client: CodatClient) -> None:
    """One look at Codat for an uncertain request, if it is due and nobody else has begun it.

    Only a replay that Codat is known to honour can prove that it ran.
    """
    now = timezone.now()
    request = _claim_look(request_id, now)
    if request is None:
        return
    attempt = request.attempts.order_by("-number").first()
    if attempt is None:
        _review(request, now, "Nothing is on record of how this was sent.")
        return
    if _may_replay(request, attempt, now) and freezing.is_frozen():
        _put_off(request, LEAST_PAUSE)
        return
    try:
        if _may_replay(request, attempt, now):
            _replay(request, attempt, client, claimed_at=now)
        else:
            _after_look(request, attempt, _candidates(request, attempt, client))
    except Later as held_up:
        _put_off(request, max(timedelta(seconds=held_up.come_back_after), LEAST_PAUSE))
    except Refused:
        _put_off(request, LEAST_PAUSE)


def _put_off(request: SyncRequest, wait: timedelta) -> None:
    """Nobody could look, for reasons of ours. That proves nothing, so it is no reason to ask a person either."""
    still_uncertain = SyncRequest.objects.filter(pk=request.pk, state=State.UNCERTAIN)
    still_uncertain.update(not_before=timezone.now() + wait)


def _claim_look(request_id: int, now: datetime) -> SyncRequest | None:
    due = SyncRequest.objects.filter(pk=request_id, state=State.UNCERTAIN, not_before__lte=now)
    if due.update(not_before=now + LEASE) != 1:
        return None
    return SyncRequest.objects.select_related("merchant").get(pk=request_id)


def _candidates(request: SyncRequest, attempt: Attempt, client: CodatClient) -> list[dict[str, object]]:
    try:
        return _new_since(attempt, client.syncs(str(request.merchant.company_id)))
    except CodatError as error:
        api_key.heard(error, timezone.now())
        if error.is_ours or _nobody_may_look(error, attempt):
            raise
        logger.warning("request %s: looked in vain: %s", request.pk, error.message)
        log.record("request.look_failed", f"Looked at Codat in vain: {error.message}", request=request)
        seen: list[dict[str, object]] = request.candidates
        return seen


def _nobody_may_look(error: CodatError, attempt: Attempt) -> bool:
    """Where Codat refuses this one alone, and takes our key from others, the looks are only put off for a time."""
    is_young = timezone.now() - attempt.started_at < timedelta(minutes=LOOKS[-1])
    return api_key.is_about_it(error) and (is_young or api_key.is_refused())


def _after_look(request: SyncRequest, attempt: Attempt, candidates: list[dict[str, object]]) -> None:
    now, looks = timezone.now(), request.looks + 1
    if looks >= len(LOOKS):
        _review(request, now, UNPROVEN, candidates)
        return
    next_look = max(attempt.started_at + timedelta(minutes=LOOKS[looks]), now + LEAST_PAUSE)
    still_uncertain = SyncRequest.objects.filter(pk=request.pk, state=State.UNCERTAIN, looks=request.looks)
    still_uncertain.update(looks=looks, candidates=candidates, not_before=next_look)


def _may_replay(request: SyncRequest, attempt: Attempt, now: datetime) -> bool:
    """Only of what is on record as perhaps sent: a replay of anything else would be a first POST.

    It is one, too, where the first was lost on its way: so not to a merchant that is another by now. Nor after a 5xx:
    that Codat keeps one under its key cannot be tried, and if it does not, a replay runs it again.
    """
    return (
        settings.CODAT_IDEMPOTENCY_VERIFIED
        and attempt.outcome == Attempt.Outcome.UNCERTAIN
        and (attempt.http_status or 0) < 500
        and now - attempt.started_at < REPLAY_WITHIN
        and not changed_since(request)
    )


def _replay(request: SyncRequest, attempt: Attempt, client: CodatClient, *, claimed_at: datetime) -> None:
    """The same key and body again. Any answer but a valid one may be the echo of our own first POST."""
    client.reserve_send(str(request.merchant.company_id))
    try:
        # The intent: whoever dies after this may have sent it.
        log.record("request.replayed", "Asking Codat again with the same key", request=request)
        # After a sleep Codat may have forgotten the key, or a lead may have decided: then nothing is sent.
        left = CLAIM_GOOD_FOR - (timezone.now() - claimed_at).total_seconds()
        summary = post(request, client, first_byte_by=Until.after(left))
    except CodatError as error:
        if isinstance(error, NotSent):
            log.record("request.replay_not_sent", f"Not sent: {error.message}", request=request)
        why = f"Asked Codat again with the same key: {error.message}"
        if _was_answered(error):
            _review(request, timezone.now(), why)
        else:
            _after_look(request, attempt, request.candidates)
        return
    try:
        answers.accepted(request, attempt, summary)
    except answers.ProvesNothing as error:
        request.refresh_from_db()
        if may_move(State(request.state), State.NEEDS_REVIEW):
            _review(request, timezone.now(), str(error))


def _was_answered(error: CodatError) -> bool:
    """A 429 was not applied, and silence is no answer: both leave everything as it was."""
    return not isinstance(error, NotSent | Later) and error.http_status is not None


def _review(
    request: SyncRequest, now: datetime, why: str, candidates: list[dict[str, object]] | None = None
) -> None:
    move(
        request,
        State.NEEDS_REVIEW,
        now=now,
        what=f"Put before a person: {why}",
        looks=request.looks + 1,
        candidates=candidates or request.candidates,
        waiting_for=shortened(why, 300),
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
