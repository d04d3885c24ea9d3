"""Celery's doorways and the nudge: a message with an id, or none, and nobody waits for it."""

import logging
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from redis import Redis

from sandbox.testing import Sandbox
from syncs import clients, tasks
from syncs.codat.client import CodatClient
from syncs.models import Heartbeat, Merchant, SyncRequest, User
from syncs.operations.checking import check_now
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_attempt, make_merchant, make_request
from tests.looks import known
from tests.presses import press, stored
from tests.queues import codat_at, messages, queue_at
from tests.upstream import CANARY, NONE_YET
from tests.valkey import free_port, running_valkey


@pytest.mark.django_db(transaction=True)
def test_a_sender_is_nudged_once_the_press_is_committed(broker: Redis) -> None:
    with transaction.atomic():
        request = make_request(make_merchant())
        tasks.send_soon(request)
        assert not messages(broker, "sending")
    assert messages(broker, "sending") == [("send", request.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_press_that_was_not_saved_nudges_nobody(broker: Redis) -> None:
    with transaction.atomic():
        tasks.send_soon(make_request(make_merchant()))
        transaction.set_rollback(True)
    assert not messages(broker, "sending")


@pytest.mark.django_db(transaction=True)
def test_a_look_that_a_person_asked_for_is_nudged(broker: Redis) -> None:
    merchant, now = make_merchant(), timezone.now()
    check_now(merchant, now)
    tasks.refresh_soon(merchant, now)
    assert messages(broker, "refreshing") == [("refresh", merchant.pk)]
    assert Merchant.objects.get().next_refresh_reason == "being asked now"


@pytest.mark.django_db(transaction=True)
def test_where_the_queue_does_not_take_it_the_merchant_is_due_again(no_broker: None) -> None:
    merchant, now = make_merchant(), timezone.now()
    check_now(merchant, now)
    tasks.refresh_soon(merchant, now)
    assert Merchant.objects.due_for_a_look(now).get() == merchant


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        (tasks.send, "sending"),
        (tasks.look, "refreshing"),
        (tasks.refresh, "refreshing"),
        (tasks.import_companies, "refreshing"),
    ],
)
def test_looks_never_stand_in_the_way_of_sends(broker: Redis, task: object, queue: str) -> None:
    assert tasks.nudge(task, 1)
    assert len(messages(broker, queue)) == 1


def seconds_to_press(merchant: Merchant, by: User) -> float:
    began = time.monotonic()
    with transaction.atomic():
        tasks.send_soon(press(merchant, by, timezone.now()).request)
    return time.monotonic() - began


@pytest.mark.django_db(transaction=True)
def test_a_press_does_not_wait_for_a_broker_that_is_down(
    no_broker: None, support: User, caplog: pytest.LogCaptureFixture
) -> None:
    assert seconds_to_press(make_merchant(), support) < 1.5
    assert SyncRequest.objects.get().state == State.QUEUED
    assert "the queue does not take syncs.tasks.send" in caplog.text
    assert CANARY not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_press_waits_a_moment_at_most_for_a_broker_that_is_silent(
    silent_broker: None, support: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert seconds_to_press(make_merchant(), support) < 3
    assert SyncRequest.objects.get().state == State.QUEUED
    assert CANARY not in caplog.text


def test_the_queue_takes_messages_again_when_it_is_back() -> None:
    port = free_port()
    with queue_at(f"redis://127.0.0.1:{port}/0"):
        with running_valkey(port=port):
            assert tasks.nudge(tasks.send, 1)
        assert not tasks.nudge(tasks.send, 2)
        with running_valkey(port=port) as url, Redis.from_url(url) as back:
            assert tasks.nudge(tasks.send, 3)
            assert messages(back, "sending") == [("send", 3)]


@pytest.mark.slow
@pytest.mark.django_db
def test_a_budget_without_redis_waits_a_moment_and_no_call_is_made(
    silent_broker: None, scripted: Server
) -> None:
    request = make_request(make_merchant(), not_before=timezone.now() - timedelta(seconds=1))
    began = time.monotonic()
    with codat_at(scripted.url):
        tasks.send(request.pk)
    assert time.monotonic() - began < 6
    assert "Redis does not answer" in stored(request).waiting_for
    assert not scripted.requests


@pytest.mark.django_db
def test_each_doorway_does_its_one_thing(
    broker: Redis, upstream: Sandbox, codat: CodatClient, spares: Any, scripted: Server
) -> None:
    merchant = known(next(spares), codat)
    request = make_request(merchant, kind="latest", not_before=timezone.now() - timedelta(seconds=1))
    with codat_at(upstream.url):
        tasks.send(request.pk)
        assert stored(request).state == State.ACCEPTED
        before = Merchant.objects.get().refreshed_at
        tasks.refresh(merchant.pk)
        assert Merchant.objects.get().refreshed_at > before
        assert merchant.connections.filter(gone_at=None).count() == 2
    uncertain = make_request(make_merchant(), state=State.UNCERTAIN, not_before=timezone.now())
    make_attempt(uncertain, outcome="uncertain")
    scripted.answers(NONE_YET)
    with codat_at(scripted.url):
        tasks.look(uncertain.pk)
    assert stored(uncertain).looks == 1


@pytest.mark.django_db
def test_a_beat_proves_that_somebody_works_on_that_queue() -> None:
    tasks.beat("sending")
    heart = Heartbeat.objects.get()
    assert heart.name == "free sending"
    assert timezone.now() - heart.at < timedelta(seconds=5)


def test_without_a_key_nothing_pretends_to_work(settings: object) -> None:
    clients.codat_client.cache_clear()
    settings.CODAT_API_KEY = ""
    with pytest.raises(ImproperlyConfigured, match="CODAT_API_KEY is not set"):
        clients.codat_client()


def test_calls_of_all_workers_come_from_one_budget(broker: Redis, scripted: Server, settings: object) -> None:
    settings.CODAT_CALLS_PER_MINUTE = 60
    scripted.answers(says(200, []))
    with codat_at(scripted.url):
        clients.codat_client().syncs("8a210b68-6988-11ed-a1eb-0242ac120002")
    assert broker.exists("syncdesk:budget:state")
