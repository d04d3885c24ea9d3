"""What a press was for, and whose books a merchant's are, is held by the database: no statement changes it."""

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from syncs import triggers
from syncs.models import Merchant, SyncRequest
from syncs.rules.states import ACTIVE, FINAL, State
from tests.factories import make_merchant, make_request, make_sync, make_user

pytestmark = pytest.mark.django_db

OTHER_ID = "8a210b68-6988-11ed-a1eb-0242ac120002"
PINNED = {
    "kind": "latest",
    "body": "{}",
    "idempotency_key": OTHER_ID,
    "form_token": OTHER_ID,
    "merchant": make_merchant,
    "asked_by": make_user,
    "first_day": date(2026, 1, 5),
    "last_day": date(2026, 12, 5),
}


@pytest.mark.parametrize("column", PINNED)
@pytest.mark.parametrize("state", [State.QUEUED, State.ACCEPTED, State.SUCCEEDED])
def test_what_was_asked_for_never_changes(column: str, state: State) -> None:
    request = make_request(make_merchant(), state=state)
    value: Any = PINNED[column]
    with pytest.raises(IntegrityError, match=triggers.PINNED), transaction.atomic():
        SyncRequest.objects.filter(pk=request.pk).update(**{column: value() if callable(value) else value})


def test_nor_does_it_come_into_being_or_vanish_later() -> None:
    latest = make_request(make_merchant(), kind="latest")
    ranged = make_request(make_merchant())
    assert (latest.first_day, ranged.first_day is None) == (None, False)
    for request, day in ((latest, date(2026, 1, 5)), (ranged, None)):
        with pytest.raises(IntegrityError, match=triggers.PINNED), transaction.atomic():
            SyncRequest.objects.filter(pk=request.pk).update(last_day=day)


def test_a_merchant_stays_the_same_company() -> None:
    merchant = make_merchant()
    with pytest.raises(IntegrityError, match=triggers.SAME_COMPANY), transaction.atomic():
        Merchant.objects.filter(pk=merchant.pk).update(company_id=OTHER_ID)
    Merchant.objects.filter(pk=merchant.pk).update(name="Another name", company_id=merchant.company_id)


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_an_active_request_is_never_removed(state: State) -> None:
    request = make_request(make_merchant(), state=state)
    with (
        pytest.raises(IntegrityError, match=triggers.STILL_ACTIVE),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM syncs_syncrequest WHERE id = %s", [request.pk])


@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_finished_one_may_be(state: State) -> None:
    request = SyncRequest.objects.get(pk=make_request(make_merchant(), state=state).pk)
    triggers.remove()
    request.activity.all()._raw_delete(request.activity.db)
    triggers.install()
    request.delete()
    assert not SyncRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_statement_removes_them_all() -> None:
    make_request(make_merchant())
    postgres = connection.vendor == "postgresql"
    statement = "TRUNCATE syncs_syncrequest CASCADE" if postgres else "DELETE FROM syncs_syncrequest"
    with (
        pytest.raises(DatabaseError, match=triggers.STILL_ACTIVE),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_request_is_tied_to_no_other_merchants_sync() -> None:
    foreign = make_sync(make_merchant())
    request = make_request(make_merchant(), state=State.ACCEPTED)
    with pytest.raises(IntegrityError, match=triggers.NOT_ITS_SYNC), transaction.atomic():
        SyncRequest.objects.filter(pk=request.pk).update(sync=foreign)
    with pytest.raises(IntegrityError, match=triggers.NOT_ITS_SYNC), transaction.atomic():
        make_request(make_merchant(), sync=foreign)
    own = make_sync(request.merchant)
    assert SyncRequest.objects.filter(pk=request.pk).update(sync=own) == 1
