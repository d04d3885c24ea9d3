"""The page of a bulk: what became of each merchant, live, to be stopped, and as a file."""

import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Bulk, Merchant, SyncRequest, User
from syncs.operations import bulks, heartbeats
from syncs.operations.bulk_plans import Wish
from syncs.rules.states import FINAL, RAN, State
from tests.factories import (
    make_attempt,
    make_failing_merchant,
    make_merchant,
    make_request,
    make_sync,
    make_user,
)
from tests.test_exports import lines

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def bulk(lead: User) -> Bulk:
    """Of one merchant in each state that matters, and one that was not asked for."""
    for name in ("A waits", "B is sent", "C runs", "D is unknown", "E synced", "F failed", "G was cancelled"):
        make_merchant(name=name)
    make_merchant(name="H is cut off", statuses=("Deauthorized", "Linked"))
    keys = list(Merchant.objects.values_list("pk", flat=True))
    wish = Wish("latest", reason="Codat incident")
    found = bulks.ask_for_many(keys, wish, by=lead, now=timezone.now(), may_many=True).bulk
    states = {
        "B is sent": State.SENDING,
        "C runs": State.ACCEPTED,
        "D is unknown": State.UNCERTAIN,
        "E synced": State.SUCCEEDED,
        "F failed": State.FAILED,
        "G was cancelled": State.CANCELLED,
    }
    for name, state in states.items():
        become(found, name, state)
    return found


WAYS = {
    State.SENDING: [],
    State.CANCELLED: [],
    State.ACCEPTED: [State.SENDING],
    State.UNCERTAIN: [State.SENDING],
    State.SUCCEEDED: [State.SENDING, State.ACCEPTED],
    State.FAILED: [State.SENDING, State.ACCEPTED],
}


def become(bulk: Bulk, name: str, state: State) -> SyncRequest:
    """By the moves that there are, as a sender and a refresh would."""
    request = bulk.requests.get(merchant__name=name)
    if request.state == State.QUEUED and state != State.CANCELLED:
        make_attempt(request)
    way = [*WAYS[state], state]
    for step in way[way.index(State(request.state)) + 1 :] if request.state in way else way:
        columns: dict[str, Any] = {"state": step}
        if step == State.ACCEPTED:
            columns["commerce_sync_id"] = str(uuid.uuid4())
        if step in FINAL:
            columns["finished_at"] = timezone.now()
        if step in RAN:
            columns["sync"] = make_sync(request.merchant, 2000 if step == State.SUCCEEDED else 5130)
        SyncRequest.objects.filter(pk=request.pk).update(**columns)
    return request


def page(client: Client, bulk: Bulk, query: str = "") -> str:
    response = client.get(f"/bulk/{bulk.pk}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def names(html: str) -> list[str]:
    table = html[html.index("<tbody>") : html.index("</tbody>")] if "<tbody>" in html else ""
    return re.findall(r'class="name"[^>]*>([^<]*)<', table)


def counts(html: str) -> dict[str, int]:
    found = re.findall(r'</svg>([^<]+)</dt>\s*<dd class="num">(\d+)</dd>', html)
    return {word.strip(): int(count) for word, count in found}


def poll(client: Client, html: str) -> Any:
    found = re.search(r'id="rows" hx-get="([^"]+)"', html)
    assert found
    return client.get(found[1].replace("&amp;", "&"), headers=HTMX)


def test_it_counts_by_state_and_lists_what_needs_a_person_first(as_viewer: Client, bulk: Bulk) -> None:
    html = page(as_viewer, bulk)
    assert counts(html) == {
        "Synced": 1,
        "Failed": 1,
        "No answer yet": 1,
        "Codat is working": 2,
        "Not sent yet": 1,
        "Cancelled or never ran": 1,
    }
    assert "5 of 7 sent" in html
    assert names(html) == [
        *("D is unknown", "F failed", "B is sent", "C runs", "A waits", "G was cancelled", "E synced"),
    ]
    assert "1 did not run, because…" in html
    assert "H is cut off" in html


def test_one_part_of_it_is_shown_by_itself(as_viewer: Client, bulk: Bulk) -> None:
    assert names(page(as_viewer, bulk, "?show=failed")) == ["F failed"]
    assert len(names(page(as_viewer, bulk, "?show=banana"))) == 7
    assert "None is in this state now." in page(as_viewer, empty_bulk(bulk.asked_by), "?show=failed")


def empty_bulk(by: User) -> Bulk:
    merchant = make_merchant()
    wish = Wish("latest", reason="Another")
    return bulks.ask_for_many([merchant.pk], wish, by=by, now=timezone.now(), may_many=True).bulk


def test_there_is_none_with_another_id(as_viewer: Client) -> None:
    for path in ("", "live/", "results.csv"):
        assert as_viewer.get(f"/bulk/{uuid.uuid4()}/{path}").status_code == 404


def test_it_is_told_in_pages_that_hold_each_merchant_once(as_viewer: Client, lead: User) -> None:
    for number in range(60):
        make_merchant(name=f"Shop {number:02}")
    keys = list(Merchant.objects.values_list("pk", flat=True))
    wish = Wish("latest", reason="Many")
    bulk = bulks.ask_for_many(keys, wish, by=lead, now=timezone.now(), may_many=True).bulk
    first = page(as_viewer, bulk)
    link = re.search(r'href="(\?after=[^"]+)" rel="next"', first)
    assert link
    assert names(first) + names(page(as_viewer, bulk, link[1])) == [
        f"Shop {number:02}" for number in range(60)
    ]


class TestPolling:
    @pytest.fixture(autouse=True)
    def living_house(self, db: None) -> None:
        for part in heartbeats.PARTS:
            heartbeats.beat(part, host="here", pid=1)

    def test_a_poll_without_news_is_204_and_three_queries(
        self, as_viewer: Client, bulk: Bulk, memory: None
    ) -> None:
        html = page(as_viewer, bulk)
        with CaptureQueriesContext(connection) as captured:
            assert poll(as_viewer, html).status_code == 204
        assert len(captured) == 3

    def test_news_of_others_is_worked_out_once_and_then_204_too(
        self, as_viewer: Client, bulk: Bulk, memory: None
    ) -> None:
        html = page(as_viewer, bulk)
        make_request(make_merchant())
        assert poll(as_viewer, html).status_code == 204
        with CaptureQueriesContext(connection) as captured:
            assert poll(as_viewer, html).status_code == 204
        assert len(captured) == 3

    def test_what_changed_comes_in_the_same_order_with_the_counts(
        self, as_viewer: Client, bulk: Bulk
    ) -> None:
        html = page(as_viewer, bulk)
        become(bulk, "A waits", State.SENDING)
        news = poll(as_viewer, html).content.decode()
        assert names(news) == names(html)
        assert counts(news)["Not sent yet"] == 0
        assert "6 of 7 sent" in news

    def test_rows_never_move_under_the_hand_and_a_link_brings_the_new_order(
        self, as_viewer: Client, bulk: Bulk
    ) -> None:
        html = page(as_viewer, bulk)
        assert "Refresh order" not in html
        become(bulk, "C runs", State.FAILED)
        news = poll(as_viewer, html).content.decode()
        assert names(news) == names(html)
        assert "Refresh order" in news
        assert names(page(as_viewer, bulk)).index("C runs") < names(html).index("C runs")

    def test_its_queries_do_not_grow_with_the_rows(self, as_viewer: Client, bulk: Bulk, lead: User) -> None:
        def queries(of: Bulk) -> int:
            with CaptureQueriesContext(connection) as captured:
                page(as_viewer, of)
            return len(captured)

        few = queries(bulk)
        for number in range(20):
            make_failing_merchant(5000, name=f"More {number}")
            make_merchant(name=f"More, cut off, {number}", statuses=("Linked", "PendingAuth"))
        keys = list(Merchant.objects.filter(name__startswith="More").values_list("pk", flat=True))
        wish = Wish("latest", reason="More")
        more = bulks.ask_for_many(keys, wish, by=lead, now=timezone.now(), may_many=True).bulk
        assert queries(more) <= few
        # Of those that ended, one each for the failures before, the platforms and the days.
        assert few <= 16

    @pytest.mark.parametrize("rows", ["", "a,b", "9" * 30, "-1", ",".join(["1"] * 5000)])
    def test_odd_rows_break_nothing(self, as_viewer: Client, bulk: Bulk, rows: str) -> None:
        assert as_viewer.get(f"/bulk/{bulk.pk}/live/", {"rows": rows}, headers=HTMX).status_code == 200


class TestStopping:
    def test_who_may_ask_stops_what_is_not_sent_yet(self, as_support: Client, bulk: Bulk) -> None:
        assert 'id="stop-sending"' in page(as_support, bulk)
        response = as_support.post(f"/bulk/{bulk.pk}/stop/", follow=True)
        html = response.content.decode()
        assert "Stopped: 1 not sent yet is cancelled." in html
        assert counts(html)["Not sent yet"] == 0
        assert 'id="stop-sending"' not in html
        assert "Stopped by Priya Nair" in html

    def test_pressed_too_late_it_says_so(self, as_support: Client, bulk: Bulk) -> None:
        become(bulk, "A waits", State.SENDING)
        response = as_support.post(f"/bulk/{bulk.pk}/stop/", follow=True)
        assert "Too late: all of it is sent already." in response.content.decode()

    def test_a_viewer_has_no_button_and_is_refused(self, as_viewer: Client, bulk: Bulk) -> None:
        assert 'id="stop-sending"' not in page(as_viewer, bulk)
        assert as_viewer.post(f"/bulk/{bulk.pk}/stop/").status_code == 403
        assert bulk.requests.filter(state=State.QUEUED).exists()

    def test_an_address_alone_stops_nothing(self, as_support: Client, bulk: Bulk) -> None:
        assert as_support.get(f"/bulk/{bulk.pk}/stop/").status_code == 302
        assert bulk.requests.filter(state=State.QUEUED).exists()


def test_the_file_holds_everybody_whom_it_was_meant_for(as_viewer: Client, bulk: Bulk) -> None:
    told = {line["Merchant"]: line for line in lines(as_viewer, f"/bulk/{bulk.pk}/results.csv")}
    assert len(told) == 8
    assert told["F failed"]["State"] == "Could not write data"
    assert told["A waits"]["State"] == "Saved"
    assert told["H is cut off"]["State"] == "Not asked for"
    assert "is not linked" in told["H is cut off"]["Result"]


def pills(html: str) -> dict[str, str]:
    """How many of a bulk are in which state, as its row in Requests shows it."""
    return dict(re.findall(r'</svg>([^<]+) <span class="num">([\d,]+)</span></span>', html))


class TestInRequests:
    def test_a_bulk_is_one_row_that_tells_how_far_it_is(self, as_viewer: Client, bulk: Bulk) -> None:
        single = make_request(make_merchant(name="A single press"))
        html = as_viewer.get("/requests/").content.decode()
        assert names(html) == ["A single press", "7 merchants"]
        assert "5 of 7 sent" in html
        assert pills(html) == {
            "Synced": "1",
            "Failed": "1",
            "No answer yet": "1",
            "Codat is working": "2",
            "Not sent yet": "1",
            "Cancelled or never ran": "1",
        }
        assert f'href="/bulk/{bulk.pk}/"' in html
        assert f'id="request-{single.pk}"' in html

    def test_its_row_is_told_of_each_result(self, as_viewer: Client, bulk: Bulk) -> None:
        html = as_viewer.get("/requests/").content.decode()
        become(bulk, "C runs", State.SUCCEEDED)
        news = poll(as_viewer, html).content.decode()
        assert pills(news)["Synced"] == "2"
        assert names(news) == ["7 merchants"]

    def test_its_row_is_asked_about_often_until_the_last_result_is_in(
        self, as_viewer: Client, bulk: Bulk
    ) -> None:
        become(bulk, "A waits", State.CANCELLED)
        assert 'hx-trigger="every 5s, wake"' in as_viewer.get("/requests/").content.decode()
        for name in ("B is sent", "C runs"):
            become(bulk, name, State.SUCCEEDED)
        SyncRequest.objects.filter(state=State.UNCERTAIN).update(state=State.NEEDS_REVIEW)
        assert 'hx-trigger="every 15s, wake"' in as_viewer.get("/requests/").content.decode()

    @pytest.mark.parametrize("query", ["?state=failed", "?merchant=F+failed"])
    def test_who_looks_for_some_of_them_gets_these(self, as_viewer: Client, bulk: Bulk, query: str) -> None:
        html = as_viewer.get(f"/requests/{query}").content.decode()
        assert "F failed" in names(html)
        assert "one of many" in html

    def test_the_rows_of_many_bulks_cost_one_query_more(self, as_viewer: Client, lead: User) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert as_viewer.get("/requests/").status_code == 200
            return len(captured)

        make_request(make_merchant())
        without = queries()
        empty_bulk(lead)
        assert queries() == without + 1
        for _ in range(10):
            empty_bulk(lead)
        assert queries() == without + 1

    def test_a_page_of_the_list_holds_as_many_rows_as_ever(self, as_viewer: Client, lead: User) -> None:
        for number in range(60):
            make_request(make_merchant(name=f"Single {number}"))
        for number in range(60):
            make_merchant(name=f"Of the bulk {number}")
        keys = list(Merchant.objects.filter(name__startswith="Of").values_list("pk", flat=True))
        wish = Wish("latest", reason="Many")
        bulks.ask_for_many(keys, wish, by=lead, now=timezone.now(), may_many=True)
        shown = names(as_viewer.get("/requests/").content.decode())
        assert len(shown) == 50
        assert shown[0] == "60 merchants"

    def test_the_case_of_one_leads_to_its_bulk(self, as_viewer: Client, bulk: Bulk) -> None:
        request = bulk.requests.all()[0]
        assert f'href="/bulk/{bulk.pk}/"' in as_viewer.get(f"/requests/{request.pk}/").content.decode()


def test_a_press_for_one_merchant_leads_to_no_bulk(as_viewer: Client) -> None:
    make_request(make_merchant(), asked_by=make_user())
    assert "/bulk/" not in as_viewer.get("/requests/").content.decode()
