"""An import whose message was lost: the clock reminds the workers of it, and its page says that none has come."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from redis import Redis

from syncs.clock import Clock
from syncs.models import ImportRun
from tests.presses import ticks
from tests.queues import messages

START = "/admin/syncs/merchant/import/"
HTMX = {"HX-Request": "true"}

pytestmark = pytest.mark.django_db


def asked(seconds_ago: float, **columns: Any) -> ImportRun:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    return ImportRun.objects.create(**{"started_at": at, "heard_at": at} | columns)


def nudges(broker: Redis) -> list[Any]:
    return [told for told in messages(broker, "refreshing") if told[0] == "import_companies"]


def test_the_clock_nudges_an_import_that_nobody_took(broker: Redis) -> None:
    run = asked(6)
    clock = Clock()
    ticks(clock, 3)
    assert nudges(broker) == [("import_companies", run.pk)]
    clock.tick(timezone.now() + timedelta(seconds=11))
    assert nudges(broker) == [("import_companies", run.pk)] * 2


def test_one_that_was_asked_for_just_now_has_its_own_message(broker: Redis) -> None:
    asked(1)
    ticks(Clock())
    assert nudges(broker) == []


@pytest.mark.parametrize("state", ["running", "done", "failed"])
def test_one_that_was_taken_is_left_alone(broker: Redis, state: str) -> None:
    asked(600, state=state, finished_at=None if state == "running" else timezone.now())
    ticks(Clock())
    assert nudges(broker) == []


def test_without_a_queue_it_waits_and_the_clock_goes_on(no_broker: None) -> None:
    asked(6)
    ticks(Clock(), 2)
    assert ImportRun.objects.get().state == "waiting"


def test_its_page_says_that_no_worker_has_come_and_gives_the_button_back(
    as_admin: Client, broker: Redis
) -> None:
    run = asked(50)
    page = f"{START}{run.pk}/"
    assert "Waiting for a worker." in as_admin.get(page).content.decode()
    assert "Ask the workers again" not in as_admin.get(page).content.decode()
    ImportRun.objects.update(started_at=timezone.now() - timedelta(seconds=61))
    fragment = as_admin.get(f"{page}?v=waiting-0-heard", headers=HTMX).content.decode()
    assert "No worker has taken the import yet." in fragment
    assert "Ask the workers again" in fragment
    assert "every 2s" in fragment
    assert as_admin.post(START)["Location"] == page
    assert nudges(broker) == [("import_companies", run.pk)]
