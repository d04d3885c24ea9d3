"""A lead's verdict on a request that nobody could prove either way. Nothing is sent by any of this."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import IntegrityError, OperationalError, transaction

from syncs.codat.shortening import shortened
from syncs.codat.statuses import Outcome
from syncs.models import Merchant, Sync, SyncRequest, User
from syncs.operations import handing_out, health, settling, spared, sync_rows
from syncs.operations.asking import NotPossible
from syncs.operations.evidence import evidence_of
from syncs.operations.transitions import move
from syncs.rules.states import State

LOOK_AGAIN = "Codat lists more than when you looked. Look at it anew before you say that nothing ran."


@dataclass(frozen=True)
class Verdict:
    """A lead's word on one request of many: it ran, as `sync`; or nothing ran, with `seen` at hand."""

    request: SyncRequest
    sync: Sync | None
    seen: str


class Ending(StrEnum):
    SAVED = "saved"
    BEFORE = "before"
    REFUSED = "refused"


@dataclass(frozen=True)
class Ruling:
    """What became of a verdict; `why` is the sentence of a refusal."""

    request: SyncRequest
    ending: Ending
    why: str = ""


def decide_many(verdicts: Iterable[Verdict], *, by: User, reason: str, now: datetime) -> list[Ruling]:
    """Each in a transaction of its own: one that is refused, or was decided before, holds up no other.

    Raises NotPossible for verdicts without a reason.
    """
    _refuse_without(reason)
    return [_decide(verdict, by, reason, now) for verdict in verdicts]


def decide_ran(request: SyncRequest, sync: Sync, *, by: User, reason: str, now: datetime) -> bool:
    """The request takes that sync, and its result if it has one. False when the request was decided before.

    Raises NotPossible for a sync that cannot be the one, and for a verdict without a reason.
    """
    _refuse_without(reason)
    if request.state != State.NEEDS_REVIEW:
        return False
    _refuse_if_not_a_candidate(request, sync)
    what = f"Decided a review: it ran, sync {sync.sync_id}"
    try:
        with transaction.atomic():
            merchant = Merchant.objects.select_for_update().get(pk=request.merchant_id)
            if not move(
                request,
                State.ACCEPTED,
                now=now,
                what=what,
                actor=by,
                reason=reason,
                sync=sync,
                waiting_for="",
            ):
                return False
            _take_over(merchant, request, sync, now)
    except IntegrityError:
        # Two leads gave it to two requests at once: the unique index has the last word.
        raise NotPossible("That sync belongs to another request. Choose again.", field="sync") from None
    request.refresh_from_db()
    return True


def decide_not_run(
    request: SyncRequest, *, by: User, reason: str, now: datetime, seen: str | None = None
) -> bool:
    """A lead's statement, not proof. False when the request was decided before. Raises NotPossible.

    `seen` is the evidence that the lead had at hand: where Codat lists more by now, the statement is refused.
    """
    _refuse_without(reason)
    # A refresh that brings news of its sync has had its turn, or waits for ours.
    with transaction.atomic(), spared.judged_once_known(request.merchant_id, now):
        request.refresh_from_db(fields=["state", "sync"])
        if request.state != State.NEEDS_REVIEW:
            return False
        _refuse_if_it_ran(request.sync, now)
        if seen is not None and evidence_of([request])[0].seen != seen:
            raise NotPossible(LOOK_AGAIN, field="verdict")
        return move(
            request,
            State.NOT_RUN,
            now=now,
            what="Decided a review: nothing ran",
            actor=by,
            reason=reason,
            result=shortened(f"This never ran, {by.display_name} decided: {reason}", 500),
            waiting_for="",
        )


def _decide(verdict: Verdict, by: User, reason: str, now: datetime) -> Ruling:
    request, sync = verdict.request, verdict.sync
    try:
        if sync:
            saved = decide_ran(request, sync, by=by, reason=reason, now=now)
        else:
            saved = decide_not_run(request, by=by, reason=reason, now=now, seen=verdict.seen)
    except NotPossible as refusal:
        return Ruling(request, Ending.REFUSED, refusal.sentence)
    except OperationalError as error:
        # SQLite did not let the transaction begin. Of any other error nobody knows what it left behind.
        if "locked" not in str(error):
            raise
        return Ruling(request, Ending.REFUSED, "The database is busy. Save this one again in a moment.")
    return Ruling(request, Ending.SAVED if saved else Ending.BEFORE)


def _take_over(merchant: Merchant, request: SyncRequest, sync: Sync, now: datetime) -> None:
    """The sync was ours: its window is the one we asked for, and its days and its merchant are judged anew."""
    sync_rows.know_window(sync, request)
    health.judge_anew(merchant, [sync], [sync], now)
    settling.settle(merchant, now)
    merchant.save(update_fields=health.SAVED)
    soon = handing_out.first_in_line(now, "looked at again now: a review was decided")
    Merchant.objects.filter(pk=merchant.pk).update(**soon)


def _refuse_without(reason: str) -> None:
    if not reason.strip():
        raise NotPossible("Say why, in a few words.", field="reason")


def _refuse_if_it_ran(sync: Sync | None, now: datetime) -> None:
    """One that Codat tells as running for longer than any sync runs was lost there: a person may end it."""
    if sync and Outcome(sync.outcome).is_final:
        sentence = f"Codat ran it: sync {sync.sync_id} ended as “{sync.status.word}” ({sync.code})."
        raise NotPossible(sentence, field="verdict")
    if sync and sync_rows.runs_still(sync, now):
        sentence = f"Codat is running it: sync {sync.sync_id}. Wait for its end, or say that it ran."
        raise NotPossible(sentence, field="verdict")


def _refuse_if_not_a_candidate(request: SyncRequest, sync: Sync) -> None:
    if sync.merchant_id != request.merchant_id:
        raise NotPossible("That sync belongs to another merchant.", field="sync")
    if SyncRequest.objects.filter(sync=sync).exclude(pk=request.pk).exists():
        raise NotPossible("That sync belongs to another request. Choose again.", field="sync")
    [evidence] = evidence_of([request])
    if sync in evidence.others:
        raise NotPossible(evidence.why_not_others, field="sync")
    if sync not in evidence.candidates:
        raise NotPossible(
            "Codat listed that sync before this request was sent: it cannot be the one.", field="sync"
        )
