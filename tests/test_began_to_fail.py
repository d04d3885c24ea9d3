"""Who began to fail since some day: the filter of Sync health, and the hand-over that leads to it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.alerts import digests, scope
from syncs.models import AlertRule, Delivery, Merchant, SavedView, User
from syncs.operations import caring
from tests.alerting import becomes, make_digest
from tests.conftest import NOON, signed_in
from tests.factories import make_failing_merchant, make_merchant
from tests.test_handover import part
from tests.test_health_filters import notes
from tests.test_health_live import poll_of
from tests.test_health_page import names, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved")]
HOUR = timedelta(hours=1)


def fails_since(name: str, at: datetime | None, **columns: Any) -> Merchant:
    return make_failing_merchant(name=name, began_to_fail_at=at, **columns)


def listed(client: Client, query: str) -> list[str]:
    return sorted(names(page(client, f"/?{query}")))


@pytest.mark.parametrize(
    ("span", "listed_"),
    [
        ("today", ["Tonight"]),
        ("yesterday", ["Last evening", "Tonight"]),
        ("24h", ["Last evening", "Tonight"]),
        ("7d", ["Last evening", "Some days ago", "Tonight"]),
        ("14d", ["Last evening", "Some days ago", "Tonight"]),
        ("31d", ["Last evening", "Long ago", "Some days ago", "Tonight"]),
        ("2026-06-16T22:00:00Z", ["Last evening", "Tonight"]),
        ("2026-06-16T22:00:01Z", ["Tonight"]),
    ],
)
def test_it_lists_who_began_in_that_span(as_viewer: Client, span: str, listed_: list[str]) -> None:
    # In London the day begins at 23:00 UTC.
    fails_since("Tonight", NOON - 13 * HOUR)
    fails_since("Last evening", NOON - 14 * HOUR)
    fails_since("Some days ago", NOON - 5 * 24 * HOUR)
    fails_since("Long ago", NOON - 30 * 24 * HOUR)
    fails_since("Nobody knows since when", None)
    make_merchant(name="Healthy")
    assert listed(as_viewer, f"began={span}") == listed_


def test_the_day_is_the_readers(as_viewer: Client, viewer: User) -> None:
    fails_since("Last evening", NOON - 14 * HOUR)
    viewer.time_zone = "America/New_York"
    viewer.save()
    assert listed(as_viewer, "began=today") == []
    viewer.time_zone = "Asia/Tokyo"
    viewer.save()
    assert listed(as_viewer, "began=today") == ["Last evening"]


def test_whoever_was_switched_off_or_disconnected_meanwhile_is_among_them(as_viewer: Client) -> None:
    for word in ("failing", "needs_reconnect", "switched_off"):
        fails_since(word, NOON - HOUR, health=word)
    assert listed(as_viewer, "began=today") == ["failing", "needs_reconnect", "switched_off"]
    assert listed(as_viewer, "began=today&health=needs_reconnect") == ["needs_reconnect"]


@pytest.mark.parametrize("sort", ["success", "name", "fuse", "-success", "-name", "-fuse"])
def test_it_goes_with_each_order_and_with_the_other_filters(as_viewer: Client, sort: str) -> None:
    fails_since("Both", NOON - HOUR, code=5130)
    fails_since("Other code", NOON - HOUR, code=5000)
    fails_since("Before", NOON - 99 * HOUR, code=5130)
    assert listed(as_viewer, f"began=today&code=5130&sort={sort}") == ["Both"]


def test_it_says_what_is_chosen_and_how_many_there_are(as_viewer: Client) -> None:
    fails_since("Tonight", NOON - HOUR)
    html = page(as_viewer, "/?began=yesterday")
    assert '<option value="yesterday" selected>Began to fail: since yesterday</option>' in html
    assert "1 merchant" in re.findall(r'id="count"[^>]*>([^<]*)<', html)[0]
    assert "Clear</a>" in html
    at = page(as_viewer, "/?began=2026-06-16T22:00:00Z")
    assert "selected>Began to fail: since 16 Jun, 23:00</option>" in at
    assert "since 16 Jun" not in html


@pytest.mark.parametrize(
    "value", ["tomorrow", "8d", "2026-06-16", "2026-6-16T22:00:00Z", "1026-06-16T22:00:00Z", "٧d", "<b>"]
)
def test_a_span_that_there_is_not_is_ignored_and_said(as_viewer: Client, value: str) -> None:
    make_merchant(name="Still here")
    html = as_viewer.get("/", {"began": value}).text
    assert names(html) == ["Still here"]
    assert [unescape(note) for note in notes(html)] == [
        f"“{value}” is not a day or a moment since which anybody fails. It was ignored."
    ]


def test_the_list_polls_for_itself_and_its_tiles_its_columns_and_its_file_keep_it(as_viewer: Client) -> None:
    fails_since("Tonight", NOON - HOUR)
    fails_since("Before", NOON - 99 * HOUR)
    html = page(as_viewer, "/?began=24h")
    assert "began=24h" in poll_of(html)
    assert as_viewer.get(poll_of(html)).status_code == 204
    assert '<input type="hidden" name="began" value="24h">' in html[html.index('id="tiles"') :]
    assert 'href="/?began=24h&amp;sort=name"' in html
    file = as_viewer.get("/health.csv?began=24h").getvalue().decode()
    assert "Tonight" in file
    assert "Before" not in file


def test_a_saved_view_keeps_the_span_and_not_its_days(viewer: User, moved: time_machine.Traveller) -> None:
    signed_in(viewer).post("/views/", {"page": "health", "name": "New ones", "query": "began=today"})
    moved.shift(24 * HOUR)
    fails_since("Tomorrow", NOON + 23 * HOUR)
    fails_since("Today", NOON - HOUR)
    assert listed(signed_in(viewer), SavedView.objects.get().query) == ["Tomorrow"]


def test_it_asks_no_question_more_than_any_filter(as_viewer: Client) -> None:
    for _ in range(3):
        fails_since("Shop", NOON - HOUR)

    def asked(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            page(as_viewer, url)
        return len(captured)

    assert asked("/?began=yesterday") == asked("/?code=5130")


def test_no_alert_rule_is_about_it() -> None:
    with pytest.raises(ValueError, match="“began” cannot be used here"):
        scope.checked("/?began=today")


# From the hand-over


def led_to(client: Client, text: str) -> list[str]:
    link = re.search(r"https://panel.example.com(/\?\S*began=\S+)", text)
    assert link
    return sorted(names(page(client, link[1])))


def told(text: str) -> list[str]:
    return sorted(re.findall(r"^- (.+?): ", text.partition("\n\nSwitched off")[0], re.MULTILINE))


def test_the_hand_over_leads_to_exactly_those_whom_it_names(as_viewer: Client, support: User) -> None:
    fails_since("Off", NOON - HOUR, health="switched_off")
    fails_since("Before", NOON - 25 * HOUR)
    becomes(make_merchant(name="Osprey"), "failing", 5000)
    caring.snooze(fails_since("Snoozed", NOON - HOUR), by=support, note="", until=NOON + HOUR, now=NOON)
    html = as_viewer.get("/hand-over/").text
    link = re.search(r'href="(/\?began=[^"]+)">2<span class="sr">, show them', html)
    assert link
    assert listed(as_viewer, link[1].removeprefix("/?")) == ["Off", "Osprey"]
    assert [line.partition(":")[0] for line in sorted(part("Began to fail"))] == ["Off", "Osprey"]


def test_the_mail_leads_to_those_whom_it_named_also_hours_later(
    as_viewer: Client, moved: time_machine.Traveller, settings: Any
) -> None:
    settings.PANEL_URL = "https://panel.example.com"
    rule = make_digest(merchants="commerce=Clover")
    eight = datetime(2026, 6, 17, 7, tzinfo=UTC)
    for name, since, commerce in (
        ("Mine", eight - HOUR, "Clover"),
        ("Theirs", eight - HOUR, "Shopify"),
        ("The day before", eight - 25 * HOUR, "Clover"),
    ):
        fails_since(name, since, commerce=commerce)
    text = digest(rule, eight)
    assert told(text) == ["Mine"]
    moved.shift(5 * HOUR)
    assert led_to(as_viewer, text) == ["Mine"]


@pytest.mark.parametrize("columns", [{"tag": "desk=night"}, {"merchants": "q=shop"}])
def test_where_the_list_shows_more_the_mail_says_so(settings: Any, columns: dict[str, str]) -> None:
    settings.PANEL_URL = "https://panel.example.com"
    eight = datetime(2026, 6, 17, 7, tzinfo=UTC)
    fails_since("Shop", eight - HOUR, tags={"desk": "night"})
    assert "All that began to fail: https://panel.example.com/?" in digest(make_digest(**columns), eight)


def digest(rule: AlertRule, at: datetime) -> str:
    with time_machine.travel(at, tick=False):
        digests.make_due(timezone.now())
    return Delivery.objects.get(rule=rule).text
