"""What the database refuses, whoever asks: each wrong row is tried, and each constraint is the one that refused."""

import uuid
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from syncs import triggers
from syncs.models import Merchant, SyncRequest
from syncs.rules.states import ACTIVE, FINAL, State
from tests.factories import make_attempt, make_merchant, make_request, make_sync

pytestmark = pytest.mark.django_db


def refused(constraint: str, *columns: str) -> AbstractContextManager[Any]:
    """PostgreSQL names the constraint; SQLite names the columns of a broken uniqueness."""
    sqlite = rf"{constraint}|UNIQUE constraint failed: {', '.join(columns)}$" if columns else constraint
    return pytest.raises(IntegrityError, match=sqlite if connection.vendor == "sqlite" else constraint)


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant()


def test_a_merchant_has_one_active_request(merchant: Merchant) -> None:
    make_request(merchant)
    with refused("request_one_active_per_merchant", "syncs_syncrequest.merchant_id"), transaction.atomic():
        make_request(merchant)


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_every_active_state_counts(merchant: Merchant, state: State) -> None:
    make_request(merchant, state=state)
    with refused("request_one_active_per_merchant", "syncs_syncrequest.merchant_id"), transaction.atomic():
        make_request(merchant)


def test_finished_requests_make_room(merchant: Merchant) -> None:
    for state in sorted(FINAL):
        make_request(merchant, state=state)
    assert make_request(merchant).pk


def test_the_same_form_token_is_one_request(merchant: Merchant) -> None:
    first = make_request(merchant, state=State.CANCELLED)
    with refused("form_token", "syncs_syncrequest.form_token"), transaction.atomic():
        make_request(merchant, form_token=first.form_token)


def test_an_idempotency_key_is_never_used_twice(merchant: Merchant) -> None:
    first = make_request(merchant, state=State.CANCELLED)
    with refused("idempotency_key", "syncs_syncrequest.idempotency_key"), transaction.atomic():
        make_request(merchant, idempotency_key=first.idempotency_key)


def asked_again(request: SyncRequest, **columns: Any) -> None:
    """As a row of its own, past everything that we would do ourselves."""
    columns |= {"pk": None, "form_token": uuid.uuid4(), "idempotency_key": uuid.uuid4()}
    for name, value in columns.items():
        setattr(request, name, value)
    request.save(force_insert=True)


@pytest.mark.parametrize("missing", ["window_start", "first_day", "last_day"])
def test_a_historic_request_has_a_range(merchant: Merchant, missing: str) -> None:
    with refused("request_historic_has_a_range"), transaction.atomic():
        asked_again(make_request(merchant, state=State.CANCELLED), **{missing: None})


def test_a_range_does_not_end_before_it_begins(merchant: Merchant) -> None:
    days = {"first_day": date(2026, 1, 5), "last_day": date(2026, 1, 4)}
    with refused("request_historic_has_a_range"), transaction.atomic():
        asked_again(make_request(merchant, state=State.CANCELLED), **days)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=1)])
def test_a_window_does_not_start_at_or_after_its_finish(merchant: Merchant, late: timedelta) -> None:
    request = make_request(merchant)
    with refused("request_window_in_order"), transaction.atomic():
        SyncRequest.objects.filter(pk=request.pk).update(window_start=request.window_finish + late)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.SUCCEEDED, State.SUCCEEDED_EMPTY, State.FAILED])
def test_what_claims_to_have_run_names_it(merchant: Merchant, state: State) -> None:
    with refused("request_accepted_has_upstream_id"), transaction.atomic():
        make_request(merchant, state=state, commerce_sync_id="")


def test_one_upstream_id_belongs_to_one_request(merchant: Merchant) -> None:
    first = make_request(merchant, state=State.SUCCEEDED)
    columns = ("syncs_syncrequest.merchant_id", "syncs_syncrequest.commerce_sync_id")
    with refused("request_owns_its_upstream_id", *columns), transaction.atomic():
        make_request(merchant, state=State.SUCCEEDED, commerce_sync_id=first.commerce_sync_id)


def test_one_sync_belongs_to_one_request(merchant: Merchant) -> None:
    sync = make_sync(merchant)
    make_request(merchant, state=State.SUCCEEDED, sync=sync)
    with refused("request_owns_its_sync", "syncs_syncrequest.sync_id"), transaction.atomic():
        make_request(merchant, state=State.SUCCEEDED, sync=sync)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_final_request_has_an_end(merchant: Merchant, state: State) -> None:
    with refused("request_finished_when_not_active"), transaction.atomic():
        make_request(merchant, state=state, finished_at=None)


def test_an_active_request_has_no_end(merchant: Merchant) -> None:
    with refused("request_finished_when_not_active"), transaction.atomic():
        make_request(merchant, finished_at=timezone.now())


def test_an_unknown_state_is_refused_in_raw_sql_too(merchant: Merchant) -> None:
    request = make_request(merchant)
    triggers.remove()
    update = "UPDATE syncs_syncrequest SET state = 'DONE' WHERE id = %s"
    constraint = "request_(state_known|finished_when_not_active)"
    with refused(constraint), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(update, [request.pk])


def test_a_request_has_a_body(merchant: Merchant) -> None:
    with refused("request_has_a_body"), transaction.atomic():
        make_request(merchant, body="")


@pytest.mark.parametrize("second", ["open", "accepted", "uncertain"])
@pytest.mark.parametrize("first", ["open", "accepted", "uncertain"])
def test_at_most_one_attempt_may_have_had_an_effect(merchant: Merchant, first: str, second: str) -> None:
    request = make_request(merchant)
    make_attempt(request, outcome=first)
    with refused("attempt_one_that_may_have_effect", "syncs_attempt.request_id"), transaction.atomic():
        make_attempt(request, outcome=second)


def test_attempts_that_surely_had_none_make_room(merchant: Merchant) -> None:
    request = make_request(merchant)
    for outcome in ("not_sent", "later", "refused", "open"):
        make_attempt(request, outcome=outcome)
    assert request.attempts.count() == 4


def test_attempts_are_numbered_once(merchant: Merchant) -> None:
    request = make_request(merchant)
    make_attempt(request, number=1, outcome="later")
    columns = ("syncs_attempt.request_id", "syncs_attempt.number")
    with refused("attempt_number_once", *columns), transaction.atomic():
        make_attempt(request, number=1, outcome="later")
