"""All syncs and Activity stand as they were read: they say as of when, and offer what is newer."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from syncs.models import Activity, Freeze, Merchant, Sync, User
from syncs.operations import freezing, heartbeats, log
from syncs.views import as_of
from tests.conftest import NOON
from tests.factories import make_merchant, make_sync
from tests.test_health_live import changed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved")]
MINUTE = timedelta(minutes=1)
LISTS = ["/syncs/", "/activity/"]


@pytest.fixture(autouse=True)
def clock_lives() -> None:
    heartbeats.beat(heartbeats.CLOCK)


def line(html: str) -> str:
    found = re.search(r'<p class="toolbar sm" id="standing".*?</p>', html, re.DOTALL)
    assert found
    return found[0]


def said(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", line(html)).split())


def poll(client: Client, html: str) -> HttpResponse:
    found = re.search(r'hx-get="([^"]+)"', line(html))
    assert found
    return client.get(unescape(found[1]), headers={"HX-Request": "true"})


def comes(path: str, minutes: float = 0, *, of: Merchant | None = None) -> None:
    """Something that this list shows, so many minutes after noon."""
    merchant, at = of or make_merchant(), NOON + minutes * MINUTE
    if path == "/syncs/":
        make_sync(merchant, 2000, at)
        changed(merchant)
    else:
        log.record("note.added", "Added a note", merchant=merchant, at=at)


@pytest.mark.parametrize("path", LISTS)
def test_they_say_when_they_were_read_in_the_readers_zone(as_viewer: Client, viewer: User, path: str) -> None:
    assert said(as_viewer.get(path).text) == "As of 17 Jun, 13:00"
    viewer.time_zone = "Asia/Tokyo"
    viewer.save()
    comes(path)
    assert said(as_viewer.get(path).text) == "As of 17 Jun, 21:00"


@pytest.mark.parametrize("path", LISTS)
def test_while_nothing_comes_a_poll_brings_nothing(as_viewer: Client, path: str) -> None:
    comes(path)
    assert poll(as_viewer, as_viewer.get(path).text).status_code == 204


@pytest.mark.parametrize("path", LISTS)
def test_what_is_newer_is_counted_and_offered_and_no_row_is_sent(
    as_viewer: Client, moved: time_machine.Traveller, path: str
) -> None:
    comes(path, -5)
    html = as_viewer.get(path).text
    moved.shift(2 * MINUTE)
    comes(path, 1)
    news = poll(as_viewer, html).text
    word = "sync" if path == "/syncs/" else "entry"
    assert said(news) == f"As of 17 Jun, 13:00 1 newer {word}. Show it"
    assert f'<a class="link" id="show-newer" href="{path}?">' in news
    assert "<tr" not in news
    assert poll(as_viewer, news).status_code == 204
    comes(path, 2)
    assert f"2 newer {word[:4]}" in said(poll(as_viewer, news).text)


@pytest.mark.parametrize("path", LISTS)
def test_of_an_empty_list_all_that_comes_is_newer(as_viewer: Client, path: str) -> None:
    html = as_viewer.get(path).text
    comes(path, 1)
    assert "1 newer" in said(poll(as_viewer, html).text)


@pytest.mark.parametrize("path", LISTS)
def test_only_what_passes_the_filters_counts(as_viewer: Client, path: str) -> None:
    wren = make_merchant(name="Wren")
    html = as_viewer.get(f"{path}?merchant=wren").text
    comes(path, 1)
    assert poll(as_viewer, html).status_code == 204
    comes(path, 2, of=wren)
    news = poll(as_viewer, html).text
    assert "1 newer" in said(news)
    assert f'href="{path}?merchant=wren"' in news


@pytest.mark.parametrize("path", LISTS)
def test_an_older_page_says_only_when_it_was_read(as_viewer: Client, path: str) -> None:
    for minute in range(102):
        comes(path, -minute)
    older = re.search(r'href="(\?after=[^"]+)" rel="next"', as_viewer.get(path).text)
    assert older
    page = as_viewer.get(path + unescape(older[1])).text
    assert said(page) == "As of 17 Jun, 13:00"
    assert "hx-get" not in line(page)


def test_neither_does_activity_that_begins_with_one_entry(as_viewer: Client) -> None:
    comes("/activity/", -9)
    entry = Activity.objects.get()
    comes("/activity/", -1)
    assert "hx-get" not in line(as_viewer.get(f"/activity/?entry={entry.pk}").text)


def test_an_entry_that_moves_no_other_list_is_found(as_viewer: Client, admin_user: User) -> None:
    html = as_viewer.get("/activity/").text
    log.record("user.role", "Gave Priya the role support", actor=admin_user, at=NOON + MINUTE)
    assert "1 newer entry" in said(poll(as_viewer, html).text)


@pytest.mark.parametrize("path", LISTS)
def test_a_notice_comes_with_it_while_the_page_is_open(
    as_viewer: Client, moved: time_machine.Traveller, path: str
) -> None:
    html = as_viewer.get(path).text
    moved.shift(2 * MINUTE)
    heartbeats.beat(heartbeats.CLOCK)
    freezing.freeze(Freeze.Cause.PERSON, now=NOON, reason="Codat asked us to pause")
    assert "Sending is frozen." in poll(as_viewer, html).text


@pytest.mark.parametrize("path", LISTS)
def test_of_more_than_are_looked_at_it_says_so(
    as_viewer: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(as_of, "NEWEST", 2)
    html = as_viewer.get(path).text
    for minute in range(3):
        comes(path, minute)
    assert "2+ newer" in said(poll(as_viewer, html).text)


@pytest.mark.parametrize("path", LISTS)
def test_a_poll_asks_as_often_for_many_as_for_one(as_viewer: Client, path: str) -> None:
    html = as_viewer.get(path).text

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert "newer" in poll(as_viewer, html).text
        return len(captured)

    comes(path, 1)
    few = asked()
    for minute in range(2, 20):
        comes(path, minute)
    assert asked() == few <= 5


@pytest.mark.parametrize(
    "query", ["", "top=x&read=x&v=x&at=x", "read=999999999999", "read=٣", "read=0", "result=x"]
)
@pytest.mark.parametrize("path", LISTS)
def test_an_odd_poll_is_no_error(as_viewer: Client, path: str, query: str) -> None:
    comes(path)
    assert as_viewer.get(f"{path}newer/?{query}").status_code == 200


@pytest.mark.parametrize("path", LISTS)
def test_nobody_asks_without_signing_in(client: Client, path: str) -> None:
    assert client.get(f"{path}newer/").status_code == 302
    assert Sync.objects.count() == 0


@pytest.mark.parametrize("path", LISTS)
def test_none_of_them_claims_to_be_live(as_viewer: Client, path: str) -> None:
    assert "data-stands" in line(as_viewer.get(path).text)
