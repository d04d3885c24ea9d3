"""Stops to all sending: by a person, after a restored backup, and by itself when Codat gives no answer to trust.

A stop that came by itself ends when Codat answers again. Then requests are on trial: one at a time, until one is
answered. One that is not stops sending again, each time for longer: where Codat answers looks but no POSTs, a bulk of
a thousand must not become a thousand reviews.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from syncs.models import Attempt, Freeze, Merchant, SyncRequest, User
from syncs.operations import alerting, log, restoring
from syncs.rules.alerts import Event
from syncs.rules.states import State

IN_A_ROW = 3
LONGEST_REASON = 500
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
ANSWERED = (Attempt.Outcome.ACCEPTED, Attempt.Outcome.REFUSED)
FROZEN = "Sending is frozen. It goes on by itself when sending is resumed."
# The advisory lock on which claims and freezes meet: a number that nothing else in this database uses.
MEETING = 7_962_374
ONE_AT_A_TIME = "Requests were left without an answer. They go one at a time until one is answered."


def standing() -> list[Freeze]:
    """The stops that stand, those that only a person can end first."""
    stops = Freeze.objects.standing().select_related("by")
    return sorted(stops, key=lambda stop: (stop.cause == Freeze.Cause.SILENCE, stop.since))


def is_frozen() -> bool:
    return Freeze.objects.standing().exists()


def freeze(
    cause: Freeze.Cause,
    *,
    now: datetime,
    reason: str,
    by: User | None = None,
    pause: timedelta = timedelta(0),
) -> bool:
    """False when sending is frozen for that cause already. What is on its way already is not called back.

    After a backup was restored, anew where it is: that freeze may be of the backup, and older than what it holds.
    """
    was = _word()
    try:
        with transaction.atomic():
            _wait_for("pg_advisory_xact_lock")
            if cause == Freeze.Cause.RESTORE:
                Freeze.objects.standing().filter(cause=cause).update(ended_at=now)
            Freeze.objects.create(cause=cause, since=now, by=by, reason=reason[:LONGEST_REASON], pause=pause)
            log.record("sending.frozen", "Froze sending", actor=by, reason=reason, before=was, after="frozen")
            _tell(f"Sending is frozen: {reason}", now)
    except IntegrityError:
        return False
    return True


def resume(*, now: datetime, reason: str, by: User | None = None) -> bool:
    """Ends all stops that stand. False when none does.

    What a restored backup holds as under way goes before a person with it, if anything kept it from going before.
    """
    with transaction.atomic():
        # The merchants before the stops, as who notes that a request was left without an answer.
        if restored := Freeze.objects.standing().filter(cause=Freeze.Cause.RESTORE).first():
            restoring.put_before_a_person(restoring.unsettled_since(restored.since), now)
        if not Freeze.objects.standing().update(ended_at=now):
            return False
        log.record("sending.resumed", "Resumed sending", actor=by, reason=reason, before="frozen", after="on")
        _tell("Sending goes on", now)
    return True


def stop_after_silence(attempt: Attempt, now: datetime) -> None:
    """To be asked in the transaction that says of an attempt that it got no answer to trust."""
    trial = _trial()
    if trial and trial.ended_at:
        if attempt.started_at >= trial.ended_at:
            reason = "Codat answers reads, but the last request we sent was left without an answer"
            pause = min(max(trial.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            freeze(Freeze.Cause.SILENCE, now=now, reason=reason, pause=pause)
    elif _unanswered_in_a_row():
        reason = "Three requests in a row got no answer that we can trust"
        freeze(Freeze.Cause.SILENCE, now=now, reason=reason)


def resume_when_answered(now: datetime) -> None:
    """The clock's part. What counts as Codat's answer is a refresh that was stored since."""
    stop = Freeze.objects.standing().filter(cause=Freeze.Cause.SILENCE).first()
    if stop is None or now < stop.ends_from:
        return
    if not Merchant.objects.looked_at_since(stop.ends_from, now).exists():
        return
    with transaction.atomic():
        if Freeze.objects.standing().filter(pk=stop.pk).update(ended_at=now, ended_by_itself=True):
            reason = "Codat answers again. Requests go one at a time until one is answered"
            log.record("sending.resumed", "Resumed sending", reason=reason, before="frozen", after=_word())
            if not is_frozen():
                _tell(f"Sending goes on: {reason}", now)


def keep_away_until_commit() -> None:
    """In the transaction of a claim: a freeze waits for it, or was committed and is seen from here on.

    Claims do not wait for each other. To be asked under the merchant's lock: who freezes may hold one.
    """
    _wait_for("pg_advisory_xact_lock_shared")


def in_the_way_of(request: SyncRequest) -> str:
    """Why this request must not go now, in a sentence; empty when it may.

    In the transaction of a claim this is the last word: on trial, claims wait here for each other.
    """
    if is_frozen():
        return FROZEN
    with transaction.atomic():
        trial = _trial()
        if trial is None:
            return ""
        Freeze.objects.select_for_update().get(pk=trial.pk)
        others = SyncRequest.objects.filter(state=State.SENDING).exclude(pk=request.pk)
        return ONE_AT_A_TIME if others.exists() else ""


def _trial() -> Freeze | None:
    """The last stop that came by itself, if it ended by itself and no request has been answered since it began."""
    stop = Freeze.objects.filter(cause=Freeze.Cause.SILENCE).order_by("-since", "-pk").first()
    if stop is None or not stop.ended_by_itself:
        return None
    answered = Attempt.objects.filter(outcome__in=ANSWERED, finished_at__gt=stop.since)
    return None if answered.exists() else stop


def _unanswered_in_a_row() -> bool:
    """Counted anew whenever sending is resumed. A 429, and what never left us, are neither an answer nor silence."""
    told = Attempt.objects.filter(outcome__in=(Attempt.Outcome.UNCERTAIN, *ANSWERED))
    if resumed := Freeze.objects.aggregate(at=Max("ended_at"))["at"]:
        told = told.filter(finished_at__gt=resumed)
    last = told.order_by("-finished_at", "-pk").values_list("outcome", flat=True)[:IN_A_ROW]
    return list(last) == [Attempt.Outcome.UNCERTAIN] * IN_A_ROW


def _wait_for(lock: str) -> None:
    """Held until the transaction ends. SQLite lets one writer in at a time, so that nobody is in the middle of it."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {lock}(%s)", [MEETING])


def _tell(what: str, now: datetime) -> None:
    alerting.note(Event.FROZEN, what, now=now, occurrence=f"{now:%Y-%m-%dT%H:%M:%S.%f}")


def _word() -> str:
    return "frozen" if is_frozen() else "on"
