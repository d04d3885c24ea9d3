"""A bulk beside another press for the same merchants: each merchant gets one request, and nobody an error."""

import pytest
from django.utils import timezone

from syncs.models import Bulk, Merchant, NotAsked, SyncRequest
from syncs.operations import asking, bulks
from syncs.operations.asking import NotPossible
from syncs.operations.bulk_plans import Wish
from syncs.rules.states import State
from tests.factories import make_merchant, make_user
from tests.presses import at_once, press

pytestmark = [pytest.mark.slow, pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_one_form_that_arrives_three_times_at_once_is_one_bulk() -> None:
    lead, now = make_user("lead"), timezone.now()
    keys = [make_merchant().pk for _ in range(12)]
    wish = Wish("latest", reason="Thrice")
    told = at_once(*[lambda: bulks.ask_for_many(keys, wish, by=lead, now=now, may_many=True)] * 3)
    bulk = Bulk.objects.get()
    assert {asked.bulk for asked in told} == {bulk}
    assert [asked.is_new for asked in told].count(True) == 1
    assert bulk.requests.count() == len(keys)


def test_two_bulks_at_once_ask_once_for_each_merchant() -> None:
    one, two = make_user("lead"), make_user("lead")
    keys = [make_merchant().pk for _ in range(12)]
    now = timezone.now()
    told = at_once(
        lambda: bulks.ask_for_many(keys, Wish("latest", reason="One"), by=one, now=now, may_many=True),
        lambda: bulks.ask_for_many(keys, Wish("latest", reason="Two"), by=two, now=now, may_many=True),
    )
    assert [type(each) for each in told if not isinstance(each, bulks.Asked)] == [NotPossible]
    assert sorted(SyncRequest.objects.values_list("merchant", flat=True)) == sorted(keys)


def test_single_presses_and_a_bulk_at_once_are_one_request_a_merchant() -> None:
    lead, support = make_user("lead"), make_user()
    merchants = [make_merchant() for _ in range(12)]
    now = timezone.now()
    wish = Wish("latest", reason="All of them")
    keys = [merchant.pk for merchant in merchants]
    singles = [lambda merchant=merchant: press(merchant, support, now) for merchant in merchants[:4]]
    told = at_once(lambda: bulks.ask_for_many(keys, wish, by=lead, now=now, may_many=True), *singles)
    wrong = [error for error in told if isinstance(error, Exception) and not isinstance(error, NotPossible)]
    assert wrong == []
    asked = SyncRequest.objects.values_list("merchant", flat=True)
    assert sorted(asked) == sorted(keys)
    by_hand = SyncRequest.objects.filter(bulk=None).values_list("merchant", flat=True)
    assert set(NotAsked.objects.values_list("merchant", flat=True)) == set(by_hand)


def test_stopping_beside_a_single_cancel_cancels_each_once() -> None:
    lead = make_user("lead")
    keys = [make_merchant().pk for _ in range(12)]
    now = timezone.now()
    wish = Wish("latest", reason="All of them")
    bulk = bulks.ask_for_many(keys, wish, by=lead, now=now, may_many=True).bulk
    some = list(bulk.requests.select_related("merchant")[:3])
    cancels = [lambda request=request: asking.cancel(request, by=lead, now=now) for request in some]
    told = at_once(lambda: bulks.stop(bulk, by=lead, now=now), *cancels)
    assert [error for error in told if isinstance(error, Exception)] == []
    assert set(bulk.requests.values_list("state", flat=True)) == {State.CANCELLED}
    assert told[0] + sum(told[1:]) == len(keys)
    assert Merchant.objects.filter(activity__verb="request.cancelled").count() == len(keys)
