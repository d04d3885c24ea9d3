"""Codat knows a company no more: it is archived, unless so many are gone at once that the key may be another's."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Activity, Merchant, SyncRequest
from syncs.operations import gone
from syncs.operations.merchants import GONE_AT_CODAT, restore
from syncs.operations.refresh import refresh
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.examples import no_company
from tests.codat.server import Server, says
from tests.factories import make_merchant
from tests.presses import asked, at_once, cancelled, held_back, stored
from tests.upstream import client_of, posts

LIMIT = gone.AT_MOST
# As Codat may say it without an id: for whichever company is asked for.
NO_COMPANY: Any = says(404, {"statusCode": 404, "error": "Company not found"})


def archived() -> int:
    return Merchant.objects.filter(archived_why=GONE_AT_CODAT).count()


def gone_today(count: int) -> None:
    for _ in range(count):
        make_merchant(archived_at=timezone.now() - timedelta(hours=1), archived_why=GONE_AT_CODAT)


@pytest.mark.django_db(transaction=True)
def test_ten_workers_at_once_archive_no_more_than_one_after_the_other(scripted: Server) -> None:
    scripted.answers(NO_COMPANY)
    looked_at = [make_merchant() for _ in range(10)]
    sent = [asked() for _ in range(6)]
    with client_of(scripted.url) as client:
        works = [lambda pk=merchant.pk: refresh(pk, client) for merchant in looked_at]
        works += [lambda pk=request.pk: send(pk, client) for request in sent]
        assert at_once(*works) == [None] * 16
    assert archived() == LIMIT
    assert Activity.objects.filter(verb="merchant.archived").count() == LIMIT
    states = set(SyncRequest.objects.filter(merchant__archived_at=None).values_list("state", flat=True))
    assert states <= {State.QUEUED}
    assert not posts(scripted)


@pytest.mark.django_db
def test_a_request_for_a_company_that_is_gone_ends_and_the_merchant_with_it(
    scripted: Server, told: CodatClient
) -> None:
    request = asked()
    scripted.answers(says(404, no_company(request.merchant.company_id)))
    send(request.pk, told)
    assert cancelled(request) == "Codat does not know this company any more. Nothing was sent."
    merchant = Merchant.objects.get()
    assert (merchant.archived_why, merchant.next_refresh_at) == (GONE_AT_CODAT, None)


@pytest.mark.django_db
def test_when_many_are_gone_at_once_a_request_waits(scripted: Server, told: CodatClient) -> None:
    request = asked()
    gone_today(LIMIT)
    scripted.answers(says(404, no_company(request.merchant.company_id)))
    send(request.pk, told)
    assert held_back(request).endswith("as it says of many others: the key may be wrong.")
    assert stored(request).not_before >= timezone.now() + timedelta(minutes=1)
    assert archived() == LIMIT


@pytest.mark.django_db
def test_those_that_are_back_do_not_count(scripted: Server, told: CodatClient) -> None:
    gone_today(LIMIT)
    restore(Merchant.objects.all()[0], why="It was there", now=timezone.now())
    merchant = make_merchant()
    scripted.answers(says(404, no_company(merchant.company_id)))
    refresh(merchant.pk, told)
    assert archived() == LIMIT
