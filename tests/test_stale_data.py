"""Pages say from when their data is while nobody asks Codat, whatever the reason."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Heartbeat
from syncs.operations import api_key, heartbeats, pauses, silence

pytestmark = pytest.mark.sqlite
AN_HOUR_AGO = timedelta(hours=1)
ALL = (heartbeats.CLOCK, heartbeats.QUEUE_TAKES, "worker sending", "worker refreshing")


@pytest.fixture(autouse=True)
def _all_is_well(db: None) -> None:
    for name in ALL:
        heartbeats.beat(name)


def last_seen(name: str) -> Callable[[datetime], None]:
    return lambda at: _seen(name, at)


def the_key_is_refused(at: datetime) -> None:
    for name in (api_key.FIRST, api_key.AGAIN):
        _seen(name, at)


def calls_are_paused(at: datetime) -> None:
    pauses.note(timezone.now() + AN_HOUR_AGO, at)


def the_rest_of_the_day_is_kept(at: datetime) -> None:
    pauses.note_kept(timezone.now() + AN_HOUR_AGO, at)


def _seen(name: str, at: datetime) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"at": at, "host": "one", "pid": 1})


def told(client: Client) -> list[str]:
    return re.findall(r'data-from="([^"]+)"', client.get("/").text)


def test_while_all_is_well_nothing_is_stale(as_viewer: Client) -> None:
    assert told(as_viewer) == []


@pytest.mark.parametrize(
    "what_happened",
    [
        pytest.param(last_seen("worker refreshing"), id="workers are silent"),
        pytest.param(last_seen(heartbeats.QUEUE_TAKES), id="the queue is down"),
        the_key_is_refused,
        calls_are_paused,
        the_rest_of_the_day_is_kept,
    ],
)
def test_each_reason_says_since_when(as_viewer: Client, what_happened: Callable[[datetime], None]) -> None:
    at = timezone.now().astimezone(UTC).replace(microsecond=0) - AN_HOUR_AGO
    what_happened(at)
    assert [datetime.fromisoformat(each) for each in told(as_viewer)] == [at]


def test_a_clock_that_is_silent_and_a_codat_that_is_are_both_told(as_viewer: Client) -> None:
    now = timezone.now()
    _seen(heartbeats.CLOCK, now - timedelta(minutes=10))
    for name in (silence.FIRST, silence.AGAIN):
        _seen(name, now - 3 * AN_HOUR_AGO)
    assert len(told(as_viewer)) == 2


@pytest.mark.parametrize("name", [heartbeats.QUEUE_TAKES, "worker refreshing"])
def test_what_never_gave_a_sign_is_stale_since_nobody_knows_when(as_viewer: Client, name: str) -> None:
    Heartbeat.objects.filter(name=name).delete()
    assert told(as_viewer) == ["never"]
