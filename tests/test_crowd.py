"""Who asks while many do is told so, and then asks less often (tests/browser/test_live.py)."""

from contextlib import ExitStack
from random import Random

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client

from syncs import crowd, middleware
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
    ("at_once", "seconds", "share"),
    [(1, 60, 0), (2, 1, 0), (2, 2.2, 0.5), (2, 30, 1), (8, 1, 1), (8, 0.1, 0)],
)
def test_a_process_is_crowded_once_many_have_asked_at_once_for_a_while(
    clock: Clock, at_once: int, seconds: float, share: float
) -> None:
    place = Crowd()
    pass_through(place, clock, at_once=at_once, seconds=seconds)
    assert place.share_to_put_off == pytest.approx(share, abs=0.02)


def test_it_is_not_any_more_a_while_after(clock: Clock) -> None:
    place = Crowd()
    pass_through(place, clock, at_once=4, seconds=60)
    assert place.share_to_put_off == 1
    clock.now += 40
    assert place.share_to_put_off == 0


def test_who_leaves_with_an_error_has_left_too(clock: Clock) -> None:
    place = Crowd()
    for _ in range(5):
        with pytest.raises(ValueError, match="broken"), place.one_more():
            raise ValueError("broken")
    clock.now += 60
    assert place.share_to_put_off == 0


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_more_crowded_a_process_is_the_more_of_its_answers_say_so(
    client: Client, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(Crowd, "share_to_put_off", share)
    monkeypatch.setattr(middleware, "random", Random(1).random)
    answers = [client.get("/healthz", headers={"HX-Request": "true"}) for _ in range(100)]
    put_off = sum(answer.has_header("Panel-Crowded") for answer in answers)
    assert put_off == pytest.approx(100 * share, abs=15 if 0 < share < 1 else 0)


def test_only_who_asks_again_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Crowd, "share_to_put_off", 1.0)
    assert not client.get("/healthz").has_header("Panel-Crowded")


def test_every_request_is_counted_while_it_is_under_way() -> None:
    inside: list[int] = []

    def answer(_request: HttpRequest) -> HttpResponse:
        inside.append(crowd.here.inside)
        return HttpResponse()

    before = crowd.here.inside
    middleware.counted_while_under_way(answer)(HttpRequest())
    assert inside == [before + 1]
    assert crowd.here.inside == before


def test_that_is_the_first_thing_a_request_meets() -> None:
    assert settings.MIDDLEWARE[0] == "syncs.middleware.counted_while_under_way"
