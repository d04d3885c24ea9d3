"""The same form arrives again: by a double click, by the browser's way back, from a colleague's open page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Merchant, SyncRequest, User
from syncs.operations import asking
from syncs.operations.asking import NotPossible
from tests.factories import make_merchant, make_user
from tests.presses import a_day, at_once, press, pressed, verbs
from tests.test_rerun import HTMX, days, send

NOW = datetime(2026, 11, 21, 8, 40, tzinfo=UTC)
SAID = "You pressed twice."


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_merchant(name="Baker & Sons")


def test_the_same_form_again_returns_the_first_row(merchant: Merchant, support: User) -> None:
    ask = pressed()
    first = press(merchant, support, NOW, ask)
    again = press(merchant, support, NOW + timedelta(seconds=1), ask)
    assert again.request == first.request
    assert not again.is_new
    assert verbs(first.request) == ["request.asked"]


def test_the_same_form_returns_the_first_row_also_when_that_has_ended(
    merchant: Merchant, support: User
) -> None:
    ask = pressed()
    first = press(merchant, support, NOW, ask).request
    assert asking.cancel(first, by=support, now=NOW)
    assert press(merchant, support, NOW, ask).request == first


def test_a_form_that_a_colleague_sent_is_not_sent_again(
    merchant: Merchant, support: User, lead: User
) -> None:
    ask = pressed()
    asking.cancel(press(merchant, lead, NOW, ask).request, by=lead, now=NOW)
    with pytest.raises(NotPossible, match="used already"):
        press(merchant, support, NOW, ask)


@pytest.mark.parametrize("ended", [True, False])
def test_an_old_form_with_other_days_is_another_wish_and_is_not_swallowed(
    merchant: Merchant, support: User, ended: bool
) -> None:
    ask = pressed(a_day(merchant, NOW, 3), a_day(merchant, NOW, 2))
    first = press(merchant, support, NOW, ask).request
    if ended:
        asking.cancel(first, by=support, now=NOW)
    for other in (
        pressed(a_day(merchant, NOW, 3), a_day(merchant, NOW, 1), form_token=ask.form_token),
        pressed(form_token=ask.form_token),
        pressed(last_day=a_day(merchant, NOW, 2), form_token=ask.form_token),
    ):
        with pytest.raises(NotPossible, match="used already" if ended else "already asked"):
            press(merchant, support, NOW, other)
    assert SyncRequest.objects.get() == first


def test_a_double_click_says_so_while_the_request_is_on_its_way(as_support: Client) -> None:
    merchant = make_merchant()
    data = days(merchant)
    send(as_support, merchant, "confirm", data, headers=HTMX)
    page = send(as_support, merchant, "confirm", data, headers=HTMX).content.decode()
    assert SAID in page
    assert f'/requests/{SyncRequest.objects.get().pk}/"' in page


def test_a_press_that_is_repeated_after_the_end_says_so_too(as_support: Client) -> None:
    merchant = make_merchant()
    data = days(merchant)
    send(as_support, merchant, "confirm", data, headers=HTMX)
    request = SyncRequest.objects.get()
    asking.cancel(request, by=request.asked_by, now=timezone.now())
    page = send(as_support, merchant, "confirm", data, headers=HTMX).content.decode()
    assert SAID in page
    assert "Cancelled before it was sent" in page
    assert SyncRequest.objects.count() == 1
    assert SAID not in as_support.get(f"/merchants/{merchant.company_id}/").content.decode()


def test_without_javascript_the_page_that_follows_says_so(as_support: Client) -> None:
    merchant = make_merchant()
    data = days(merchant)
    send(as_support, merchant, "confirm", data)
    assert SAID in send(as_support, merchant, "confirm", data, follow=True).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_form_that_arrives_four_times_at_once_is_one_request() -> None:
    merchant, by, ask = make_merchant(), make_user(), pressed()
    results = at_once(*[lambda: press(merchant, by, timezone.now(), ask)] * 4)
    request = SyncRequest.objects.get()
    assert {result.request for result in results} == {request}
    assert [result.is_new for result in results].count(True) == 1
    assert verbs(request) == ["request.asked"]
