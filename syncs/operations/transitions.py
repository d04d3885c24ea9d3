"""The one place where a sync request changes its state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from syncs.codat.shortening import shortened
from syncs.models import Merchant, SyncRequest, User
from syncs.operations import alerting, handing_out, log
from syncs.rules.alerts import Event
from syncs.rules.states import ACTIVE, WORDS, State, may_move


class IllegalMove(Exception):
    """A move that the table of states does not know: a defect of ours, never of the outside."""


def move(
    request: SyncRequest,
    to: State,
    *,
    now: datetime,
    what: str,
    actor: User | None = None,
    reason: str = "",
    at_version: int | None = None,
    **changes: Any,
) -> bool:
    """Moves the row on if it is still in the state we read; False when someone was first, which is fine.

    With `at_version`, only if nobody wrote to it at all. The row, its entry in the activity and the merchant's
    version are written together.
    """
    before = State(request.state)
    if not may_move(before, to):
        raise IllegalMove(f"request {request.pk}: {before} -> {to}")
    changes |= {"state": to.value, "version": F("version") + 1}
    if to != before:
        changes["state_since"] = now
    if to not in ACTIVE:
        changes["finished_at"] = now
    here = SyncRequest.objects.filter(pk=request.pk, state=before.value)
    if at_version is not None:
        here = here.filter(version=at_version)
    with transaction.atomic():
        # The merchant before the request, as in a refresh and a claim: two that lock in turns wait, and no circle does.
        merchant = Merchant.objects.select_for_update().get(pk=request.merchant_id)
        if here.update(**changes) != 1:
            return False
        # Only what was written: a sender has its merchant at hand and must not ask the database for it again.
        request.refresh_from_db(fields=list(changes))
        Merchant.objects.filter(pk=request.merchant_id).update(
            version=F("version") + 1, **(_first_in_line(now) if to == State.UNCERTAIN else {})
        )
        if to != before:
            log.record(
                f"request.{to.value}",
                what,
                actor=actor,
                request=request,
                reason=reason,
                before=WORDS[before],
                after=WORDS[to],
            )
        if to == State.NEEDS_REVIEW != before:
            occurrence = f"{request.pk} {request.version}"
            alerting.note(Event.REVIEW, what, now=now, occurrence=occurrence, merchant=merchant)
    return True


def cancel_many(requests: Sequence[SyncRequest], *, now: datetime, what: str, actor: User) -> None:
    """Of QUEUED ones whose merchants the caller has locked, and has read since: nobody else can move them."""
    keys = [request.pk for request in requests]
    moved = SyncRequest.objects.filter(pk__in=keys, state=State.QUEUED).update(
        state=State.CANCELLED,
        state_since=now,
        finished_at=now,
        result=shortened(what, 500),
        version=F("version") + 1,
    )
    if moved != len(keys):
        raise IllegalMove(f"{len(keys) - moved} of {len(keys)} requests were moved by somebody else")
    Merchant.objects.filter(requests__in=keys).update(version=F("version") + 1)
    told = [(request, what) for request in requests]
    log.record_many(
        f"request.{State.CANCELLED}",
        told,
        actor=actor,
        before=WORDS[State.QUEUED],
        after=WORDS[State.CANCELLED],
    )


def _first_in_line(now: datetime) -> dict[str, Any]:
    """What may run should stand on its page, and not wait for the merchant's usual time."""
    return handing_out.first_in_line(now, "looked at again now: a sync may have been started")


def hold_back(request: SyncRequest, *, now: datetime, until: datetime, why: str) -> bool:
    """QUEUED stays QUEUED, to be looked at again later. Not an entry in the activity: nothing happened.

    Not if it had its turn since we read it: a wait that Codat asked for is longer than ours.
    """
    return move(
        request,
        State.QUEUED,
        now=now,
        what="",
        at_version=request.version,
        not_before=until,
        waiting_for=shortened(why, 300),
    )
