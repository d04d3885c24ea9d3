"""Codat lists no sync of a merchant of whom we know some: it is read again first, and not without end."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import SyncRequest
from syncs.operations import empty_lists
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.conftest import NOON
from tests.factories import make_request, make_sync
from tests.presses import asked, attempt_of, last_entry, stored, verbs
from tests.upstream import NONE_YET, STARTED, posts

A_LOOK = timedelta(seconds=30)


@pytest.fixture
def request_(moved: Any, db: None) -> SyncRequest:
    request = asked()
    make_sync(request.merchant, 5130, NOON - timedelta(days=1))
    return request


def looks(request: SyncRequest, clock: Any, client: CodatClient, minutes: int) -> None:
    """As often as it says that it wants to."""
    for _ in range(2 * minutes):
        send(request.pk, client)
        clock.shift(A_LOOK)


@pytest.mark.parametrize(
    "answer",
    [
        NONE_YET,
        says(200, b""),
        says(204),
        says(404, {"error": "No data available"}),
        says(200, {"message": "hello"}),
    ],
)
def test_it_is_not_believed_at_once(
    scripted: Server, told: CodatClient, request_: SyncRequest, answer: Any
) -> None:
    scripted.answers(answer, says(200, STARTED))
    send(request_.pk, told)
    assert not posts(scripted)
    left = stored(request_)
    assert left.state == State.QUEUED
    assert left.not_before == NOON + A_LOOK


def test_what_it_waits_for_stands_in_the_activity_once(
    moved: Any, scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(NONE_YET)
    looks(request_, moved, told, minutes=5)
    assert stored(request_).waiting_for == empty_lists.WHY
    assert verbs(request_) == ["request.asked", "request.nothing_listed"]
    assert last_entry(request_) == f"Held back: {empty_lists.WHY}"


def test_after_ten_minutes_it_is_sent_all_the_same(
    moved: Any, scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(NONE_YET)
    looks(request_, moved, told, minutes=10)
    assert not posts(scripted)
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request_.pk, told)
    assert (len(posts(scripted)), stored(request_).state) == (1, State.ACCEPTED)
    assert attempt_of(request_).listed_before == []


def test_the_next_request_has_ten_minutes_of_its_own(
    moved: Any, scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(NONE_YET)
    looks(request_, moved, told, minutes=10)
    SyncRequest.objects.update(state=State.CANCELLED, finished_at=timezone.now())
    again = make_request(request_.merchant, asked_at=timezone.now(), not_before=timezone.now())
    send(again.pk, told)
    assert not posts(scripted)
    assert stored(again).state == State.QUEUED


@pytest.mark.parametrize("code", [1010, None])
def test_while_one_of_ours_may_run_it_waits_for_that_a_day_at_most(
    moved: Any, scripted: Server, told: CodatClient, request_: SyncRequest, code: int | None
) -> None:
    SyncRequest.objects.update(bulk="5a4b6c0e-3f0c-4d9c-9a52-6f6a3c2f5f10")
    make_sync(request_.merchant, code, NOON - timedelta(hours=23))
    scripted.answers(NONE_YET)
    looks(request_, moved, told, minutes=20)
    assert stored(request_).waiting_for == empty_lists.ONE_MAY_RUN
    assert not posts(scripted)
    moved.shift(timedelta(hours=1))
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request_.pk, told)
    assert posts(scripted)


def test_a_merchant_without_any_sync_has_nothing_to_be_doubted(
    moved: Any, scripted: Server, told: CodatClient, db: None
) -> None:
    request = asked()
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request.pk, told)
    assert posts(scripted)
