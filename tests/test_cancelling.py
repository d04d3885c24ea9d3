"""Taking a request back: one view, from the merchant's page, the list and the case."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from syncs.models import Merchant, SyncRequest, User
from syncs.rules.states import State
from tests.factories import make_merchant, make_request

pytestmark = pytest.mark.django_db


def press(**columns: Any) -> SyncRequest:
    return make_request(make_merchant(name="Kestrel Outdoor"), **columns)


def pressed_cancel(client: Client, merchant: Merchant, before_the_press: State) -> tuple[SyncRequest, str]:
    """The button of the merchant's page, pressed a moment after the request came to that state."""
    request = make_request(merchant)
    page = client.get(f"/merchants/{merchant.company_id}/").text
    form = re.findall(r'<form method="post"\s+action="(/requests/[^"]*/cancel/)".*?</form>', page, re.DOTALL)
    then = unescape(re.findall(r'name="next" value="([^"]*)"', page)[0])
    SyncRequest.objects.filter(pk=request.pk).update(state=before_the_press)
    answer = client.post(form[0], {"next": then}, follow=True)
    assert answer.redirect_chain[-1][0].startswith(f"/merchants/{merchant.company_id}/")
    request.refresh_from_db()
    return request, answer.text


def test_cancel_takes_back_what_is_not_sent_and_says_so_on_the_same_page(as_support: Client) -> None:
    request, page = pressed_cancel(as_support, make_merchant(), State.QUEUED)
    assert request.state == "cancelled"
    assert "Cancelled: nothing runs for" in page


def test_cancel_does_nothing_to_what_is_under_way_and_says_that_it_was_too_late(as_support: Client) -> None:
    request, page = pressed_cancel(as_support, make_merchant(), State.SENDING)
    assert request.state == "sending"
    assert "Too late: it is sent already. A sync that has started cannot be stopped." in page


def test_who_may_ask_may_cancel(as_support: Client, support: User) -> None:
    request = press()
    assert f'id="cancel-{request.pk}"' in as_support.get("/requests/?state=way").text
    response = as_support.post(
        f"/requests/{request.pk}/cancel/", {"next": "/requests/?state=way"}, follow=True
    )
    assert response.redirect_chain == [("/requests/?state=way", 302)]
    assert "Cancelled: nothing runs for Kestrel Outdoor." in response.text
    request.refresh_from_db()
    assert (request.state, request.result) == ("cancelled", "Cancelled before it was sent, by Priya Nair")


def test_what_codat_put_off_is_not_called_unsent(as_support: Client) -> None:
    request = press(tries=1, waiting_for="Codat asked us to wait (429).")
    for address in (f"/requests/{request.pk}/", f"/merchants/{request.merchant.company_id}/"):
        page = as_support.get(address).text
        assert "Cancel: Codat has not taken it" in page
        assert "not sent yet" not in page
        assert "unsent" not in page
    as_support.post(f"/requests/{request.pk}/cancel/")
    request.refresh_from_db()
    assert request.result == "Cancelled before Codat took it, by Priya Nair"


def test_a_viewer_sees_no_button_and_is_refused(as_viewer: Client) -> None:
    request = press()
    assert "cancel-" not in as_viewer.get("/requests/").text
    response = as_viewer.post(f"/requests/{request.pk}/cancel/")
    assert response.status_code == 403
    assert "Your role can view but not run syncs." in response.text
    request.refresh_from_db()
    assert request.state == "queued"


@pytest.mark.parametrize("state", [State.SENDING, State.ACCEPTED, State.UNCERTAIN, State.NEEDS_REVIEW])
def test_too_late_is_said(as_support: Client, state: State) -> None:
    request = press(state=state)
    response = as_support.post(f"/requests/{request.pk}/cancel/", follow=True)
    assert "Too late: it is sent already. A sync that has started cannot be stopped." in response.text
    request.refresh_from_db()
    assert request.state == state


def test_a_way_back_to_another_site_is_none(as_support: Client) -> None:
    request = press()
    response = as_support.post(f"/requests/{request.pk}/cancel/", {"next": "//evil.example"})
    assert response["Location"] == f"/requests/{request.pk}/"


def test_an_address_alone_cancels_nothing(as_support: Client) -> None:
    request = press()
    assert as_support.get(f"/requests/{request.pk}/cancel/")["Location"] == f"/requests/{request.pk}/"
    request.refresh_from_db()
    assert request.state == "queued"
