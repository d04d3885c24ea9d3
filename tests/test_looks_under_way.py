"""A refresh that is under way while a request is sent: what it lists then may be what the request has begun."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Merchant, Sync, SyncRequest, User
from syncs.operations import reviewing
from syncs.operations.evidence import evidence_of, perhaps_ours
from syncs.operations.refresh import refresh
from syncs.operations.sending import send
from syncs.operations.transitions import move
from syncs.rules.states import State
from tests.codat.server import Server, hangs_up, says
from tests.presses import asked, stored

OURS = {"syncId": "ours", "syncStatusCode": 2000, "dataPushed": True, "syncUtc": "2026-06-17T12:00:03Z"}


@pytest.fixture
def request_(moved: Any, scripted: Server, told: CodatClient, db: None) -> SyncRequest:
    """Sent without an answer, and listed by a refresh that had begun before."""
    request = asked()
    Merchant.objects.update(configured_at=timezone.now())
    scripted.answers(says(200, []), hangs_up, says(200, [OURS]))
    read = told.syncs

    def slowly(*args: Any, **kwargs: Any) -> Any:
        told.syncs = read  # type: ignore[method-assign]
        moved.shift(timedelta(seconds=2))
        send(request.pk, told)
        moved.shift(timedelta(seconds=8))
        return read(*args, **kwargs)

    told.syncs = slowly  # type: ignore[method-assign]
    refresh(request.merchant_id, told)
    assert stored(request).state == State.UNCERTAIN
    assert Sync.objects.get().first_seen < request.attempts.get().started_at
    return SyncRequest.objects.select_related("merchant").get()


def test_what_it_lists_is_a_candidate_and_a_lead_may_say_that_it_was_it(
    request_: SyncRequest, lead: User
) -> None:
    assert move(request_, State.NEEDS_REVIEW, now=timezone.now(), what="Put before a person")
    sync = Sync.objects.get()
    [evidence] = evidence_of([request_])
    assert evidence.candidates == [sync]
    assert evidence.against_nothing_ran
    assert reviewing.decide_ran(request_, sync, by=lead, reason="Sales are there", now=timezone.now())
    assert stored(request_).sync == sync


def test_and_it_is_not_taken_for_the_schedules(request_: SyncRequest) -> None:
    assert perhaps_ours(request_.merchant) == [Sync.objects.get()]
