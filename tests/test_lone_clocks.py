"""A clock without Redis knows of its own calls only: it heeds what others noted, and ends none of it."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from syncs.clients import shared_budget, slow_path_budget
from syncs.clock import Clock
from syncs.models import Heartbeat, Pause
from syncs.operations import heartbeats, pauses
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_merchant, make_request
from tests.presses import held_back, stored, ticks, waiting
from tests.queues import codat_at
from tests.upstream import NONE_YET, STARTED

NOW = datetime.fromisoformat("2026-06-17T12:00:00Z")
MINUTE = timedelta(minutes=1)
UNTIL = NOW + 50 * MINUTE

Note = Callable[..., None]
# Both are noted alike: that nobody calls, and that only sends do.
both = pytest.mark.parametrize(
    ("note", "read"), [(pauses.note, pauses.shown), (pauses.note_kept, pauses.kept)]
)


def until(read: Any) -> datetime:
    stop = read(heartbeats.signs(timezone.now()).seen)
    assert stop
    return stop.until


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From here on, this is a clock in another process."""
    return lambda: monkeypatch.setattr(os, "getpid", lambda: 1)


@both
@pytest.mark.django_db
def test_what_others_noted_it_lengthens_and_never_ends(moved: Any, note: Note, read: Any) -> None:
    note(UNTIL, NOW)
    moved.shift(MINUTE)
    for alone_until in (None, NOW + 20 * MINUTE, UNTIL):
        note(alone_until, timezone.now(), alone=True)
        assert until(read) == UNTIL
    note(UNTIL + MINUTE, timezone.now(), alone=True)
    assert until(read) == UNTIL + MINUTE


@both
@pytest.mark.django_db
def test_what_it_noted_itself_it_ends(moved: Any, note: Note, read: Any) -> None:
    note(UNTIL, NOW, alone=True)
    moved.shift(MINUTE)
    note(None, timezone.now(), alone=True)
    assert until(read) == NOW + MINUTE


@both
@pytest.mark.django_db
def test_nor_does_it_end_what_another_without_redis_noted(
    moved: Any, elsewhere: Callable[[], None], note: Note, read: Any
) -> None:
    note(UNTIL, NOW, alone=True)
    elsewhere()
    note(None, NOW + MINUTE, alone=True)
    assert until(read) == UNTIL


@both
@pytest.mark.django_db
def test_what_this_host_noted_alone_ends_by_the_budget_of_all_when_redis_is_back(
    moved: Any, elsewhere: Callable[[], None], note: Note, read: Any
) -> None:
    note(UNTIL, NOW, alone=True)
    elsewhere()
    note(None, NOW + MINUTE)
    assert until(read) == NOW + MINUTE


@both
@pytest.mark.django_db
def test_what_a_host_that_is_cut_off_noted_stands_against_those_that_are_not(
    moved: Any, note: Note, read: Any
) -> None:
    """Else it would come and go, each time either gives its sign of life."""
    note(UNTIL, NOW, alone=True)
    Heartbeat.objects.exclude(host="").update(host="another-host")
    note(None, NOW + MINUTE)
    assert until(read) == UNTIL


@pytest.mark.django_db
def test_two_clocks_of_which_one_is_cut_off_leave_one_pause_that_stands(moved: Any) -> None:
    for _ in range(6):
        pauses.note(UNTIL, timezone.now())
        pauses.note(None, timezone.now(), alone=True)
        moved.shift(timedelta(seconds=10))
    assert list(Pause.objects.values_list("since", "until")) == [(NOW, UNTIL)]


@pytest.mark.django_db
def test_a_budget_of_all_that_does_not_answer_ends_nothing(no_broker: None) -> None:
    """Redis may die between the message that the queue took and the question to the budget."""
    now = timezone.now()
    for note in (pauses.note, pauses.note_kept):
        note(now + 50 * MINUTE, now)
    pauses.note_state(shared_budget().state(), now)
    for read in (pauses.shown, pauses.kept):
        assert until(read) == now + 50 * MINUTE


@pytest.mark.django_db(transaction=True)
def test_a_pause_that_was_noted_before_redis_died_is_kept_to_the_letter(
    no_broker: None, scripted: Server
) -> None:
    now = timezone.now()
    pauses.note(now + 50 * MINUTE, now)
    request, merchant = waiting(), make_merchant(configured_at=now, next_refresh_at=now)
    make_request(merchant, state=State.ACCEPTED)
    with codat_at(scripted.url):
        ticks(Clock(), 2)
    assert scripted.requests == []
    assert held_back(request) == "Codat asked us to pause."
    assert Pause.objects.get().until == now + 50 * MINUTE


@pytest.mark.django_db(transaction=True)
def test_what_is_left_of_the_day_stays_kept_for_sends(no_broker: None, scripted: Server) -> None:
    now = timezone.now()
    pauses.note_kept(now + 50 * MINUTE, now)
    merchant = make_merchant(configured_at=now, next_refresh_at=now)
    make_request(merchant, state=State.ACCEPTED)
    request = waiting()
    scripted.answers(NONE_YET, says(200, STARTED))
    with codat_at(scripted.url):
        ticks(Clock(), 2)
    assert stored(request).state == State.ACCEPTED
    assert [str(merchant.company_id) in call.target for call in scripted.requests] == [False, False]
    assert until(pauses.kept) == now + 50 * MINUTE


@pytest.mark.django_db
def test_what_it_was_told_itself_its_own_calls_may_end(no_broker: None) -> None:
    """Where Codat did not say how long, one read a minute asks whether it still holds: also of this one."""
    clock, now = Clock(), timezone.now()
    slow_path_budget().slow_down(None)
    clock.tick(now)
    assert until(pauses.shown) > now
    slow_path_budget().resume()
    clock.tick(now + MINUTE)
    assert until(pauses.shown) <= now + MINUTE
