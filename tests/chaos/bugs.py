"""Seeded bugs, one at a time. Each is a change that somebody could have made in good faith; the judge must see it."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.transport import Answer, Broken
from syncs.models import Attempt, SyncRequest
from syncs.operations import answers, asking, log, reconciling, sending, transitions
from tests.chaos.faults import PAUSE
from tests.chaos.faults import Answer as Codats

Retry = Callable[[Answer | Broken], bool]

# Between a look and what is done upon it. A trial of two at once has them meet there.
meanwhile: list[Callable[[], object]] = []

TRUE = Codats()


@dataclass(frozen=True)
class Bug:
    """`scene` and Codat's `answer` are where it shows; `nets` are what the database has against it."""

    install: Callable[[], None]
    scene: str
    answer: Codats = TRUE
    nets: tuple[str, ...] = ()
    needs_a_death: bool = False
    """It shows only if somebody dies on the way."""
    list_is_old: bool = False
    """Codat's list does not know of the sync yet."""


def _meet() -> None:
    for wait in meanwhile:
        wait()


def sweeper_requeues() -> None:
    def requeue(now: Any) -> None:
        lost = SyncRequest.objects.filter(state="sending", state_since__lt=now - reconciling.SENDING_AT_MOST)
        for request in lost:
            with transaction.atomic():
                request.attempts.filter(outcome="open").update(outcome="not_sent", finished_at=now)
                transitions.move(
                    request, transitions.State.QUEUED, now=now, what="Tried again", not_before=now
                )

    reconciling.give_up_on_lost_senders = requeue


def reads_then_writes() -> None:
    def claim(request: SyncRequest, listed: Any) -> Any:
        now, clock = timezone.now(), time.monotonic()
        row = SyncRequest.objects.get(pk=request.pk)
        if row.state != "queued":
            return None
        _meet()
        with transaction.atomic():
            row.state, row.state_since, row.tries = "sending", now, row.tries + 1
            row.save()
            log.record("request.sending", "Sent to Codat", request=row)
            attempt = Attempt.objects.create(
                request=row, number=row.tries, started_at=now, body_sha256="0" * 64, listed_before=[]
            )
        _meet()
        return sending.Claim(row, attempt, clock + 5)

    sending._claim = claim


def index_is_gone() -> None:
    real = asking._refuse_while_active

    def look_and_dawdle(*given: Any) -> None:
        real(*given)
        _meet()

    asking._refuse_while_active = look_and_dawdle


def guard_is_gone() -> None:
    """As `request.save()` would write it: whatever stands in the row by now."""

    def move(
        request: SyncRequest, to: Any, *, now: Any, what: str, at_version: Any = None, **changes: Any
    ) -> bool:
        for name in ("actor", "reason"):
            changes.pop(name, None)
        changes |= {"state": to.value, "state_since": now}
        if to in transitions.State and to not in transitions.ACTIVE:
            changes["finished_at"] = now
        with transaction.atomic():
            SyncRequest.objects.filter(pk=request.pk).update(**changes)
            log.record(f"request.{to.value}", what, request=request)
        request.refresh_from_db()
        return True

    for module in (answers, reconciling, sending):
        module.move = move


def late_ack_with_requeue() -> None:
    """Who gets a message a second time takes the first for undone."""
    real = sending.send

    def send(request_id: int, client: Any) -> None:
        now = timezone.now()
        again = SyncRequest.objects.filter(pk=request_id, state="sending").first()
        if again:
            again.attempts.filter(outcome="open").update(outcome="not_sent", finished_at=now)
            transitions.move(again, transitions.State.QUEUED, now=now, what="Delivered again", not_before=now)
        real(request_id, client)

    sending.send = send


def pause_is_gone() -> None:
    answers._pause = lambda request, error: timedelta(0)


def empty_list_is_proof() -> None:
    real = reconciling._after_look

    def after_look(request: SyncRequest, attempt: Any, candidates: list[Any]) -> None:
        if candidates:
            return real(request, attempt, candidates)
        now = timezone.now()
        with transaction.atomic():
            SyncRequest.objects.filter(pk=request.pk).update(
                state="not_run", finished_at=now, result="It never ran."
            )
            log.record("request.not_run", "It never ran", request=request)
        return None

    reconciling._after_look = after_look


def activity_comes_later() -> None:
    def later(*args: Any, **kwargs: Any) -> None:
        transaction.on_commit(lambda: log.record(*args, **kwargs) and None)

    transitions.log = SimpleNamespace(record=later)


def retries(when: Retry, *, new_key: bool = False) -> Callable[[], None]:
    def install() -> None:
        real = CodatClient._exchange

        def exchange(self: Any, call: Any, place: Any, **given: Any) -> Any:
            outcome = real(self, call, place, **given)
            if call.method == "POST" and when(outcome):
                headers = call.headers | ({"Idempotency-Key": str(uuid.uuid4())} if new_key else {})
                given["deadline"] = time.monotonic() + 1
                outcome = real(self, replace(call, headers=headers), place, **given)
            return outcome

        CodatClient._exchange = exchange

    return install


def _is_5xx(outcome: Answer | Broken) -> bool:
    return isinstance(outcome, Answer) and outcome.status >= 500


def _timed_out(outcome: Answer | Broken) -> bool:
    return isinstance(outcome, Broken) and outcome.began


MOVES = ("triggers",)
ATTEMPTS = ("attempt_number_once", "attempt_one_that_may_have_effect")
DROPPED = Codats("drop_after")
TOO_MANY = Codats("429", (("retry_after", PAUSE),))
BUGS: dict[str, Bug] = {
    "sweeper requeues SENDING": Bug(sweeper_requeues, "send", needs_a_death=True),
    "read-then-write claim": Bug(reads_then_writes, "two senders", nets=ATTEMPTS),
    "unique index dropped": Bug(index_is_gone, "two presses", nets=("request_one_active_per_merchant",)),
    "retry on 5xx": Bug(retries(_is_5xx), "send", Codats("500_after")),
    "retry on read timeout": Bug(retries(_timed_out), "send", Codats("slow", (("seconds", 3),))),
    "late ack with requeue": Bug(late_ack_with_requeue, "delivered twice"),
    "save() without guard": Bug(guard_is_gone, "swept while sending", TOO_MANY, nets=MOVES),
    "new key on retry": Bug(retries(_timed_out, new_key=True), "send", DROPPED),
    "429 retried at once": Bug(pause_is_gone, "sent twice", TOO_MANY),
    "429 retried at once, by the transport": Bug(
        retries(lambda outcome: isinstance(outcome, Answer) and outcome.status == 429), "send", TOO_MANY
    ),
    "empty list taken as proof": Bug(empty_list_is_proof, "look", nets=MOVES, list_is_old=True),
    "activity outside the transaction": Bug(activity_comes_later, "send", needs_a_death=True),
}


def install(name: str) -> None:
    """For the processes of a whole run: CHAOS_BUG names it."""
    if name:
        BUGS[name].install()
