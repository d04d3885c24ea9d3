"""The tile “Mine” of Requests: today's, and what is still open, with what each has made good."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Merchant, User
from syncs.rules.states import State
from tests.factories import make_merchant, make_request, make_sync
from tests.proofs import ARCHIVED, day, decided, failing, of_merchant, page, rerun

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_a_request_of_mine_stays_until_it_is_finished_and_then_says_what_it_mended(
    as_support: Client, support: User
) -> None:
    open_since_long_ago = make_request(
        make_merchant(), asked_by=support, asked_at=timezone.now() - timedelta(days=3)
    )
    ended = rerun(failing(), day(5), day(1), asked_by=support)
    html = page(as_support, f"/requests/?scope=today&by={support.username}")
    assert f'id="request-{open_since_long_ago.pk}"' in html
    row = html.split(f'id="request-{ended.pk}"')[1].partition("</tr>")[0]
    assert "Before: failed 5 days, the last with “Could not write data” (5130). Now: synced, " in row
    assert 'data-copy="Hello, your sales from Shopify reach Xero again.' in row


def test_where_the_same_error_came_again_the_third_press_gives_way_to_who_can_help(
    as_support: Client, support: User
) -> None:
    ended = rerun(failing(), day(5), day(1), 5130, ARCHIVED, asked_by=support)
    html = page(as_support, f"/requests/?by={support.username}")
    row = html.split(f'id="request-{ended.pk}"')[1].partition("</tr>")[0]
    assert "Failed again with the same error (5130)." in row
    assert "Copy for Codat" in row
    assert "Ask again" not in row


def test_a_poll_tells_when_it_is_finished(as_support: Client, support: User) -> None:
    request = rerun(failing(), day(5), day(1), asked_by=support)
    live = page(as_support, f"/requests/?by={support.username}").split('id="rows" hx-get="')[1]
    address = unescape(live.partition('"')[0])
    make_sync(request.merchant, 5000, timezone.now(), "Codat broke")
    decided(request.merchant)
    Merchant.objects.filter(pk=request.merchant_id).update(version=F("version") + 1)
    polled = as_support.get(address, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="rows")
    assert "But it has failed again since (5000)." in polled.content.decode()


def test_the_progress_leads_the_one_who_asked_to_their_own(
    as_support: Client, as_viewer: Client, support: User
) -> None:
    request = make_request(make_merchant(), state=State.ACCEPTED, asked_by=support)
    mine = f'href="/requests/?scope=today&amp;by={support.username}">your requests</a>'
    assert mine in page(as_support, of_merchant(request))
    assert "your requests" not in page(as_viewer, of_merchant(request))


def test_more_requests_cost_no_more_queries(as_support: Client, support: User) -> None:
    counts = []
    for number in (2, 10):
        for _ in range(number):
            rerun(failing(3), day(3), day(1), asked_by=support)
        with CaptureQueriesContext(connection) as captured:
            page(as_support, f"/requests/?by={support.username}")
        counts.append(len(captured))
    assert counts[0] == counts[1]
