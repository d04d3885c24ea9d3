"""The clock without a queue: it sends itself, slowly, follows what was sent, refreshes nobody else, and says so."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from socket import socket
from typing import Any

import pytest
from django.utils import timezone
from redis import Redis

from sandbox.testing import Sandbox
from syncs import slow_path
from syncs.clients import slow_path_client
from syncs.clock import Clock
from syncs.models import Heartbeat, Merchant, SyncRequest
from syncs.rules.states import State
from syncs.slow_path import SlowPath
from tests.codat.server import Server, says
from tests.factories import make_attempt, make_merchant, make_request
from tests.looks import known
from tests.presses import at_once, due, outcomes, stored, ticks, waiting
from tests.queues import codat_at
from tests.upstream import CANARY, NONE_YET, STARTED, posts

SECOND = timedelta(seconds=1)

# The slow path has a thread, and so a connection, of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandboxed(upstream: Sandbox) -> Iterator[Sandbox]:
    with codat_at(upstream.url):
        yield upstream


def test_without_a_queue_it_sends_itself_one_a_tick(
    no_broker: None, sandboxed: Sandbox, spares: Any, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    merchants = [known(next(spares), slow_path_client()) for _ in range(2)]
    asked = {"kind": "latest", "not_before": timezone.now() - SECOND}
    requests = [make_request(merchant, **asked) for merchant in merchants]
    sent = []
    for _ in range(2):
        ticks(clock)
        sent.append(sum(outcomes(request) == ["accepted"] for request in requests))
    assert sent == [1, 2]
    assert caplog.text.count("the queue is down: working on the slow path") == 1
    assert CANARY not in caplog.text


def awaited(companies: list[dict[str, Any]]) -> list[Merchant]:
    """Due merchants, each with a request that Codat has accepted."""
    merchants = due(companies)
    for merchant in merchants:
        make_request(merchant, state=State.ACCEPTED)
    return merchants


def test_without_a_queue_it_follows_one_request_a_tick(
    no_broker: None, sandboxed: Sandbox, clock: Clock
) -> None:
    merchants = awaited(sandboxed.merchants("healthy")[:3])
    looked_at = []
    for _ in range(3):
        ticks(clock)
        looked_at.append(Merchant.objects.filter(syncs__isnull=False).distinct().count())
    assert looked_at == [1, 2, 3]
    assert Merchant.objects.get(pk=merchants[-1].pk).health == "healthy"


def test_without_a_queue_nobody_counts_the_calls_so_refreshing_stands_still(
    no_broker: None, scripted: Server, clock: Clock
) -> None:
    due([{"company_id": "8a210b68-6988-11ed-a1eb-0242ac12000" + n} for n in "123"])
    with codat_at(scripted.url):
        ticks(clock, 3)
    assert scripted.requests == []
    assert Merchant.objects.due_for_a_look(timezone.now()).count() == 3


def test_without_a_queue_it_looks_at_what_is_uncertain(
    no_broker: None, scripted: Server, clock: Clock
) -> None:
    request = waiting(state=State.UNCERTAIN)
    make_attempt(request, outcome="uncertain")
    scripted.answers(NONE_YET)
    with codat_at(scripted.url):
        ticks(clock)
    assert stored(request).looks == 1


def test_a_silent_broker_costs_a_tick_a_moment_and_no_more(
    silent_broker: None, scripted: Server, clock: Clock
) -> None:
    for _ in range(5):
        waiting()
    scripted.answers(says(401, {"error": "Unauthorized"}))
    began = time.monotonic()
    with codat_at(scripted.url):
        ticks(clock, 3)
    assert time.monotonic() - began < 4
    assert SyncRequest.objects.exclude(waiting_for="").count() == 3


def test_it_says_when_the_queue_is_back(
    broker: Redis, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    clock.queue_is_up = False
    ticks(clock)
    assert clock.queue_is_up
    assert "the queue is back" in caplog.text


def test_two_clocks_at_once_do_no_harm(no_broker: None, scripted: Server) -> None:
    request, lost = waiting(), make_request(make_merchant(), state=State.SENDING)
    make_attempt(lost)
    SyncRequest.objects.filter(pk=lost.pk).update(state_since=timezone.now() - timedelta(minutes=6))
    scripted.answers(NONE_YET, NONE_YET, says(200, STARTED))
    with codat_at(scripted.url):
        assert at_once(*[lambda: ticks(Clock())] * 2) == [None, None]
    assert len(posts(scripted)) == 1
    assert len(outcomes(request)) == 1
    assert lost.activity.filter(verb="request.uncertain").count() == 1


def test_a_codat_that_is_slow_keeps_neither_sweeps_nor_signs_of_life_waiting(
    no_broker: None, scripted: Server, clock: Clock
) -> None:
    patience = threading.Event()

    def slowly(sock: socket) -> bool:
        patience.wait(20)
        return NONE_YET(sock)

    request, merchant = waiting(), awaited([{"company_id": "8a210b68-6988-11ed-a1eb-0242ac120002"}])[0]
    Merchant.objects.filter(pk=request.merchant.pk).update(configured_at=timezone.now())
    scripted.answers(slowly, says(200, STARTED), NONE_YET, NONE_YET)
    with codat_at(scripted.url):
        clock.tick(timezone.now())
        lost = make_request(make_merchant(), state=State.SENDING)
        SyncRequest.objects.filter(pk=lost.pk).update(state_since=timezone.now() - timedelta(minutes=6))
        Heartbeat.objects.all().delete()
        for seconds in range(1, 15):
            clock.tick(timezone.now() + seconds * SECOND)
        assert Heartbeat.objects.filter(name="clock").exists()
        assert stored(lost).state == State.UNCERTAIN
        assert (stored(request).state, len(scripted.requests)) == (State.QUEUED, 1)
        patience.set()
        clock.slow_path.finish()
        # One look a tick; the merchant of the other request may have its own first.
        ticks(clock, 3)
    assert stored(request).state == State.ACCEPTED
    assert Merchant.objects.get(pk=merchant.pk).next_refresh_at > timezone.now()


def test_it_ends_what_it_has_begun_before_it_stops(no_broker: None, scripted: Server, clock: Clock) -> None:
    request, ticks_left = waiting(), iter(range(10))
    scripted.answers(NONE_YET, says(200, STARTED), NONE_YET)
    with codat_at(scripted.url):
        clock.run(lambda: bool(posts(scripted)) or next(ticks_left, None) is None)
    assert stored(request).state == State.ACCEPTED


def test_who_is_to_stop_begins_nothing_more(no_broker: None, scripted: Server) -> None:
    """A round may wait for its turns longer than whoever stops the clock waits for it."""
    request, merchant = waiting(), awaited([{"company_id": "8a210b68-6988-11ed-a1eb-0242ac120002"}])[0]
    path, stopping = SlowPath(), threading.Event()

    def meanwhile(sock: socket) -> bool:
        stopping.wait(5)
        return NONE_YET(sock)

    scripted.answers(meanwhile, says(200, STARTED), NONE_YET)
    with codat_at(scripted.url):
        path.go_on(hands_out=True)
        while not scripted.requests:
            time.sleep(0.01)
        threading.Timer(0.1, stopping.set).start()
        path.stop()
    assert stored(request).state == State.ACCEPTED
    assert [str(merchant.company_id) in call.target for call in scripted.requests] == [False, False]
    assert Merchant.objects.get(pk=merchant.pk).next_refresh_at == merchant.next_refresh_at


@pytest.mark.slow
@pytest.mark.parametrize("answer", [says(500, {"error": "oops"}), says(200, b"<html>"), says(404, b"<html>")])
def test_a_merchant_that_codat_will_not_tell_of_does_not_end_it(
    no_broker: None, scripted: Server, clock: Clock, answer: Any
) -> None:
    awaited([{"company_id": "8a210b68-6988-11ed-a1eb-0242ac120002"}])
    scripted.answers(answer)
    with codat_at(scripted.url):
        ticks(clock)
    assert Merchant.objects.get().refresh_problem


def test_a_defect_of_ours_at_one_merchant_does_not_end_it(
    no_broker: None, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    awaited([{"company_id": "8a210b68-6988-11ed-a1eb-0242ac12000" + n} for n in "12"])
    monkeypatch.setattr(slow_path, "slow_path_client", lambda: None)
    caplog.set_level(logging.ERROR)
    ticks(clock, 2)
    assert caplog.text.count("the slow path's part _follow went wrong") == 2
