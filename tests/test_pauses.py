"""Calls to Codat are paused: every page says so, and nobody's request ends because of it."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from redis import Redis

from syncs.clients import shared_budget
from syncs.clock import Clock
from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.quota import Quota
from syncs.models import Pause
from syncs.operations import heartbeats, pauses
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.presses import asked, held_back, is_sent, stored, ticks
from tests.test_worker_beats import notices
from tests.upstream import CANARY, ERROR, NONE_YET, STARTED, posts

NOW = datetime.fromisoformat("2026-06-17T12:00:00Z")
MINUTE = timedelta(minutes=1)
# In the reader's zone: London, in summer.
PAUSED = "Calls to Codat are paused. Codat asked for it at 13:00, until 14:00 at the latest."

pytestmark = pytest.mark.django_db


def all_beat() -> None:
    for name in (*heartbeats.PARTS, heartbeats.QUEUE_TAKES):
        heartbeats.beat(name)


def about_the_pause(client: Client) -> list[str]:
    all_beat()
    return [notice for notice in notices(client) if "paused" in notice]


def test_every_page_says_since_when_and_until_when(moved: Any, as_viewer: Client) -> None:
    pauses.note(NOW + 60 * MINUTE, NOW)
    for path in ("/", "/requests/", "/activity/"):
        assert "Calls to Codat are paused" in as_viewer.get(path).content.decode()
    [notice] = about_the_pause(as_viewer)
    assert notice.startswith(PAUSED)
    moved.shift(20 * MINUTE)
    pauses.note(NOW + 60 * MINUTE, timezone.now())
    assert about_the_pause(as_viewer) == [notice]


def test_a_pause_that_is_over_is_told_no_more(moved: Any, as_viewer: Client) -> None:
    pauses.note(NOW + 60 * MINUTE, NOW)
    moved.shift(MINUTE)
    pauses.note(None, timezone.now())
    assert about_the_pause(as_viewer) == []
    moved.shift(MINUTE)
    pauses.note(timezone.now() + MINUTE, timezone.now())
    assert "13:02" in about_the_pause(as_viewer)[0]


def test_one_that_nobody_ended_ends_when_it_was_to(moved: Any, as_viewer: Client) -> None:
    pauses.note(NOW + 60 * MINUTE, NOW)
    moved.shift(61 * MINUTE)
    assert about_the_pause(as_viewer) == []


def test_readyz_says_it_too_and_stays_ready(broker: Redis, moved: Any, client: Client) -> None:
    all_beat()
    assert client.get("/readyz").json()["checks"]["calls to Codat"] == "fine"
    pauses.note(NOW + 60 * MINUTE, NOW)
    response = client.get("/readyz")
    said = "Paused since 17 Jun, 13:00:00 BST, until 17 Jun, 14:00:00 BST at the latest, as Codat asked."
    assert response.json()["checks"]["calls to Codat"] == said
    assert response.status_code == 200


def test_the_clock_notes_what_the_budget_of_all_says(broker: Redis, as_viewer: Client) -> None:
    shared_budget().slow_down(None)
    ticks(Clock())
    assert about_the_pause(as_viewer)
    shared_budget().resume()
    ticks(Clock())
    assert not about_the_pause(as_viewer)


def test_a_redis_that_comes_back_empty_is_told_of_the_pause_that_stands(broker: Redis) -> None:
    shared_budget().slow_down(3600)
    clock = Clock()
    ticks(clock)
    stood = Pause.objects.get().until
    broker.flushall()
    assert shared_budget().state().paused_until is None
    ticks(Clock())
    until = shared_budget().state().paused_until
    assert until is not None
    assert abs(until - stood) < MINUTE
    assert Pause.objects.get().until >= stood - MINUTE


def test_one_that_remembers_calls_knows_better_than_what_was_noted(broker: Redis) -> None:
    pauses.note(timezone.now() + 60 * MINUTE, timezone.now())
    shared_budget().heard(Quota(1000, 900, None))
    ticks(Clock())
    assert shared_budget().state().paused_until is None


def test_a_day_that_is_spent_is_a_pause_until_it_ends(broker: Redis, as_viewer: Client) -> None:
    shared_budget().heard(Quota(1000, 0, timezone.now() + timedelta(hours=3)))
    ticks(Clock())
    assert about_the_pause(as_viewer)


KEPT = (
    "The API budget for today is nearly spent. Refreshing has stood still since 13:00, until 16:00 at the latest: "
    "what is left is kept for sync requests."
)


def about_refreshing(client: Client) -> list[str]:
    all_beat()
    return [notice for notice in notices(client) if "Refreshing" in notice]


def test_every_page_says_since_when_refreshing_has_stopped_and_until_when(
    moved: Any, as_viewer: Client
) -> None:
    for minutes in (0, 20, 20):
        moved.shift(minutes * MINUTE)
        pauses.note_kept(NOW + 180 * MINUTE, timezone.now())
        assert about_refreshing(as_viewer) == [KEPT]
    pauses.note_kept(None, timezone.now())
    assert about_refreshing(as_viewer) == []
    pauses.note_kept(NOW + 180 * MINUTE, timezone.now())
    assert "since 13:40, until 16:00" in about_refreshing(as_viewer)[0]
    moved.shift(141 * MINUTE)
    assert about_refreshing(as_viewer) == []


def test_the_clock_notes_it_and_readyz_says_it(broker: Redis, as_viewer: Client) -> None:
    shared_budget().heard(Quota(11_000, 100, timezone.now() + timedelta(hours=3)))
    ticks(Clock())
    assert len(about_refreshing(as_viewer)) == 1
    assert about_the_pause(as_viewer) == []
    said = as_viewer.get("/readyz").json()["checks"]["calls to Codat"]
    assert re.fullmatch(
        "Refreshing has stood still since .*, until .* at the latest: what is left is kept for sync requests.",
        said,
    )
    shared_budget().heard(Quota(11_000, 5_000, timezone.now() + timedelta(hours=3)))
    ticks(Clock())
    assert about_refreshing(as_viewer) == []


def test_a_pause_of_all_calls_says_enough(moved: Any, as_viewer: Client) -> None:
    pauses.note_kept(NOW + 180 * MINUTE, NOW)
    pauses.note(NOW + 60 * MINUTE, NOW)
    assert about_refreshing(as_viewer) == []
    assert len(about_the_pause(as_viewer)) == 1


def test_sends_go_on_meanwhile_so_it_lengthens_nobodys_hour(
    moved: Any, scripted: Server, told: CodatClient
) -> None:
    request = asked()
    pauses.note_kept(NOW + 180 * MINUTE, NOW)
    moved.shift(61 * MINUTE)
    assert not is_sent(request, scripted, told)
    assert stored(request).state == State.CANCELLED


def test_a_request_outlives_a_pause_however_long(moved: Any, scripted: Server, told: CodatClient) -> None:
    request = asked()
    moved.shift(10 * MINUTE)
    pauses.note(NOW + 200 * MINUTE, timezone.now())
    with CodatClient(base_url=scripted.url, api_key=CANARY, budget=LocalBudget()) as client:
        client._budget.slow_down(3600)
        moved.shift(70 * MINUTE)
        client._budget.slow_down(3600)
        send(request.pk, client)
    assert held_back(request) == "Codat asked us to pause."
    moved.shift(120 * MINUTE)
    pauses.note(None, timezone.now())
    moved.shift(40 * MINUTE)
    assert is_sent(request, scripted, told)


def test_what_waited_for_an_hour_beside_the_pause_is_too_late(
    moved: Any, scripted: Server, told: CodatClient
) -> None:
    request = asked()
    pauses.note(NOW + 30 * MINUTE, NOW)
    moved.shift(91 * MINUTE)
    assert not is_sent(request, scripted, told)
    assert stored(request).result.startswith("Too late: this waited for over an hour.")


def test_of_several_pauses_all_are_left_out_of_the_wait(
    moved: Any, scripted: Server, told: CodatClient
) -> None:
    request = asked()
    for _ in range(2):
        pauses.note(timezone.now() + 90 * MINUTE, timezone.now())
        moved.shift(30 * MINUTE)
        pauses.note(None, timezone.now())
        moved.shift(10 * MINUTE)
    assert is_sent(request, scripted, told)


def test_what_two_clocks_noted_counts_once() -> None:
    for minutes in (20, 30):
        Pause.objects.create(since=NOW, until=NOW + minutes * MINUTE)
    Pause.objects.create(since=NOW + 40 * MINUTE, until=NOW + 60 * MINUTE)
    assert pauses.within(NOW - 5 * MINUTE, NOW + 50 * MINUTE) == 40 * MINUTE


def test_a_pause_before_the_press_does_not_count(moved: Any, scripted: Server, told: CodatClient) -> None:
    pauses.note(NOW + 30 * MINUTE, NOW)
    moved.shift(60 * MINUTE)
    request = asked()
    moved.shift(61 * MINUTE)
    assert not is_sent(request, scripted, told)
    assert stored(request).state == State.CANCELLED


@pytest.mark.parametrize("refused", ["the look", "the POST"])
def test_a_request_that_codat_asked_to_wait_for_an_hour_goes_then_and_is_not_too_late(
    moved: Any, scripted: Server, told: CodatClient, refused: str
) -> None:
    request = asked()
    an_hour = says(429, ERROR, Retry_After="3600")
    scripted.answers(*([NONE_YET] if refused == "the POST" else []), an_hour)
    send(request.pk, told)
    assert stored(request).not_before == NOW + 5 * MINUTE
    pauses.note(NOW + 60 * MINUTE, NOW)
    asked_before = len(scripted.requests)
    scripted.answers(NONE_YET, says(200, STARTED))
    for _ in range(11):
        moved.shift(5 * MINUTE)
        send(request.pk, told)
        assert stored(request).state == State.QUEUED
    assert len(scripted.requests) == asked_before
    moved.shift(5 * MINUTE)
    send(request.pk, told)
    assert stored(request).state == State.ACCEPTED
    assert len(posts(scripted)) == (2 if refused == "the POST" else 1)
