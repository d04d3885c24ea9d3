"""Codat's answer is read after a person has decided without it: the decision stays, and the truth stands beside it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from syncs.models import Merchant, SyncRequest, User
from syncs.operations import reconciling, reviewing
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_merchant, make_request, make_sync
from tests.presses import attempt_of, last_entry, outcomes, stored, verbs
from tests.upstream import NONE_YET, STARTED, Meddling

STARTED_ID = STARTED["commerceSyncId"]
AFTER_ALL = f"A lead decided that this never ran. Codat accepted it after all: sync {STARTED_ID}"


@pytest.fixture
def request_(db: None) -> SyncRequest:
    return make_request(make_merchant(next_refresh_at=timezone.now() + timedelta(hours=3)))


def put_before_a_person(request: SyncRequest) -> SyncRequest:
    """The sender sleeps after its POST, and the clock finds the row."""
    later = timezone.now() + timedelta(minutes=6)
    reconciling.give_up_on_lost_senders(later)
    for _ in reconciling.LOOKS:
        left = stored(request)
        reconciling._after_look(left, attempt_of(left), [])
    return stored(request)


@pytest.fixture
def never_ran(scripted: Server, meddling: Meddling, request_: SyncRequest, lead: User) -> SyncRequest:
    """Decided by a lead while its sender slept; then the sender reads that Codat accepted it."""

    def decide() -> None:
        left = put_before_a_person(request_)
        assert reviewing.decide_not_run(left, by=lead, reason="Not in the books", now=timezone.now())

    meddling.then = decide
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request_.pk, meddling)
    return stored(request_)


def test_what_never_ran_says_that_codat_accepted_it_after_all(never_ran: SyncRequest) -> None:
    assert (never_ran.state, never_ran.result) == (State.NOT_RUN, AFTER_ALL)
    assert (never_ran.commerce_sync_id, outcomes(never_ran)) == (STARTED_ID, ["accepted"])
    assert (verbs(never_ran)[-1], last_entry(never_ran)) == ("request.accepted_late", AFTER_ALL)


def test_its_window_is_the_one_that_codat_answered(never_ran: SyncRequest) -> None:
    assert (never_ran.window_answered, never_ran.window_start) == (True, datetime(2026, 11, 1, tzinfo=UTC))


def test_its_merchant_is_looked_at_at_once(never_ran: SyncRequest) -> None:
    assert Merchant.objects.get().next_refresh_at <= timezone.now()


def test_its_page_and_the_activity_tell_it(never_ran: SyncRequest, as_viewer: Client) -> None:
    page = as_viewer.get(reverse("request", args=[never_ran.pk])).content.decode()
    # As its result, and among its events.
    assert page.count("Codat accepted it after all") == 2
    reviews = as_viewer.get(reverse("activity"), {"what": "reviews"}).content.decode()
    assert AFTER_ALL in reviews


def test_an_id_of_another_request_that_comes_late_proves_nothing(
    scripted: Server, meddling: Meddling, request_: SyncRequest, lead: User
) -> None:
    def decide() -> None:
        left = put_before_a_person(request_)
        reviewing.decide_not_run(left, by=lead, reason="Not in the books", now=timezone.now())
        make_request(request_.merchant, state=State.SUCCEEDED, commerce_sync_id=STARTED_ID)

    meddling.then = decide
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request_.pk, meddling)
    left = stored(request_)
    assert (left.state, left.commerce_sync_id, outcomes(left)) == (State.NOT_RUN, "", ["uncertain"])
    assert left.result == "This never ran, Mei Tanaka decided: Not in the books"


def test_a_verdict_that_it_ran_is_left_and_the_id_told(
    scripted: Server, meddling: Meddling, request_: SyncRequest, lead: User
) -> None:
    def decide() -> None:
        sync = make_sync(request_.merchant, 2000, timezone.now(), sync_id="listed")
        left = put_before_a_person(request_)
        assert reviewing.decide_ran(left, sync, by=lead, reason="2 s after ours", now=timezone.now())

    meddling.then = decide
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request_.pk, meddling)
    left = stored(request_)
    assert (left.state, left.result) == (State.SUCCEEDED, "Finished: synced 1 day")
    assert (left.sync.sync_id, left.commerce_sync_id) == ("listed", STARTED_ID)
    assert last_entry(left) == f"Codat's answer came after a lead had decided: sync {STARTED_ID}"
