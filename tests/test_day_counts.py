"""The days of All syncs say how many syncs began on them, of all and of those that pass the filters."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.views import day_counts
from tests.factories import make_merchant, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)


@pytest.fixture
def ran(db: None) -> None:
    merchant = make_merchant()
    for number in range(3):
        make_sync(merchant, 2000, timezone.now() - timedelta(minutes=number))
    make_sync(merchant, 5130, timezone.now() - timedelta(minutes=9))
    for code in (5130, 5130, 2000):
        make_sync(merchant, code, timezone.now() - DAY)


def counts(client: Client, query: str = "") -> dict[str, str]:
    """As the page asks for them, by the day that they belong to."""
    html = client.get(f"/syncs/{query}").text
    (address,) = re.findall(r'hx-get="(/syncs/day-counts/[^"]*)"', html)
    days = re.findall(r'<span id="count-([\d-]+)"></span>', html)
    answer = client.get(address.replace("&amp;", "&"))
    assert answer.status_code == 200
    told = dict(re.findall(r'id="count-([\d-]+)"[^>]*>([^<]*)<', answer.text))
    assert list(told) == days
    return told


def test_each_day_on_the_page_says_how_many_began_on_it(as_viewer: Client, ran: None) -> None:
    assert counts(as_viewer) == {"2026-06-17": "4 so far", "2026-06-16": "3"}


def test_with_a_filter_it_says_of_how_many(as_viewer: Client, ran: None) -> None:
    assert counts(as_viewer, "?result=failed") == {"2026-06-17": "1 of 4 so far", "2026-06-16": "2 of 3"}
    assert counts(as_viewer, "?day=2026-06-16") == {"2026-06-16": "3"}


def test_many_are_not_counted_to_the_last(
    as_viewer: Client, ran: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_counts, "COUNTED", 2)
    assert counts(as_viewer, "?result=synced") == {"2026-06-17": "over 2 of 4 so far", "2026-06-16": "1 of 3"}


def test_the_days_are_the_readers(as_viewer: Client, viewer: Any) -> None:
    viewer.time_zone = "Asia/Tokyo"
    viewer.save()
    make_sync(make_merchant(), 2000, datetime.fromisoformat("2026-06-16T16:00+00:00"))
    assert counts(as_viewer) == {"2026-06-17": "1 so far"}


@pytest.mark.parametrize("days", ["", "x,2026-13-01,,\0", "0001-01-01,9999-12-31", "20260617", "," * 500])
def test_what_is_no_day_is_left_out(as_viewer: Client, days: str) -> None:
    answer = as_viewer.get("/syncs/day-counts/", {"days": days})
    assert (answer.status_code, answer.text.strip()) == (200, "")


def test_a_page_of_many_days_asks_for_the_first_few(as_viewer: Client) -> None:
    merchant = make_merchant()
    for number in range(9):
        make_sync(merchant, 2000, timezone.now() - number * DAY)
    html = as_viewer.get("/syncs/").text
    (address,) = re.findall(r'hx-get="(/syncs/day-counts/[^"]*)"', html)
    assert as_viewer.get(address.replace("&amp;", "&")).text.count("hx-swap-oob") == 7


def test_an_empty_list_asks_for_none(as_viewer: Client) -> None:
    assert "day-counts" not in as_viewer.get("/syncs/").text


def test_who_is_not_signed_in_is_asked_to(client: Client) -> None:
    assert client.get("/syncs/day-counts/").status_code == 302
