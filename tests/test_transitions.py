"""The one place where a sync request changes its state."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from syncs.models import Activity, Merchant, SyncRequest
from syncs.operations.transitions import IllegalMove, hold_back, move
from syncs.rules.states import ACTIVE, FINAL, MOVES, WORDS, State
from tests.factories import make_merchant, make_request, make_sync, make_user
from tests.presses import verbs

NOW = datetime(2026, 11, 21, 8, 40, tzinfo=UTC)
ALL = sorted(product(State, State))

pytestmark = pytest.mark.django_db


def in_state(state: State) -> SyncRequest:
    """With an upstream id, so that each state may be the next one."""
    return make_request(make_merchant(), state=state, commerce_sync_id="upstream-1")


@pytest.mark.parametrize(("before", "after"), [pair for pair in ALL if pair in MOVES])
def test_each_move_of_the_table_is_written_with_its_record(before: State, after: State) -> None:
    request = in_state(before)
    assert move(request, after, now=NOW, what="It moved", reason="because")
    stored = SyncRequest.objects.get()
    assert (stored.state, stored.version) == (after, 1)
    assert stored.finished_at == (None if after in ACTIVE else NOW)
    assert Merchant.objects.get().version == 1
    if before != after:
        entry = Activity.objects.get(verb=f"request.{after.value}")
        assert (entry.before, entry.after) == (WORDS[before], WORDS[after])
        assert (entry.what, entry.reason, entry.merchant) == ("It moved", "because", request.merchant)
        assert stored.state_since == NOW


@pytest.mark.parametrize(("before", "after"), [pair for pair in ALL if pair not in MOVES])
def test_any_other_move_is_refused(before: State, after: State) -> None:
    request = in_state(before)
    with pytest.raises(IllegalMove):
        move(request, after, now=NOW, what="It moved")
    assert SyncRequest.objects.get().state == before
    assert verbs(request) == ["request.asked"]


@pytest.mark.parametrize("before", sorted(FINAL))
def test_a_final_state_is_never_left(before: State) -> None:
    assert not [after for after in State if (before, after) in MOVES]


def test_nothing_leads_from_uncertain_to_a_second_sending() -> None:
    reached, edge = set(), {State.UNCERTAIN}
    while edge:
        reached |= edge
        edge = {after for before, after in MOVES if before in edge} - reached
    assert not reached & {State.QUEUED, State.SENDING, State.CANCELLED, State.REJECTED}


def test_the_second_of_two_who_read_the_same_row_is_told_that_somebody_was_first() -> None:
    request = in_state(State.QUEUED)
    other = SyncRequest.objects.get()
    assert move(request, State.SENDING, now=NOW, what="Sent to Codat")
    assert not move(other, State.CANCELLED, now=NOW, what="Cancelled")
    assert SyncRequest.objects.get().state == State.SENDING
    assert verbs(request) == ["request.asked", "request.sending"]


def test_at_its_version_a_row_that_was_only_written_to_does_not_move() -> None:
    request = in_state(State.QUEUED)
    other = SyncRequest.objects.get()
    assert hold_back(other, now=NOW, until=NOW + timedelta(minutes=1), why="A sync is running at Codat.")
    assert not move(request, State.SENDING, now=NOW, what="Sent to Codat", at_version=request.version)
    assert move(other, State.SENDING, now=NOW, what="Sent to Codat", at_version=other.version)


def test_holding_back_says_why_and_until_when_and_is_no_activity() -> None:
    request = in_state(State.QUEUED)
    until = NOW + timedelta(seconds=30)
    assert hold_back(request, now=NOW, until=until, why="A sync is running at Codat.")
    stored = SyncRequest.objects.get()
    assert (stored.state, stored.not_before, stored.waiting_for) == (
        "queued",
        until,
        "A sync is running at Codat.",
    )
    assert stored.state_since == request.state_since
    assert verbs(request) == ["request.asked"]


def test_who_looked_before_another_gave_it_back_does_not_call_it_up_sooner() -> None:
    request = in_state(State.QUEUED)
    slow, asked_to_wait = SyncRequest.objects.get(), NOW + timedelta(minutes=5)
    move(request, State.SENDING, now=NOW, what="Sent to Codat")
    move(request, State.QUEUED, now=NOW, what="Codat asked us to wait", not_before=asked_to_wait)
    assert not hold_back(slow, now=NOW, until=NOW + timedelta(seconds=30), why="A sync is running at Codat.")
    assert SyncRequest.objects.get().not_before == asked_to_wait


def test_a_reason_that_is_too_long_is_shortened_and_not_an_error() -> None:
    request = in_state(State.QUEUED)
    hold_back(request, now=NOW, until=NOW, why="x" * 1000)
    move(request, State.CANCELLED, now=NOW, what="y" * 1000, actor=make_user(), reason="z" * 1000)
    assert SyncRequest.objects.get().waiting_for == "x" * 299 + "…"


def test_a_move_whose_record_fails_did_not_happen() -> None:
    request = in_state(State.QUEUED)

    def no_activity(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "syncs_activity"'):
            raise OperationalError("disk is full")
        return execute(sql, params, many, context)

    with pytest.raises(OperationalError), transaction.atomic(), connection.execute_wrapper(no_activity):
        move(request, State.SENDING, now=NOW, what="Sent to Codat")
    assert SyncRequest.objects.get().state == State.QUEUED
    assert Merchant.objects.get().version == 0


def test_what_else_is_to_change_is_written_in_the_same_move() -> None:
    request = in_state(State.NEEDS_REVIEW)
    sync = make_sync(request.merchant)
    assert move(request, State.ACCEPTED, now=NOW, what="Decided a review", sync=sync, looks=3)
    assert (request.sync, request.looks) == (sync, 3)
    assert SyncRequest.objects.get().sync == sync


def test_the_merchant_is_locked_before_the_request_so_that_no_two_wait_for_each_other() -> None:
    request = make_request(make_merchant())
    with CaptureQueriesContext(connection) as queries:
        assert move(request, State.CANCELLED, now=NOW, what="Cancelled")
    touched = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert 'FROM "syncs_merchant"' in touched[0]
    assert "FOR UPDATE" in touched[0] or connection.vendor == "sqlite"
