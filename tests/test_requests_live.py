"""The requests page while things happen: its poller, taking back, asking again."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from syncs.models import Freeze, Merchant, SyncRequest, User
from syncs.operations import freezing, heartbeats, merchants
from syncs.rules.states import State
from tests.factories import make_merchant, make_request

pytestmark = pytest.mark.django_db


def press(name: str = "Kestrel Outdoor", minutes_ago: float = 0, **columns) -> SyncRequest:
    merchant = Merchant.objects.filter(name=name).first() or make_merchant(name=name)
    return make_request(merchant, asked_at=timezone.now() - timedelta(minutes=minutes_ago), **columns)


class TestPolling:
    def live(self, client: Client, page: str):
        url = re.search(r'hx-get="(/requests/live/[^"]+)"', page)[1].replace("&amp;", "&")
        return client.get(url, HTTP_HX_REQUEST="true")

    def test_nothing_new_is_204(self, as_viewer: Client) -> None:
        press()
        with time_machine.travel(timezone.now().replace(second=10), tick=False):
            response = self.live(as_viewer, as_viewer.get("/requests/").text)
        assert (response.status_code, response.content) == (204, b"")

    def test_a_changed_row_is_told_where_it_stands(self, as_viewer: Client) -> None:
        with time_machine.travel(timezone.now().replace(second=10), tick=False):
            top, below = press("Top"), press("Below", minutes_ago=9)
            page = as_viewer.get("/requests/?state=way").text
            below.refresh_from_db()
            SyncRequest.objects.filter(pk=below.pk).update(
                state="cancelled",
                finished_at=timezone.now(),
                version=1,
                result="Cancelled before it was sent.",
            )
            answer = self.live(as_viewer, page).text
        assert re.findall(r'<tr id="request-(\d+)"', answer) == [str(top.pk), str(below.pk)]
        assert "Cancelled before it was sent." in answer
        assert 'id="tiles" hx-swap-oob="true"' in answer

    def test_newer_ones_are_offered_not_pushed_in(self, as_viewer: Client) -> None:
        first = press("First", minutes_ago=5)
        page = as_viewer.get("/requests/").text
        press("Second"), press("Third")
        answer = self.live(as_viewer, page).text
        assert "2 newer requests." in answer
        assert re.findall(r'<tr id="request-(\d+)"', answer) == [str(first.pk)]

    def test_a_notice_that_comes_while_the_page_is_open_comes_with_the_poll(self, as_viewer: Client) -> None:
        heartbeats.beat(heartbeats.CLOCK)
        page = as_viewer.get("/requests/").text
        freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")
        answer = self.live(as_viewer, page).text
        assert 'id="banners" aria-label="Notices" hx-swap-oob="true"' in answer
        assert "Sending is frozen." in answer
        assert self.live(as_viewer, answer).status_code == 204
        freezing.resume(now=timezone.now(), reason="It was a mistake")
        assert "Sending is frozen." not in self.live(as_viewer, answer).text

    def test_a_merchant_that_is_renamed_or_archived_is_told_though_no_request_changed(
        self, as_support: Client
    ) -> None:
        request = press("Kestrel", state=State.FAILED)
        page = as_support.get("/requests/").text
        assert "Ask again" in page
        merchants.rename(request.merchant, "Kite", by=None)
        renamed = self.live(as_support, page).text
        assert ">Kite</a>" in renamed
        merchants.archive(request.merchant, why="Closed its shop", now=timezone.now())
        assert "Ask again" not in self.live(as_support, renamed).text

    def test_what_a_colleague_asked_for_counts_for_them_and_not_for_others(self, as_viewer: Client) -> None:
        press("First")
        make_request(make_merchant(), asked_by=User.objects.get(username="viewer"))
        tiles = dict(
            re.findall(
                r'aria-pressed="false"[^§]*?</svg>([^<]*)</span>\s*<span class="big num">(\d+)',
                as_viewer.get("/requests/").text,
            )
        )
        assert (tiles["On the way"], tiles["Mine"]) == ("2", "1")

    def test_it_asks_often_only_while_something_is_on_its_way(self, as_viewer: Client) -> None:
        request = press(state=State.FAILED)
        assert 'hx-trigger="every 15s, wake"' in as_viewer.get("/requests/").text
        press("Other")
        assert 'hx-trigger="every 5s, wake"' in as_viewer.get("/requests/").text
        assert request.pk

    def test_filters_by_htmx_bring_the_list_and_the_clean_address(self, as_viewer: Client) -> None:
        response = as_viewer.get(
            "/requests/?state=way&kind=&by=", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="results"
        )
        assert response["HX-Push-Url"] == "/requests/?state=way"
        assert response.text.lstrip().startswith('<section class="card" id="results"')


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (State.FAILED, True),
        (State.NOT_RUN, True),
        (State.CANCELLED, True),
        (State.REJECTED, True),
        (State.SUCCEEDED, False),
        (State.ACCEPTED, False),
    ],
)
def test_what_did_not_work_can_be_asked_again(as_support: Client, state: State, offered: bool) -> None:
    request = press(state=state)
    days = f"first={request.first_day}&amp;last={request.last_day}"
    again = f"/merchants/{request.merchant.company_id}/?run=historic&amp;{days}&amp;again={request.pk}#rerun"
    assert (again in as_support.get("/requests/").text) is offered


def test_nothing_is_asked_again_for_a_merchant_that_is_archived(as_support: Client) -> None:
    request = press(state=State.FAILED)
    Merchant.objects.update(archived_at=timezone.now())
    for url in ("/requests/", f"/requests/{request.pk}/"):
        assert "Ask again" not in as_support.get(url).text, url


def test_a_viewer_is_not_offered_to_ask_again(as_viewer: Client) -> None:
    press(state=State.FAILED)
    assert "Ask again" not in as_viewer.get("/requests/").text


def test_the_ids_to_hand_on_are_one_copy_away(as_viewer: Client) -> None:
    request = press(state=State.REJECTED, correlation_id="0bc1d9f2")
    copied = re.search(r'data-copy="(Company[^"]+)"', as_viewer.get("/requests/").text)[1]
    assert (
        copied
        == f"Company: {request.merchant.company_id}\nCorrelation ID: 0bc1d9f2\nSync Desk request: {request.pk}"
    )
