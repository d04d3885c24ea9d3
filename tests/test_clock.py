"""The clock: nudges while there is a queue, works itself while there is none, and stops for nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from redis import Redis

from syncs import clock as clock_module
from syncs.clock import BACKLOG, Clock
from syncs.models import Heartbeat, Merchant
from syncs.operations import handing_out, heartbeats, reconciling
from syncs.rules.states import State
from tests.factories import make_merchant, make_request
from tests.presses import due, stored, ticks, waiting
from tests.queues import messages

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.django_db
def test_a_row_whose_nudge_was_lost_is_nudged_within_a_tick(broker: Redis, clock: Clock) -> None:
    request = waiting()
    make_request(make_merchant(), not_before=timezone.now() + timedelta(minutes=1))
    ticks(clock)
    assert messages(broker, "sending") == [("beat", "sending"), ("send", request.pk)]


@pytest.mark.django_db
def test_a_nudge_that_led_to_nothing_is_given_again_after_ten_seconds(broker: Redis, clock: Clock) -> None:
    request, now = waiting(), timezone.now()
    given = []
    for seconds in range(12):
        broker.flushall()
        clock.tick(now + seconds * SECOND)
        given.append(("send", request.pk) in messages(broker, "sending"))
    assert [second for second, nudged in enumerate(given) if nudged] == [0, 10]


@pytest.mark.django_db
def test_a_clock_that_was_set_back_still_nudges(broker: Redis, clock: Clock) -> None:
    request, now = waiting(), timezone.now()
    clock.tick(now + timedelta(hours=1))
    broker.flushall()
    clock.tick(now)
    assert ("send", request.pk) in messages(broker, "sending")


@pytest.mark.django_db
def test_uncertain_requests_are_looked_at_by_workers(broker: Redis, clock: Clock) -> None:
    request = waiting(state=State.UNCERTAIN)
    ticks(clock)
    assert ("look", request.pk) in messages(broker, "refreshing")
    assert stored(request).looks == 0


@pytest.mark.django_db
def test_merchants_that_are_due_are_handed_out_once(broker: Redis, clock: Clock) -> None:
    first, second = due([{"company_id": "8a210b68-6988-11ed-a1eb-0242ac12000" + n} for n in "12"])
    make_merchant(next_refresh_at=timezone.now() + timedelta(minutes=1))
    make_merchant(next_refresh_at=timezone.now() - SECOND, archived_at=timezone.now())
    ticks(clock, 3)
    looks = [message for message in messages(broker, "refreshing") if message[0] == "refresh"]
    assert looks == [("refresh", second.pk), ("refresh", first.pk)]


@pytest.mark.django_db
def test_a_look_that_was_lost_is_handed_out_again(db: None) -> None:
    [merchant] = due([{"company_id": "8a210b68-6988-11ed-a1eb-0242ac120002"}])
    now = timezone.now()
    after = [0 * SECOND, handing_out.LEASE - SECOND, handing_out.LEASE, handing_out.LEASE + SECOND]
    handed = [handing_out.claim_due_merchants(now + wait, 5) for wait in after]
    assert handed == [[merchant.pk], [], [merchant.pk], []]


@pytest.mark.django_db
def test_what_the_queue_does_not_take_any_more_is_due_as_before(broker: Redis, clock: Clock) -> None:
    due([{"company_id": "8a210b68-6988-11ed-a1eb-0242ac12000" + n} for n in "12"])
    now = timezone.now()
    broker.config_set("maxmemory", "1")
    try:
        clock._hand_out_looks(now)
    finally:
        broker.config_set("maxmemory", "0")
    assert not clock.queue_is_up
    assert Merchant.objects.due_for_a_look(now).count() == 2


@pytest.mark.django_db
def test_no_more_is_handed_out_than_workers_can_take(broker: Redis, clock: Clock) -> None:
    due([{"company_id": "8a210b68-6988-11ed-a1eb-0242ac120002"}])
    ticks(clock)
    broker.delete("refreshing")
    broker.lpush("refreshing", *["{}"] * BACKLOG)
    Merchant.objects.update(next_refresh_at=timezone.now() - SECOND)
    ticks(clock)
    assert broker.llen("refreshing") == BACKLOG
    assert Merchant.objects.get().next_refresh_at < timezone.now()


@pytest.mark.django_db
def test_looks_are_handed_out_as_fast_as_the_budget_lets_them_be_made(
    broker: Redis, clock: Clock, settings: Any
) -> None:
    """Also where a tick comes late: what waits in the queue lasts for two of them, and no longer."""
    settings.CODAT_CALLS_PER_MINUTE = 200
    for _ in range(9):
        make_merchant(next_refresh_at=timezone.now() - SECOND)
    counts = []
    for _ in range(3):
        ticks(clock)
        counts.append(len([name for name, *_ in messages(broker, "refreshing") if name == "refresh"]))
    assert counts[0] == 4
    assert broker.llen("refreshing") == 7


@pytest.mark.parametrize(
    ("queue", "state"), [("sending", State.QUEUED), ("refreshing", State.UNCERTAIN)], ids=["sends", "looks"]
)
@pytest.mark.django_db
def test_workers_that_are_behind_are_not_told_again_and_again(
    broker: Redis, clock: Clock, queue: str, state: State
) -> None:
    """Else what is urgent stands behind thousands of messages that are older than their minute."""
    now = timezone.now()
    for _ in range(9):
        waiting(state=state)
    for round_ in range(12):
        clock.tick(now + round_ * 10 * SECOND)
    nudges = [name for name, *_ in messages(broker, queue) if name in {"send", "look"}]
    assert len(nudges) <= BACKLOG
    broker.delete(queue)
    clock.tick(now + 121 * SECOND)
    assert len(messages(broker, queue)) >= 9


@pytest.mark.django_db
def test_it_beats_and_has_each_queue_beat(broker: Redis, clock: Clock) -> None:
    now = timezone.now()
    for seconds in range(12):
        clock.tick(now + seconds * SECOND)
    assert messages(broker, "sending") == [("beat", "sending")] * 2
    assert messages(broker, "refreshing").count(("beat", "refreshing")) == 2
    assert messages(broker, "refreshing").count(("read_companies",)) == 1
    assert set(Heartbeat.objects.values_list("name", flat=True)) == {"clock", "queue", "connections read"}
    silent = heartbeats.signs(timezone.now()).silent
    assert silent == {"worker sending": None, "worker refreshing": None}
    assert "clock" in heartbeats.signs(timezone.now() + timedelta(seconds=61)).silent


# What goes wrong


def refusing(start: str) -> Callable[..., Any]:
    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(start):
            raise OperationalError("the server closed the connection")
        return execute(sql, *rest)

    return wrapper


@pytest.mark.django_db
def test_a_database_that_is_away_ends_a_tick_and_not_the_clock(
    broker: Redis, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    request = waiting()
    with connection.execute_wrapper(refusing("SELECT")):
        ticks(clock)
    assert caplog.text.count("the database does not answer") == 1
    ticks(clock)
    assert ("send", request.pk) in messages(broker, "sending")


@pytest.mark.django_db
def test_what_goes_wrong_in_one_part_does_not_keep_the_others_from_their_work(
    broker: Redis, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(now: Any) -> None:
        raise ValueError("no such thing")

    request = waiting()
    broken.__name__ = "give_up_on_lost_senders"
    monkeypatch.setattr(reconciling, "give_up_on_lost_senders", broken)
    ticks(clock)
    assert "the clock's part give_up_on_lost_senders went wrong" in caplog.text
    assert ("send", request.pk) in messages(broker, "sending")


@pytest.mark.django_db
def test_it_runs_until_it_is_told_to_stop(
    broker: Redis, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_module, "TICK", 0.01)
    monkeypatch.setattr(clock_module, "close_old_connections", lambda: None)
    asked: list[int] = []
    clock.run(lambda: len(asked) > 3 or asked.append(1) is not None)
    assert len(asked) == 4
