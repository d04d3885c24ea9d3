"""Hosts whose clocks disagree: the wrong one hands out nothing and is named, and nobody else is the worse for it."""

import socket
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis import Redis

from syncs import watched
from syncs.clock import Clock
from syncs.models import Heartbeat, Merchant
from syncs.operations import heartbeats, host_time
from syncs.operations.host_time import database_time as told_by_the_database
from syncs.rules.states import State
from tests.factories import make_merchant
from tests.presses import stored, ticks, waiting
from tests.queues import messages

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HERE = socket.gethostname()
Set = Callable[[timedelta], None]


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Sets this host's clock so much ahead of the database's."""

    def set_ahead(span: timedelta) -> None:
        monkeypatch.setattr(host_time, "database_time", lambda: timezone.now() - span)

    return set_ahead


def refreshed(broker: Redis) -> list[tuple[object, ...]]:
    return [message for message in messages(broker, "refreshing") if message[0] == "refresh"]


@pytest.mark.parametrize("minutes", [-7, 0, 7])
def test_it_is_read_from_postgresql_and_on_sqlite_there_is_but_one_clock(
    monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    monkeypatch.setattr(host_time, "database_time", told_by_the_database)
    with time_machine.travel(timezone.now() + minutes * MINUTE):
        found = host_time.ahead()
    expected = minutes * MINUTE if connection.vendor == "postgresql" else timedelta()
    assert abs(found - expected) < SECOND


def test_a_database_that_is_slow_to_answer_makes_nobody_wrong(
    monkeypatch: pytest.MonkeyPatch, moved: time_machine.Traveller
) -> None:
    def slowly() -> object:
        moved.shift(MINUTE)
        told = timezone.now()
        moved.shift(MINUTE)
        return told

    monkeypatch.setattr(host_time, "database_time", slowly)
    assert host_time.ahead() == timedelta()


@pytest.mark.parametrize("minutes", [-7, 7])
def test_a_host_whose_clock_is_wrong_hands_nothing_out_until_it_is_right(
    broker: Redis, ahead: Set, minutes: int
) -> None:
    merchant, clock, now = (
        make_merchant(next_refresh_at=timezone.now() - MINUTE * 10),
        Clock(),
        timezone.now(),
    )
    ahead(minutes * MINUTE)
    clock.tick(now)
    assert refreshed(broker) == []
    ahead(timedelta())
    clock.tick(now + 9 * SECOND)
    assert refreshed(broker) == [], "it is compared once a beat"
    clock.tick(now + 10 * SECOND)
    assert refreshed(broker) == [("refresh", merchant.pk)]


def test_nor_by_its_own_hand_without_a_queue(no_broker: None, ahead: Set) -> None:
    merchant = make_merchant(next_refresh_at=timezone.now() - MINUTE)
    ahead(7 * MINUTE)
    ticks(Clock(), 2)
    assert Merchant.objects.get().next_refresh_at == merchant.next_refresh_at


def test_it_takes_no_sender_for_lost_and_still_nudges_what_waits(broker: Redis, ahead: Set) -> None:
    sending, request = waiting(state=State.SENDING), waiting()
    type(sending).objects.filter(pk=sending.pk).update(state_since=timezone.now() - timedelta(hours=1))
    ahead(7 * MINUTE)
    ticks(Clock())
    assert stored(sending).state == State.SENDING
    assert ("send", request.pk) in messages(broker, "sending")
    ahead(timedelta())
    ticks(Clock())
    assert stored(sending).state == State.UNCERTAIN


@pytest.mark.parametrize(
    ("off", "words"), [(7 * MINUTE, "7 min ahead of"), (-40 * SECOND, "40 s behind")], ids=["ahead", "behind"]
)
def test_every_page_names_the_host_and_by_how_much_it_is_wrong(
    broker: Redis, as_viewer: Client, ahead: Set, off: timedelta, words: str
) -> None:
    clock, now = Clock(), timezone.now()
    ahead(off)
    clock.tick(now)
    html = unescape(as_viewer.get("/").text)
    assert f"{HERE} is {words} the database's clock." in html
    assert "Until NTP puts it right, that host hands out nothing to refresh." in html
    ahead(timedelta())
    clock.tick(now + 10 * SECOND)
    assert "The time of a host is wrong." not in as_viewer.get("/").text


@pytest.mark.parametrize("seconds", [-19, 19])
def test_some_seconds_do_no_harm(broker: Redis, as_viewer: Client, ahead: Set, seconds: int) -> None:
    ahead(seconds * SECOND)
    ticks(Clock())
    assert "The time of a host is wrong." not in as_viewer.get("/").text


def test_readyz_of_another_host_says_it_too_and_is_ready(broker: Redis, client: Client, ahead: Set) -> None:
    for part in heartbeats.PARTS:
        heartbeats.beat(part)
    host_time.tell(7 * MINUTE)
    answer = client.get("/readyz")
    said = answer.json()["checks"]
    assert said["time of the hosts"].startswith(f"{HERE} is 7 min ahead of the database's clock.")
    assert (said["time of this host"], answer.status_code) == ("fine", 200)
    ahead(-7 * MINUTE)
    answer = client.get("/readyz")
    words = "This host is 7 min behind the database's clock. NTP has to put it right."
    assert (answer.json()["checks"]["time of this host"], answer.status_code) == (words, 503)


def test_what_a_host_said_is_forgotten_when_it_has_gone(ahead: Set) -> None:
    host_time.tell(7 * MINUTE)
    now = timezone.now()
    seen = heartbeats.signs(now).seen
    found = [bool(host_time.wrong(seen, now + wait * SECOND)) for wait in (59, 61, -7 * 60, -7 * 60 - 61)]
    assert found == [True, False, True, False]


def test_names_that_differ_at_their_end_are_two_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    for end in ("x1", "x2"):
        monkeypatch.setattr(socket, "gethostname", lambda end=end: f"{'sync-desk-clock-' * 7}{end}")
        host_time.tell(MINUTE)
    assert len(host_time.wrong(heartbeats.signs(timezone.now()).seen, timezone.now())) == 2
    host_time.take_back()
    assert Heartbeat.objects.count() == 2


def test_an_open_page_is_known_to_a_clock_whose_host_is_ahead_of_the_webs(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "_silent_until", 0.0)
    with time_machine.travel(timezone.now() - MINUTE):
        watched.note(7)
    assert watched.merchants(broker) == [7]
