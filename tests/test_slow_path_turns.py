"""The slow path's turns: while a long bulk goes, what was sent is followed, and what is uncertain looked at."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from socket import socket
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from syncs import clients
from syncs.codat import client as codat_client
from syncs.models import Merchant, SyncRequest
from syncs.operations import bulks
from syncs.operations.bulk_plans import Wish
from syncs.rules.states import State
from syncs.slow_path import SlowPath
from tests.codat.server import Server, says
from tests.factories import make_attempt, make_merchant, make_request, make_user
from tests.presses import stored
from tests.queues import codat_at
from tests.upstream import NONE_YET, STARTED, posts

SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.django_db(transaction=True)


class Time:
    """Nobody sleeps: the time is moved on."""

    def __init__(self, travelled: Any) -> None:
        self._travelled = travelled

    def monotonic(self) -> float:
        return timezone.now().timestamp()

    def sleep(self, seconds: float) -> None:
        self._travelled.shift(seconds)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as travelled:
        moved = Time(travelled)
        monkeypatch.setattr(
            codat_client, "time", SimpleNamespace(monotonic=moved.monotonic, sleep=moved.sleep)
        )
        yield moved


@pytest.fixture
def codat(scripted: Server) -> Iterator[Server]:
    """Each sync that it starts goes on."""

    def answer(sock: socket) -> bool:
        is_post = scripted.requests[-1].method == "POST"
        started = STARTED | {"commerceSyncId": str(uuid.uuid4())}
        return (says(200, started) if is_post else NONE_YET)(sock)

    scripted.answers(answer)
    with codat_at(scripted.url):
        yield scripted


def known(**columns: Any) -> Merchant:
    """Nothing is to be asked of it but its syncs."""
    now = timezone.now()
    return make_merchant(configured_at=now, **{"next_refresh_at": now + timedelta(hours=9), **columns})


def ask_for_a_bulk(count: int) -> None:
    many = [known(health="unseen").pk for _ in range(count)]
    wish = Wish("latest", reason="Ticket 4812")
    bulks.ask_for_many(many, wish, by=make_user("lead"), now=timezone.now(), may_many=True)
    Merchant.objects.filter(pk__in=many).update(next_refresh_at=timezone.now() + timedelta(hours=9))


def a_round(path: SlowPath, time: Time) -> None:
    time.sleep(1)
    path.go_on(hands_out=True)
    path.finish()


def refreshed(merchant: Merchant) -> datetime:
    at = Merchant.objects.get(pk=merchant.pk).refreshed_at
    assert at
    return at


def test_with_each_that_is_sent_of_a_bulk_one_that_was_sent_is_followed(time: Time, codat: Server) -> None:
    ask_for_a_bulk(12)
    time.sleep(10)
    merchant, path = known(), SlowPath()
    make_request(merchant, state=State.ACCEPTED)
    for sent in range(1, 13):
        # The most overdue of all that wait.
        Merchant.objects.filter(pk=merchant.pk).update(next_refresh_at=timezone.now() - timedelta(hours=1))
        before = timezone.now()
        a_round(path, time)
        assert len(posts(codat)) == sent
        assert refreshed(merchant) > before


def test_what_is_uncertain_is_looked_at_while_a_bulk_goes(time: Time, codat: Server) -> None:
    ask_for_a_bulk(6)
    time.sleep(10)
    request = make_request(known(), state=State.UNCERTAIN, not_before=timezone.now())
    make_attempt(request, outcome="uncertain", started_at=timezone.now())
    for looks in range(1, 4):
        a_round(SlowPath(), time)
        assert (stored(request).looks, len(posts(codat))) == (looks, looks)
        SyncRequest.objects.filter(pk=request.pk).update(not_before=timezone.now())


def test_a_press_goes_within_the_round_after_it_however_long_the_bulk(time: Time, codat: Server) -> None:
    ask_for_a_bulk(6)
    time.sleep(10)
    path = SlowPath()
    a_round(path, time)
    a_round(path, time)
    press, pressed_at = make_request(known(), not_before=timezone.now() - SECOND), timezone.now()
    a_round(path, time)
    assert stored(press).state == State.ACCEPTED
    assert timezone.now() - pressed_at < 15 * SECOND


def test_a_clock_without_redis_calls_thirty_times_a_minute_at_most() -> None:
    assert clients.slow_path_budget().per_minute == 30
