"""Who asks while many do is told to ask less often."""

from contextlib import ExitStack

import pytest
from django.test import Client

from syncs import crowd, watched
from syncs.crowd import Crowd
from syncs.views import polling
from tests.factories import make_merchant, make_request


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
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd.here, "is_dense", lambda: True)


@pytest.mark.django_db
@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("url", ["/", "/requests/"])
def test_pages_ask_half_as_often_of_a_crowded_process(as_viewer: Client, url: str) -> None:
    assert 'hx-trigger="every 30s, wake"' in as_viewer.get(url).text


@pytest.mark.django_db
@pytest.mark.usefixtures("crowded")
def test_a_merchants_page_too_but_not_while_somebody_waits_for_it(as_viewer: Client) -> None:
    idle, asked_for = make_merchant(), make_merchant()
    make_request(asked_for)
    assert 'hx-trigger="every 30s, wake"' in as_viewer.get(f"/merchants/{idle.company_id}/").text
    assert 'hx-trigger="every 2s, wake"' in as_viewer.get(f"/merchants/{asked_for.company_id}/").text


@pytest.mark.django_db
@pytest.mark.usefixtures("crowded")
def test_a_page_that_asks_less_often_still_counts_as_open() -> None:
    assert polling.seconds(moving=False) < watched.FORGOTTEN_AFTER


@pytest.mark.django_db
def test_every_request_is_counted(as_viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[int] = []
    monkeypatch.setattr(crowd.here, "_move", moves.append)
    assert as_viewer.get("/nowhere/").status_code == 404
    assert moves == [1, -1]
