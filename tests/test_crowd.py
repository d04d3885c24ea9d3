"""Who asks while many do is told so, and then asks less often (tests/browser/test_live.py)."""

from contextlib import ExitStack

import pytest
from django.test import Client

from syncs import crowd
from syncs.crowd import Crowd


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


@pytest.mark.django_db
@pytest.mark.parametrize("crowded", [True, False])
def test_a_crowded_process_says_so_with_each_answer(
    as_viewer: Client, monkeypatch: pytest.MonkeyPatch, *, crowded: bool
) -> None:
    monkeypatch.setattr(crowd.here, "is_dense", lambda: crowded)
    assert as_viewer.get("/").has_header("Panel-Crowded") is crowded
    assert as_viewer.get("/health/live/").has_header("Panel-Crowded") is crowded


@pytest.mark.django_db
def test_every_request_is_counted(as_viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[int] = []
    monkeypatch.setattr(crowd.here, "_move", moves.append)
    assert as_viewer.get("/nowhere/").status_code == 404
    assert moves[:2] == [1, -1]
