"""Who asks while many do is told to ask less often."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from syncs import crowd
from syncs.crowd import Crowd
from syncs.operations import heartbeats
from tests.factories import make_merchant, make_request
from tests.test_health_live import first_page, poll_of


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    told = Clock()
    monkeypatch.setattr(crowd.time, "monotonic", told.monotonic)
    return told


def pass_through(place: Crowd, clock: Clock, *, at_once: int, seconds: float) -> None:
    with ExitStack() as inside:
        for _ in range(at_once):
            inside.enter_context(place.one_more())
        clock.now += seconds


@pytest.mark.parametrize(
    ("at_once", "seconds", "dense"),
    [(1, 60, False), (2, 1, False), (2, 10, True), (8, 1, True), (8, 0.2, False)],
)
def test_a_process_is_crowded_once_many_have_asked_at_once_for_a_while(
    clock: Clock, at_once: int, seconds: float, *, dense: bool
) -> None:
    place = Crowd()
    pass_through(place, clock, at_once=at_once, seconds=seconds)
    assert place.is_dense() is dense


def test_it_is_not_any_more_soon_after(clock: Clock) -> None:
    place = Crowd()
    pass_through(place, clock, at_once=4, seconds=60)
    assert place.is_dense()
    clock.now += 25
    assert not place.is_dense()


def test_who_leaves_with_an_error_has_left_too(clock: Clock) -> None:
    place = Crowd()
    for _ in range(5):
        with pytest.raises(ValueError, match="broken"), place.one_more():
            raise ValueError("broken")
    clock.now += 60
    assert not place.is_dense()


@pytest.fixture
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd.here, "is_dense", lambda: True)


@pytest.mark.django_db
@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("url", ["/", "/requests/"])
def test_pages_ask_half_as_often_of_a_crowded_process(as_viewer: Client, url: str) -> None:
    assert 'hx-trigger="every 30s, wake"' in as_viewer.get(url).text


@pytest.mark.django_db
@pytest.mark.usefixtures("crowded")
def test_a_merchants_page_asks_as_ever(as_viewer: Client) -> None:
    """Somebody waits for what is on its way there, and a page that rarely asks would not count as open."""
    merchant = make_merchant()
    assert 'hx-trigger="every 15s, wake"' in as_viewer.get(f"/merchants/{merchant.company_id}/").text
    make_request(merchant)
    assert 'hx-trigger="every 2s, wake"' in as_viewer.get(f"/merchants/{merchant.company_id}/").text


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/", "/requests/"])
def test_they_ask_as_usual_again_a_minute_after_the_crowd_has_gone(
    as_viewer: Client, stopped_clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    heartbeats.beat(heartbeats.CLOCK)
    with monkeypatch.context() as patched:
        patched.setattr(crowd.here, "is_dense", lambda: True)
        poll = poll_of(first_page(as_viewer, url))
        stopped_clock.shift(timedelta(seconds=40))
        assert as_viewer.get(poll).status_code == 204
    assert as_viewer.get(poll).status_code == 204, "not all at once"
    stopped_clock.shift(timedelta(seconds=20))
    heartbeats.beat(heartbeats.CLOCK)
    answer = as_viewer.get(poll).text
    assert 'hx-trigger="every 15s, wake"' in answer
    assert as_viewer.get(poll_of(answer)).status_code == 204


@pytest.mark.django_db
def test_every_request_is_counted(as_viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[int] = []
    monkeypatch.setattr(crowd.here, "_move", moves.append)
    assert as_viewer.get("/nowhere/").status_code == 404
    assert moves == [1, -1]
