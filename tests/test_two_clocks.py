"""Two clocks, on two hosts: what needs doing once in a while is done once, by either of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from redis import Redis

from syncs.clock import CONNECTIONS_EVERY, Clock
from syncs.models import Heartbeat
from syncs.operations import heartbeats, host_time, turns
from tests.queues import messages
from tests.test_webhooks_at_once import THREADS, at_once

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NIGHTLY = timedelta(hours=24)


def passes(broker: Redis) -> int:
    """How often the connections were to be read since it was asked last."""
    found = messages(broker, "refreshing").count(("read_companies",))
    broker.delete("refreshing")
    return found


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def test_of_two_clocks_one_has_the_connections_read(broker: Redis, now: datetime) -> None:
    clocks = Clock(), Clock()
    found = []
    for minute in range(31):
        for clock in clocks:
            clock.tick(now + minute * MINUTE)
        found.append(passes(broker))
    assert [minute for minute, read in enumerate(found) if read] == [0, 10, 20, 30]
    assert max(found) == 1


def test_a_clock_that_restarts_does_not_have_them_read_again(broker: Redis, now: datetime) -> None:
    Clock().tick(now)
    assert passes(broker) == 1
    Clock().tick(now + CONNECTIONS_EVERY - SECOND)
    assert passes(broker) == 0
    Clock().tick(now + CONNECTIONS_EVERY)
    assert passes(broker) == 1


def test_the_other_clock_goes_on_within_seconds_where_one_is_gone(broker: Redis, now: datetime) -> None:
    gone, other = Clock(), Clock()
    gone.tick(now)
    other.tick(now + CONNECTIONS_EVERY - SECOND)
    assert passes(broker) == 1
    other.tick(now + CONNECTIONS_EVERY + heartbeats.BEAT_EVERY)
    assert passes(broker) == 1


def test_a_clock_without_a_queue_leaves_the_turn_to_one_that_has_it(broker: Redis, now: datetime) -> None:
    cut_off = Clock()
    cut_off.queue_is_up = False
    cut_off._read_connections(now)
    Clock().tick(now)
    assert passes(broker) == 1


def test_a_host_whose_time_is_wrong_takes_no_turn(
    broker: Redis, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would write a moment that the others never come to, or were at long ago."""
    with monkeypatch.context() as wrong:
        wrong.setattr(host_time, "ahead", lambda: 7 * MINUTE)
        Clock().tick(now + 7 * MINUTE)
    assert passes(broker) == 0
    Clock().tick(now)
    assert passes(broker) == 1


@pytest.mark.parametrize("apart", [-20 * SECOND, 20 * SECOND])
def test_clocks_that_are_seconds_apart_take_one_turn_between_them(
    db: None, now: datetime, apart: timedelta
) -> None:
    taken = [turns.take("nightly", NIGHTLY, now + ahead) for ahead in (timedelta(), apart, SECOND)]
    assert taken == [True, False, False]


def test_of_two_that_find_it_due_one_takes_it(now: datetime) -> None:
    """Both have looked, and the other one writes first."""
    others: list[bool] = []

    def other_first(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and not others:
            others.append(False)
            others[0] = turns.take("nightly", NIGHTLY, now)
        return execute(sql, *rest)

    turns.take("nightly", NIGHTLY, now - NIGHTLY)
    with connection.execute_wrapper(other_first):
        mine = turns.take("nightly", NIGHTLY, now + SECOND)
    assert (others, mine) == ([True], False)


def test_a_turn_that_was_dated_far_into_the_future_keeps_nobody_waiting(now: datetime) -> None:
    assert turns.take("nightly", NIGHTLY, now + timedelta(days=30))
    assert turns.take("nightly", NIGHTLY, now)


def test_to_find_that_it_is_nobodys_turn_takes_one_query_and_writes_nothing(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    turns.take("nightly", NIGHTLY, now)
    before = Heartbeat.objects.get()
    with django_assert_num_queries(1):
        assert not turns.take("nightly", NIGHTLY, now + SECOND)
    assert Heartbeat.objects.get().at == before.at


def test_a_turn_is_no_sign_of_life_of_a_part_of_the_house(
    broker: Redis, client: Client, now: datetime
) -> None:
    before = client.get("/readyz").json()["checks"]
    turns.take("connections read", CONNECTIONS_EVERY, now)
    assert set(heartbeats.signs(now).silent) == set(heartbeats.PARTS)
    assert client.get("/readyz").json()["checks"] == before


@pytest.mark.slow
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_clocks_at_once_one_takes_each_turn(now: datetime) -> None:
    for night in range(20):
        due = now + night * (NIGHTLY + SECOND)
        taken = at_once(
            lambda number, due=due: turns.take("nightly", NIGHTLY, due + number * SECOND / THREADS)
        )  # type: ignore[misc]
        assert sorted(taken) == [False] * (THREADS - 1) + [True]
