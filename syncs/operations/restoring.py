"""After a backup was restored: what the database says of requests may be older than what was sent."""

from collections import Counter
from datetime import datetime

from django.db import transaction

from syncs.models import Attempt, SyncRequest
from syncs.operations.transitions import move
from syncs.rules.states import ACTIVE, State

WHY = "The database was restored from a backup. Whether this was sent since is not known here."
UNSETTLED = ACTIVE - {State.NEEDS_REVIEW}


def put_all_before_a_person(now: datetime) -> Counter[State]:
    """Every active request, whatever its state; tells how many were in which. Sending has to be frozen before.

    What moves on by itself meanwhile is taken in its next state.
    """
    moved: Counter[State] = Counter()
    while unsettled := list(SyncRequest.objects.filter(state__in=UNSETTLED).select_related("merchant")[:500]):
        for request in unsettled:
            before = State(request.state)
            moved[before] += _put_before_a_person(request, now)
    return moved


def _put_before_a_person(request: SyncRequest, now: datetime) -> bool:
    with transaction.atomic():
        if not move(
            request, State.NEEDS_REVIEW, now=now, what=f"Put before a person: {WHY}", waiting_for=WHY
        ):
            return False
        open_attempts = request.attempts.filter(outcome=Attempt.Outcome.OPEN)
        open_attempts.update(outcome=Attempt.Outcome.UNCERTAIN, finished_at=now, problem=WHY)
    return True
