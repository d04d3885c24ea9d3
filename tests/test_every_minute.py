"""The merchant's page says that it is asked every minute only while the house does refresh."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Heartbeat, Merchant
from syncs.operations import api_key, heartbeats, pauses
from tests.factories import make_merchant
from tests.test_merchant_live import POLL, versions
from tests.test_merchant_page import address, page
from tests.test_pauses import all_beat

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]

PROMISE = "While somebody is at this page, every minute."
HOUR = timedelta(hours=1)


def last_seen(*names: str) -> None:
    """An hour ago."""
    for name in names:
        noted = {"at": timezone.now() - HOUR, "host": "here", "pid": 1}
        Heartbeat.objects.update_or_create(name=name, defaults=noted)


def note(about: Callable[[datetime, datetime], None]) -> None:
    now = timezone.now()
    about(now + HOUR, now)


STOPS: dict[str, Callable[[], None]] = {
    "the queue takes nothing": lambda: last_seen(heartbeats.QUEUE_TAKES),
    "the clock is silent": lambda: last_seen(heartbeats.CLOCK),
    "the refreshing workers are silent": lambda: last_seen("worker refreshing"),
    "the refreshing workers are busy": lambda: last_seen(heartbeats.free_hand("refreshing")),
    "calls are paused": lambda: note(pauses.note),
    "the rest of the day is kept for sends": lambda: note(pauses.note_kept),
    "Codat does not accept our key": lambda: last_seen(api_key.FIRST, api_key.AGAIN),
}


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant(next_refresh_reason="asked again soon")


@pytest.mark.parametrize("stop", STOPS)
def test_while_nothing_is_refreshed_it_promises_nothing(
    noon: None, as_viewer: Client, merchant: Merchant, stop: str
) -> None:
    all_beat()
    assert PROMISE in page(as_viewer, merchant)
    STOPS[stop]()
    told = page(as_viewer, merchant)
    assert "Asked again soon." in told
    assert PROMISE not in told


def test_workers_that_only_send_take_nothing_back(as_viewer: Client, merchant: Merchant) -> None:
    all_beat()
    last_seen("worker sending", heartbeats.free_hand("sending"))
    assert PROMISE in page(as_viewer, merchant)


def test_an_open_page_takes_it_back_with_its_next_poll(
    noon: None, as_viewer: Client, merchant: Merchant
) -> None:
    all_beat()
    shown: Any = as_viewer.get(address(merchant))
    note(pauses.note)
    polled = as_viewer.get(address(merchant), versions(shown), headers=POLL)
    next_look = re.search(r'id="next-look".*?</dl>', polled.content.decode(), re.S)
    assert next_look
    assert PROMISE not in next_look[0]
