"""After a backup was restored: what the database says of requests may be older than what was sent."""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from syncs.models import Attempt, SyncRequest
from syncs.operations.transitions import move
from syncs.rules.states import ACTIVE, State

WHY = "The database was restored from a backup. Whether this was sent since is not known here."
UNSETTLED = ACTIVE - {State.NEEDS_REVIEW}


def all_unsettled() -> QuerySet[SyncRequest]:
    """Under way, and not before a person."""
    return SyncRequest.objects.filter(state__in=UNSETTLED)


def unsettled_since(restored: datetime) -> QuerySet[SyncRequest]:
    """What was asked before, and has had no true answer or verdict since."""
    settled = Q(state=State.ACCEPTED, state_since__gte=restored)
    return all_unsettled().filter(~settled, asked_at__lt=restored)


def put_before_a_person(requests: QuerySet[SyncRequest], now: datetime) -> Counter[State]:
    """All of these; tells how many were in which state. Sending has to be frozen before.

    What moves on by itself meanwhile is taken in its next state.
    """
    moved: Counter[State] = Counter()
    # Always in one order: whoever locks many merchants at once must not meet another who does.
    in_order = requests.select_related("merchant").order_by("merchant_id", "pk")
    while unsettled := list(in_order[:500]):
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
