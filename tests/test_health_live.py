import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Merchant, User
from syncs.operations import heartbeats
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_merchant, make_request

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stopped_clock() -> object:
    """At noon: a test must not fall over the edge of a day, and goes through minutes at will."""
    with time_machine.travel(timezone.now().replace(hour=12, second=10), tick=False) as clock:
        yield clock


def poll_of(html: str) -> str:
    found = re.findall(r'id="(?:poll|rows)" hx-get="([^"]+)"', html)
    assert len(found) == 1
    return unescape(found[0])


def names(html: str) -> list[str]:
    return re.findall(r'class="name"[^>]*>([^<]*)<', html)


def swapped(html: str) -> list[str]:
    """The ids of what a poll's answer puts in the place of what a page shows, in its order."""
    return re.findall(r'id="([^"]+)"[^>]*? hx-swap-oob="true"', html)


def changed(merchant: Merchant, **columns: object) -> None:
    """As a refresh leaves a merchant whose page would look different."""
    Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1, **columns)


def first_page(client: Client, url: str = "/") -> str:
    return client.get(url).content.decode()


def test_a_poll_with_nothing_new_gets_204_and_no_body(as_viewer: Client) -> None:
    make_merchant()
    answer = as_viewer.get(poll_of(first_page(as_viewer)))
    assert answer.status_code == 204
    assert not answer.content


def test_a_changed_merchant_comes_with_its_row_the_tiles_and_the_next_polls_version(
    as_viewer: Client,
) -> None:
    merchant = make_merchant(name="Tidewater")
    poll = poll_of(first_page(as_viewer))
    changed(merchant, health="failing", last_code=5000)
    answer = as_viewer.get(poll)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Codat server error" in html
    assert re.search(r'id="tiles"[^>]*hx-swap-oob="true"', html)
    assert as_viewer.get(poll_of(html)).status_code == 204


def test_a_new_merchant_is_told_by_the_tiles_even_when_it_is_on_another_page(as_viewer: Client) -> None:
    make_merchant()
    poll = poll_of(first_page(as_viewer))
    make_merchant()
    assert as_viewer.get(poll).status_code == 200


def test_rows_never_move_under_the_cursor_and_the_page_says_that_the_order_changed(as_viewer: Client) -> None:
    worst = make_failing_merchant(name="Worst", silent_since=timezone.now() - timedelta(days=9))
    make_failing_merchant(name="Bad", silent_since=timezone.now() - timedelta(days=3))
    make_merchant(name="Fine")
    poll = poll_of(first_page(as_viewer, "/?sort=success"))
    changed(worst, health="healthy", last_code=2000, silent_since=timezone.now())
    html = as_viewer.get(poll).content.decode()
    assert names(html) == ["Worst"]
    assert f"row-{worst.pk}" in swapped(html), "in its place"
    assert "1 row changed." in html
    assert "Refresh order" in html
    assert names(first_page(as_viewer)) == ["Bad", "Fine", "Worst"]


def test_a_row_that_left_its_tile_stays_and_stays_live(as_viewer: Client) -> None:
    merchant = make_failing_merchant(name="Mended")
    poll = poll_of(first_page(as_viewer, "/?health=failing"))
    changed(merchant, health="healthy", last_code=2000)
    html = as_viewer.get(poll).content.decode()
    assert names(html) == ["Mended"]
    changed(merchant, running_since=timezone.now(), running_code=1000)
    assert "Running" in as_viewer.get(poll_of(html)).content.decode()


def test_a_request_by_a_colleague_shows_and_makes_the_page_look_every_five_seconds(as_viewer: Client) -> None:
    merchant = make_failing_merchant()
    html = first_page(as_viewer)
    assert 'hx-trigger="every 15s, wake"' in html
    make_request(merchant)
    changed(merchant)
    assert 'hx-trigger="every 5s, wake"' in as_viewer.get(poll_of(html)).content.decode()


def test_what_did_not_change_does_not_come(as_viewer: Client) -> None:
    merchants = [make_failing_merchant() for _ in range(3)]
    poll = poll_of(first_page(as_viewer))
    changed(merchants[1], last_message="Another one")
    html = as_viewer.get(poll).text
    assert names(html) == [merchants[1].name]
    following = poll_of(html)
    assert as_viewer.get(following).status_code == 204
    changed(merchants[2], last_message="One more")
    assert names(as_viewer.get(following).text) == [merchants[2].name]


def test_an_answer_without_a_changed_row_brings_nothing_that_would_stay_behind(as_viewer: Client) -> None:
    """htmx takes away only a template that it found something in."""
    make_merchant(name="Aardvark")
    poll = poll_of(first_page(as_viewer, "/?q=aard"))
    make_failing_merchant()
    html = as_viewer.get(poll).text
    assert "tiles" in swapped(html)
    assert "<template" not in html


def test_a_row_says_how_old_it_is_though_nothing_was_written(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    make_merchant(name="Fresh")
    make_merchant(name="Grows old", refreshed_at=timezone.now() - timedelta(minutes=59, seconds=30))
    poll = poll_of(first_page(as_viewer))
    stopped_clock.shift(timedelta(seconds=40))
    assert as_viewer.get(poll).status_code == 204
    stopped_clock.shift(timedelta(seconds=20))
    html = as_viewer.get(poll).text
    assert names(html) == ["Grows old"]
    assert re.search(r"as of <time[^>]*>1 h ago<", html)


def test_at_midnight_every_row_is_told_anew(viewer: User, stopped_clock: time_machine.Traveller) -> None:
    """ "Today" and "5 h ago" are another day's words then."""
    stopped_clock.move_to(timezone.localtime().replace(hour=23, minute=59, second=30))
    for _ in range(3):
        make_merchant(last_success_at=timezone.now() - timedelta(hours=5), refreshed_at=timezone.now())
    at_night = signed_in(viewer)
    poll = poll_of(first_page(at_night))
    stopped_clock.shift(timedelta(seconds=60))
    html = at_night.get(poll).text
    assert html.count("Yesterday") == 3
    assert at_night.get(poll_of(html)).status_code == 204


def test_minutes_that_pass_are_no_news(as_viewer: Client, stopped_clock: time_machine.Traveller) -> None:
    """ "14 min ago" grows old in the browser."""
    make_failing_merchant()
    poll = poll_of(first_page(as_viewer))
    for _ in range(3):
        stopped_clock.shift(timedelta(minutes=2))
        assert as_viewer.get(poll).status_code == 204


def test_a_worker_that_falls_silent_is_told_to_open_pages(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    for part in heartbeats.PARTS:
        heartbeats.beat(part, host="here", pid=1)
    poll = poll_of(first_page(as_viewer))
    stopped_clock.shift(timedelta(minutes=2))
    html = as_viewer.get(poll).content.decode()
    assert "Nothing is being sent." in html
    assert re.search(r'id="banners"[^>]*hx-swap-oob="true"', html)


@pytest.mark.parametrize("url", ["/", "/?sort=name", "/?sort=fuse", "/?q=merchant&code=2000"])
def test_every_list_polls_for_itself(as_viewer: Client, url: str) -> None:
    make_merchant()
    assert as_viewer.get(poll_of(first_page(as_viewer, url))).status_code == 204


@pytest.mark.parametrize(
    "query",
    [
        "rows=&v=",
        "rows=a,b.,%00&v=x",
        "rows=" + "9" * 4000,
        "rows=-1.00000000,1e3.00000000,٣.00000000,1.zzzzzzzz",
        "after=x&rows=1.00000000,1.11111111",
        "rows=9999999999999999999.00000000&at=" + "9" * 400,
        "rows=&v=x-y&at=٣",
    ],
)
def test_a_poll_that_makes_no_sense_is_answered_all_the_same(as_viewer: Client, query: str) -> None:
    make_merchant()
    assert as_viewer.get(f"/health/live/?{query}").status_code == 200


def test_a_poll_that_finds_nothing_new_asks_little_of_the_database(as_viewer: Client) -> None:
    for _ in range(20):
        make_failing_merchant()
    poll = poll_of(first_page(as_viewer))
    with CaptureQueriesContext(connection) as captured:
        assert as_viewer.get(poll).status_code == 204
    assert len(captured) <= 10
