"""The API budget in the top bar of every page: what is used, and why calls stand still when they do."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from redis import Redis

from syncs import clients, meter
from syncs.clients import shared_budget
from syncs.codat.budget import BudgetState
from syncs.codat.pace import Purpose
from syncs.codat.quota import Quota
from syncs.codat.shared_budget import SharedBudget

NOON = datetime.fromisoformat("2026-06-17T12:00:00+01:00")
OURS = ("/", "/syncs/", "/requests/", "/requests/review/", "/activity/", "/sending/", "/profile/")
FINE = BudgetState(4_003_000, 3_988_788, NOON + timedelta(hours=13), None, 800, 412)

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def shown(client: Client, path: str = "/") -> str:
    """The meter's text on a page, and what it says to whom wants to know more."""
    page = client.get(path).content.decode()
    found = re.search(r'<div class="budget.*?</div>', page, re.DOTALL)
    assert found, path
    words = unescape(re.sub(r"<[^>]+>", " ", found[0]))
    explained = re.search(r'title="([^"]*)"', found[0])
    assert explained
    return " ".join(f"{words} | {unescape(explained[1])}".split())


@pytest.fixture
def spent(broker: Redis) -> SharedBudget:
    budget = shared_budget()
    budget.heard(Quota(4_003_000, 3_988_788, timezone.now() + timedelta(hours=2)))
    return budget


@pytest.mark.parametrize("path", OURS)
def test_every_page_shows_what_the_day_and_the_minute_have_used(
    as_lead: Client, spent: SharedBudget, path: str
) -> None:
    spent.take(Purpose.READ)
    assert shown(as_lead, path).startswith("API budget 14,212 of 4,003,000 1 of 800 a minute")


def test_the_bar_is_as_long_as_what_is_used() -> None:
    found = meter.meter(FINE, NOON)
    assert (found.used, found.most, found.width) == (14_212, 4_003_000, "0.4%")
    assert found.explained == (
        "In the last minute 412 of 800 a minute at most. 3,988,788 of 4,003,000 calls are left today; "
        "the count begins anew at 01:00."
    )


def test_before_codat_said_anything_it_is_the_minute_that_is_measured() -> None:
    found = meter.meter(BudgetState(None, None, None, None, 800, 200), NOON)
    assert (found.words, found.width, found.pace) == ("200 of 800 a minute", "25.0%", "")


def test_a_pause_is_said_with_its_end(as_viewer: Client, broker: Redis) -> None:
    shared_budget().slow_down(1800)
    until = timezone.localtime() + timedelta(seconds=1800)
    assert re.match(rf"API budget paused until .*{until:%H}:", shown(as_viewer))


def test_a_day_that_is_spent_is_a_pause_until_it_ends(noon: None) -> None:
    found = meter.meter(BudgetState(1000, 0, NOON + timedelta(hours=13), None, 800), NOON)
    assert (found.words, found.tone) == ("paused until 18 Jun, 01:00", "warn")


def test_what_stopped_codat_did_not_ask_for_when_it_is_the_day_that_is_spent(noon: None) -> None:
    found = meter.meter(BudgetState(1000, 0, NOON + timedelta(hours=13), None, 800), NOON)
    assert found.explained.startswith("The API budget for today is spent. What waits goes on by itself.")


@pytest.mark.parametrize(("left", "tone"), [(101, ""), (100, "warn"), (1, "warn")])
def test_a_day_whose_last_calls_are_kept_for_sends_has_stopped_refreshing(
    noon: None, left: int, tone: str
) -> None:
    found = meter.meter(BudgetState(11_000, left, NOON + timedelta(hours=13), None, 800), NOON)
    assert found.tone == tone
    if tone:
        assert found.words == "refreshing stopped until 18 Jun, 01:00"
        assert found.explained == (
            "The API budget for today is nearly spent: what is left is kept for sync requests. Refreshing goes on "
            f"by itself. {left} of 11,000 calls are left today; the count begins anew at 01:00."
        )


def test_every_page_says_so(as_viewer: Client, broker: Redis) -> None:
    shared_budget().heard(Quota(11_000, 100, timezone.now() + timedelta(hours=2)))
    assert shown(as_viewer).startswith("API budget refreshing stopped until ")
    assert 'class="budget t-warn"' in as_viewer.get("/").content.decode()


def test_without_redis_it_says_so_and_that_refreshing_has_stopped(as_viewer: Client, no_broker: None) -> None:
    said = shown(as_viewer)
    assert said.startswith("API budget not known, the queue is down")
    assert "Refreshing has stopped. What is asked for is saved, sent one by one" in said


def test_a_redis_that_keeps_silent_is_asked_once_in_ten_seconds_and_never_for_long(
    as_viewer: Client, silent_broker: None
) -> None:
    with mock.patch.object(SharedBudget, "state", autospec=True, side_effect=SharedBudget.state) as asked:
        for _ in range(3):
            assert "the queue is down" in shown(as_viewer)
    assert asked.call_count == 1
    options = clients.impatient_redis().connection_pool.connection_kwargs
    assert options["socket_timeout"] + options["socket_connect_timeout"] < 0.5
    assert options["retry"].get_retries() == 0


def test_all_pages_of_two_seconds_share_one_question(as_viewer: Client, spent: SharedBudget) -> None:
    with mock.patch.object(SharedBudget, "state", autospec=True, side_effect=SharedBudget.state) as asked:
        for path in OURS[:3]:
            shown(as_viewer, path)
        assert asked.call_count == 1
        meter._memory()._good_until = 0
        shown(as_viewer)
    assert asked.call_count == 2


def test_it_is_one_call_to_redis_and_no_query(
    spent: SharedBudget, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    redis = clients.impatient_redis()
    meter._memory().state()
    meter._memory()._good_until = 0
    with (
        django_assert_num_queries(0),
        mock.patch.object(redis, "execute_command", wraps=redis.execute_command) as asked,
    ):
        assert meter._memory().state().limit == 4_003_000
    assert asked.call_count == 1


def test_a_poll_without_news_asks_for_nothing(as_viewer: Client, spent: SharedBudget) -> None:
    page = as_viewer.get("/").content.decode()
    address = unescape(re.search(r'hx-get="([^"]*live[^"]*)"', page)[1])  # type: ignore[index]
    with mock.patch.object(meter, "_memory", side_effect=AssertionError):
        assert as_viewer.get(address, headers={"HX-Request": "true"}).status_code == 204


def test_a_poll_with_news_brings_the_meter_along(as_viewer: Client, spent: SharedBudget) -> None:
    news: Any = as_viewer.get("/health/live/?v=old", headers={"HX-Request": "true"})
    assert 'id="budget"' in news.content.decode()
    assert news.content.decode().count("hx-swap-oob") >= 2


@pytest.mark.parametrize(("path", "poller"), [("/", "poll"), ("/requests/", "rows")])
def test_an_open_list_is_told_once_a_minute_though_nothing_else_happens(
    as_viewer: Client, spent: SharedBudget, path: str, poller: str
) -> None:
    def poll_of(html: str) -> str:
        return unescape(re.findall(rf'id="{poller}" hx-get="([^"]+)"', html)[0])

    with mock.patch.object(meter, "GOOD_FOR", 0), time_machine.travel(NOON, tick=False) as clock:
        poll = poll_of(as_viewer.get(path).text)
        spent.take(Purpose.READ)
        clock.shift(timedelta(seconds=59))
        assert as_viewer.get(poll).status_code == 204
        clock.shift(timedelta(seconds=1))
        answer = as_viewer.get(poll)
        assert "1 of 800 a minute" in answer.text
        assert re.search(r'id="budget"[^>]*hx-swap-oob="true"', answer.text)
        clock.shift(timedelta(seconds=61))
        assert as_viewer.get(poll_of(answer.text)).status_code == 204


def test_the_sign_in_page_shows_none(client: Client, broker: Redis) -> None:
    assert 'id="budget"' not in client.get("/sign-in/").content.decode()
