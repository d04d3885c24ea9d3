"""Signs of life: a worker that is busy with slow calls is not called dead, and a stuck one is not called well."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis import Redis

from codat_admin import app
from syncs import tasks
from syncs.clock import Clock
from syncs.models import Heartbeat, SyncRequest
from syncs.operations import heartbeats, host_time
from tests.codat.server import Server, keeps_silent
from tests.presses import stored, ticks, waiting
from tests.queues import queue_at
from tests.upstream import CANARY, NONE_YET
from tests.valkey import free_port, running_valkey

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime.fromisoformat("2026-11-21T08:52:00Z")
MINUTE = timedelta(minutes=1)
ALL = {*heartbeats.PARTS, "queue", "free sending", "free refreshing"}


@pytest.fixture
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def last_signs(**ago: timedelta) -> None:
    """All of them just now, but for those that are named, with _ for a space."""
    for name in ALL:
        heartbeats.beat(name)
        Heartbeat.objects.filter(name=name).update(at=NOW - ago.get(name.replace(" ", "_"), timedelta()))


def notices(client: Client) -> list[str]:
    page = client.get("/").content.decode().split('id="trouble"')[0].split('class="banner ')[1:]
    return [part.split("<p>")[1].split("</p>")[0].replace("<b>", "").replace("</b>", "") for part in page]


def verdict(client: Client) -> str:
    return str(client.get("/readyz").json()["checks"]["worker sending"])


@pytest.mark.django_db
def test_workers_that_are_busy_for_as_long_as_a_hanging_call_takes_are_no_news(
    as_viewer: Client, now: None
) -> None:
    last_signs(free_sending=timedelta(seconds=105), free_refreshing=timedelta(seconds=105))
    assert notices(as_viewer) == []
    assert verdict(as_viewer) == "fine"


@pytest.mark.django_db
def test_workers_that_have_been_busy_for_long_are_called_busy_and_not_silent(
    as_viewer: Client, now: None
) -> None:
    last_signs(free_sending=4 * MINUTE)
    said = "Sending is held up. All workers have been busy since 08:48. New requests are saved and wait."
    assert notices(as_viewer) == [said]
    assert verdict(as_viewer).startswith("All workers have been busy since 21 Nov, 08:48:00")
    assert as_viewer.get("/readyz").status_code == 503


@pytest.mark.django_db
def test_refreshing_workers_that_are_busy_hold_up_results_only(as_viewer: Client, now: None) -> None:
    last_signs(free_refreshing=4 * MINUTE)
    assert notices(as_viewer) == ["Results come late. All refreshing workers have been busy since 08:48."]


@pytest.mark.django_db
def test_signs_that_come_as_late_as_they_may_are_no_news(as_viewer: Client, now: None) -> None:
    """The writer's clock is as far behind as counts as right, the reader's as far ahead, and a write had to wait."""
    late = heartbeats.BEAT_EVERY + 2 * host_time.MAY_DIFFER + timedelta(seconds=5)
    last_signs(worker_sending=late, worker_refreshing=late, clock=late, queue=late)
    assert notices(as_viewer) == []


@pytest.mark.django_db
def test_dead_workers_are_silent_and_not_busy(as_viewer: Client, now: None) -> None:
    last_signs(worker_sending=4 * MINUTE, free_sending=4 * MINUTE)
    said = "Nothing is being sent. No worker has reported since 08:48. New requests are saved and wait."
    assert notices(as_viewer) == [said]
    assert "has not reported since" in verdict(as_viewer)


@pytest.mark.django_db
def test_without_a_clock_nobody_asks_for_free_hands_so_that_none_is_missed(
    as_viewer: Client, now: None
) -> None:
    last_signs(clock=4 * MINUTE, queue=4 * MINUTE, free_sending=4 * MINUTE, free_refreshing=4 * MINUTE)
    [said] = notices(as_viewer)
    assert "clock is silent" in said


@pytest.mark.django_db
def test_a_queue_that_is_down_is_not_put_down_to_the_workers(as_viewer: Client, now: None) -> None:
    last_signs(queue=4 * MINUTE, free_sending=4 * MINUTE, free_refreshing=4 * MINUTE)
    still = "Refreshing has stopped. What is asked for is saved, sent one by one, and followed to its result."
    said = f"It has taken nothing since 08:48. {still}"
    assert notices(as_viewer) == [f"The queue does not answer. {said}"]
    assert verdict(as_viewer) == "fine"


@pytest.mark.django_db
def test_the_clock_notes_whether_the_queue_takes_messages(broker: Redis) -> None:
    ticks(Clock())
    assert Heartbeat.objects.filter(name="queue").exists()


@pytest.mark.django_db
def test_and_does_not_when_it_takes_none(no_broker: None) -> None:
    ticks(Clock())
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"clock"}


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_ready_beats_for_its_own_queues_in_a_thread_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeats, "BEAT_EVERY", timedelta(seconds=0.05))
    consumes = SimpleNamespace(queues=SimpleNamespace(consume_from={"sending": None, "celery": None}))
    consumer = SimpleNamespace(app=SimpleNamespace(amqp=consumes))
    tasks.begin_to_beat(consumer)
    tasks.begin_to_beat(consumer)
    try:
        first = wait_for(lambda: Heartbeat.objects.filter(name="worker sending").first())
        wait_for(lambda: Heartbeat.objects.filter(name="worker sending", at__gt=first.at).exists())
        assert set(Heartbeat.objects.values_list("name", flat=True)) == {"worker sending", "free sending"}
    finally:
        tasks._beating("worker sending").stop()
        tasks._beating.cache_clear()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_whose_only_hand_hangs_at_codat_lives_and_has_no_hand_free(
    broker: Redis, broker_url: str, scripted: Server
) -> None:
    request = waiting()
    scripted.answers(NONE_YET, keeps_silent)
    with one_handed_worker(broker_url, scripted.url):
        wait_for(lambda: Heartbeat.objects.filter(name="free sending").exists(), seconds=60)
        tasks.nudge(tasks.send, request.pk)
        wait_for(lambda: stored(request).state == "sending", seconds=30)
        began = timezone.now()
        tasks.nudge(tasks.beat, "sending", queue="sending")
        wait_for(lambda: sign("worker sending") > began + timedelta(seconds=9), seconds=25)
        assert sign("free sending") < began
        assert SyncRequest.objects.get().state == "sending"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_hands_were_all_full_when_the_queue_died_takes_messages_from_the_next(
    scripted: Server,
) -> None:
    """What it held then counted as in its hands for ever, so that it never listened again, nor found the queue gone."""
    request, codat_answers, port = waiting(), threading.Event(), free_port()

    def answers_late(sock: socket.socket) -> bool:
        codat_answers.wait(30)
        return NONE_YET(sock)

    scripted.answers(answers_late, keeps_silent)
    url = f"redis://127.0.0.1:{port}/0"
    with ExitStack() as stack:
        stack.enter_context(queue_at(url))
        with running_valkey(port=port), Redis.from_url(url) as queue:
            stack.enter_context(one_handed_worker(url, scripted.url))
            wait_for(lambda: Heartbeat.objects.filter(name="free sending").exists(), seconds=60)
            tasks.nudge(tasks.send, request.pk)
            wait_for(lambda: scripted.requests, seconds=30)
            tasks.nudge(tasks.beat, "sending", queue="sending")
            wait_for(lambda: not queue.llen("sending"))
            # From the queue to the worker's memory: nobody can see that it has arrived.
            time.sleep(0.5)
            Heartbeat.objects.filter(name="free sending").delete()
        codat_answers.set()
        wait_for(lambda: Heartbeat.objects.filter(name="free sending").delete()[0], seconds=60)
        # An outage, and not a blink that a second try would bridge.
        time.sleep(1)
        with running_valkey(port=port):
            tasks.nudge(tasks.beat, "sending", queue="sending")
            wait_for(lambda: Heartbeat.objects.filter(name="free sending").exists(), seconds=40)


def sign(name: str) -> datetime:
    return Heartbeat.objects.get(name=name).at


def wait_for(found: Callable[[], Any], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not (seen := found()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return seen


@contextmanager
def one_handed_worker(redis_url: str, codat_url: str) -> Iterator[None]:
    ours = {"REDIS_URL": redis_url, "DATABASE_URL": database_url(), "CODAT_API_URL": codat_url}
    words = ["--queues=sending", "--pool=threads", "--concurrency=1", "--without-gossip", "--without-mingle"]
    command = [sys.executable, "-m", "celery", "--quiet", f"--app={app.main}", "worker", *words]
    env = os.environ | ours | {"CODAT_API_KEY": CANARY}
    worker = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)
    try:
        yield
    finally:
        worker.kill()
        worker.wait()


def database_url() -> str:
    """The database of this test, for another process."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    return f"postgres://{at['USER']}@{quote(at['HOST'], safe='')}/{at['NAME']}"
