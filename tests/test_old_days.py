"""Days of more than a month ago: the merchant may have entered them by hand, so somebody has to have asked."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Activity, Merchant, SyncRequest, User
from syncs.operations import books, bulk_plans, bulks
from syncs.operations.asking import NotPossible, basis_of
from syncs.operations.bulk_plans import Wish
from tests.factories import make_merchant, make_sync
from tests.presses import a_day, press, pressed, verbs

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_merchant()


def range_from(merchant: Merchant, days_ago: int, **more: Any) -> Any:
    return pressed(a_day(merchant, NOW, days_ago), a_day(merchant, NOW, days_ago - 1), **more)


def test_a_range_that_begins_more_than_31_days_ago_needs_a_word(merchant: Merchant, support: User) -> None:
    with pytest.raises(NotPossible, match="may have entered the sales by hand") as refused:
        press(merchant, support, NOW, range_from(merchant, 32, books_confirmed=False))
    assert refused.value.field == "books_confirmed"
    assert not SyncRequest.objects.exists()


def test_one_that_begins_31_days_ago_needs_none_and_keeps_none(merchant: Merchant, support: User) -> None:
    asked = press(merchant, support, NOW, range_from(merchant, 31, books_confirmed=True)).request
    assert asked.books_confirmed is False
    assert verbs(asked) == ["request.asked"]


def test_the_word_is_kept_with_the_request_and_in_the_log(merchant: Merchant, support: User) -> None:
    asked = press(merchant, support, NOW, range_from(merchant, 40, books_confirmed=True)).request
    assert asked.books_confirmed is True
    entry = Activity.objects.get(verb="request.books")
    assert (entry.actor, entry.merchant) == (support, merchant)
    assert entry.what == "Said that the merchant confirms: these days are not in the books"


def test_a_latest_sync_goes_back_to_the_last_success_however_long_ago(support: User) -> None:
    long_ago = make_merchant(last_success_at=NOW - timedelta(days=33))
    with pytest.raises(NotPossible, match="Ask before you re-run old days"):
        press(long_ago, support, NOW, pressed(books_confirmed=False))
    assert press(long_ago, support, NOW).request.books_confirmed


def with_a_range_of_long_ago(**columns: Any) -> Merchant:
    """Its last success but one ended 40 days ago; a range of the day after succeeded this morning."""
    merchant = make_merchant(last_success_at=NOW - timedelta(hours=5), **columns)
    for ran, first, last in ((40, 41, 40), (0.2, 40, 39)):
        window = {"window_start": NOW - timedelta(days=first), "window_finish": NOW - timedelta(days=last)}
        make_sync(merchant, 2000, NOW - timedelta(days=ran), window_known="answered", **window)
    return merchant


def test_a_newer_success_that_covered_other_days_does_not_make_them_young(support: User) -> None:
    merchant = with_a_range_of_long_ago()
    with pytest.raises(NotPossible, match="Ask before you re-run old days"):
        press(merchant, support, NOW, pressed(books_confirmed=False))
    assert press(merchant, support, NOW).request.books_confirmed


def test_nor_in_a_bulk() -> None:
    merchant = with_a_range_of_long_ago(name="Aster")
    make_merchant(name="Birch")
    wish = Wish("latest", reason="Ticket")
    plan = bulk_plans.plan(bulk_plans.read(Merchant.objects.all(), wish), wish, NOW)
    assert [(each.merchant, each.kind) for each in plan.refusals] == [(merchant, "old_days")]


@pytest.mark.parametrize("count", [1, 9])
def test_of_how_many_it_is_asked_takes_no_more_queries(count: int, django_assert_num_queries: Any) -> None:
    merchants = [with_a_range_of_long_ago() for _ in range(count)]
    with django_assert_num_queries(1):
        assert books.of_each(merchants, None, NOW) == {merchant.pk for merchant in merchants}


@pytest.mark.parametrize("last", [None, timedelta(days=2)])
def test_one_that_synced_lately_or_never_is_not_asked_about(support: User, last: timedelta | None) -> None:
    merchant = make_merchant(last_success_at=last and NOW - last)
    assert press(merchant, support, NOW, pressed(books_confirmed=False)).is_new


def send(client: Client, merchant: Merchant, step: str, **data: Any) -> str:
    day = str(a_day(merchant, NOW, 40))
    given = {"reason": "Ticket", "form_token": uuid.uuid4(), "basis": basis_of(merchant)}
    given |= {"first_day": day, "last_day": day} | data
    answer = client.post(f"/merchants/{merchant.company_id}/rerun/range/{step}/", given, headers=HTMX)
    return answer.content.decode()


def test_the_confirm_step_asks_for_it_and_is_not_passed_without(
    as_support: Client, merchant: Merchant
) -> None:
    assert 'name="books_confirmed" required' in send(as_support, merchant, "review")
    refused = send(as_support, merchant, "confirm")
    assert "Ask before you re-run old days." in refused
    assert 'name="books_confirmed" required' in refused
    assert not SyncRequest.objects.exists()
    send(as_support, merchant, "confirm", books_confirmed="on")
    request = SyncRequest.objects.get()
    assert request.books_confirmed
    page = as_support.get(f"/requests/{request.pk}/").text
    assert "The merchant confirms that they are not in the books" in page


def test_the_confirm_step_of_new_days_asks_for_nothing(as_support: Client, merchant: Merchant) -> None:
    day = str(a_day(merchant, NOW, 3))
    assert "books_confirmed" not in send(as_support, merchant, "review", first_day=day, last_day=day)


def test_in_a_bulk_they_are_left_out_until_somebody_says_that_all_were_asked(
    merchant: Merchant, support: User
) -> None:
    long_ago = make_merchant(last_success_at=NOW - timedelta(days=40))
    wish = Wish("latest", reason="Ticket")
    plan = bulk_plans.plan(bulk_plans.read(Merchant.objects.all(), wish), wish, NOW)
    assert [runner.merchant for runner in plan.runners] == [merchant]
    assert [(each.merchant, each.kind) for each in plan.refusals] == [(long_ago, "old_days")]
    asked = replace(wish, books_confirmed=True)
    bulks.ask_for_many([merchant.pk, long_ago.pk], asked, by=support, now=NOW, may_many=False)
    told = dict(SyncRequest.objects.values_list("merchant", "books_confirmed"))
    assert told == {merchant.pk: False, long_ago.pk: True}
    assert [entry.merchant for entry in Activity.objects.filter(verb="request.books")] == [long_ago]


def test_the_review_of_many_takes_them_in_and_leaves_them_out_by_a_button(as_support: Client) -> None:
    long_ago = make_merchant(last_success_at=NOW - timedelta(days=40))
    chosen = {"kind": "latest", "pick": [str(long_ago.pk)]}
    assert "1 with days of more than a month ago." in as_support.post("/bulk/", chosen).text
    taken = as_support.post("/bulk/", chosen | {"change": "confirm_books"}).text
    assert "confirm that they are not in the books" in taken
    again = as_support.post("/bulk/", chosen | {"books_confirmed": "on", "change": "leave_old_days"}).text
    assert "1 with days of more than a month ago." in again
