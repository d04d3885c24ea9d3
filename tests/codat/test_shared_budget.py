"""What only the budget in Redis can get wrong: many hosts at once, and Redis gone."""

import multiprocessing
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import time_machine
from redis import Redis

from syncs.codat.budget import LocalBudget
from syncs.codat.errors import Later
from syncs.codat.pace import Purpose
from syncs.codat.quota import Quota, next_midnight
from syncs.codat.shared_budget import KEY, SharedBudget
from tests.codat.conftest import make_client
from tests.codat.examples import DONE, STARTED, SYNC, ask_latest
from tests.codat.server import Server, says
from tests.codat.test_budget import READ, SEND, refusal, taken
from tests.valkey import free_port, running_valkey


def take_all(url: str) -> int:
    with Redis.from_url(url) as redis:
        return taken(SharedBudget(redis, per_minute=1), Purpose.READ)


@pytest.mark.slow
def test_processes_together_take_no_more_than_one_alone(redis: Redis, redis_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert sum(pool.map(take_all, [redis_url] * 6)) == 10


def test_one_hosts_pause_and_news_hold_for_all(redis: Redis) -> None:
    here, there = SharedBudget(redis), SharedBudget(redis)
    here.heard(Quota(1000, 7, None))
    assert there.state().remaining == 7
    here.slow_down(20)
    refusal(there, SEND)
    assert there.state().paused_until == here.state().paused_until


def test_of_many_hosts_one_asks_whether_the_pause_still_holds(redis: Redis) -> None:
    hosts = [SharedBudget(redis) for _ in range(5)]
    hosts[0].slow_down(None)
    a_minute_ago = int((time.time() - 61) * 1e6)
    redis.hset(KEY, "asked_at", a_minute_ago)
    with pytest.raises(Later):
        hosts[1].take(SEND, may_probe=False)
    assert hosts[1].take(READ)
    for host in hosts:
        refusal(host, READ)
    hosts[1].resume()
    assert [host.take(READ) for host in hosts] == [False] * 5


def test_a_steady_taker_gets_the_calls_of_a_minute_evenly(redis: Redis) -> None:
    budget = SharedBudget(redis, per_minute=6000)
    began = time.monotonic()
    calls = 0
    while time.monotonic() - began < 0.5:
        calls += taken(budget, READ, most=1)
    assert 30 <= calls <= 70


def test_it_leaves_one_key_that_expires(redis: Redis) -> None:
    budget = SharedBudget(redis)
    budget.take(READ)
    budget.heard(Quota(1000, 7, None))
    budget.slow_down(1)
    assert redis.keys() == [KEY.encode()]
    assert KEY.startswith("syncdesk:budget:")
    assert 0 < redis.ttl(KEY) <= 2 * 24 * 3600


@pytest.mark.parametrize("off", [timedelta(days=-3), timedelta(days=3)])
def test_midnight_is_that_of_redis_whatever_the_clock_of_the_host(redis: Redis, off: timedelta) -> None:
    budget = SharedBudget(redis)
    with time_machine.travel(datetime.now(UTC) + off):
        budget.heard(Quota(1000, 7, None))
    assert budget.state().resets_at == next_midnight(datetime.now(UTC))


@pytest.mark.parametrize("off", [timedelta(minutes=-10), timedelta(minutes=10), timedelta(days=3)])
def test_a_hosts_clock_that_is_off_moves_no_moment_for_the_others(
    server: Server, redis: Redis, off: timedelta
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    reset, until = now + timedelta(minutes=5), now + timedelta(minutes=3)
    told = {"X_Rate_Limit_Remaining": "5000", "X_Rate_Limit_Reset": reset.isoformat()}
    dates = {"Date": format_datetime(now, usegmt=True), "Retry_After": format_datetime(until, usegmt=True)}
    server.answers(says(429, **told, **dates))
    with (
        time_machine.travel(now + off),
        make_client(server.url, SharedBudget(redis)) as client,
        pytest.raises(Later),
    ):
        client.latest_sync(DONE["companyId"])
    state = SharedBudget(redis).state()
    assert state.resets_at == reset
    assert state.paused_until
    assert abs(state.paused_until - until) < timedelta(seconds=10)


def test_a_client_that_decodes_answers_will_do(redis_url: str, redis: Redis) -> None:
    with Redis.from_url(redis_url, decode_responses=True) as decoding:
        budget = SharedBudget(decoding, per_minute=60)
        budget.heard(Quota(1000, 500, None))
        assert taken(budget, READ) == 10
        assert budget.state().remaining == 500


def test_an_emptied_redis_starts_afresh(redis: Redis) -> None:
    budget = SharedBudget(redis, per_minute=1)
    taken(budget, READ)
    redis.flushall()
    redis.script_flush()
    assert taken(budget, READ) == 10


def test_what_a_faster_clock_left_behind_blocks_nobody_and_no_page_says_that_it_does(redis: Redis) -> None:
    redis.hset(
        KEY,
        mapping={"next": int((time.time() + 86400) * 1e6), "paused_until": int((time.time() + 86400) * 1e6)},
    )
    budget = SharedBudget(redis)
    budget.take(READ)
    assert budget.state().paused_until is None


def test_without_redis_no_call_is_made_and_nothing_else_fails() -> None:
    gone = SharedBudget.from_url(f"redis://127.0.0.1:{free_port()}/0")
    for purpose in Purpose:
        assert "Redis does not answer" in refusal(gone, purpose).message
    gone.heard(Quota(1000, 7, datetime.now(UTC)))
    gone.slow_down(5)
    assert not gone.state().reachable


def test_a_redis_that_does_not_answer_is_as_good_as_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        redis = Redis(port=mute.getsockname()[1], socket_timeout=0.1, retry=None)
        with pytest.raises(Later):
            SharedBudget(redis).take(SEND)


def test_a_redis_that_has_no_memory_left_is_as_good_as_gone(redis: Redis) -> None:
    redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(Later):
            SharedBudget(redis).take(READ)
    finally:
        redis.config_set("maxmemory", "0")


def test_it_works_again_when_redis_is_back() -> None:
    port = free_port()
    budget = SharedBudget.from_url(f"redis://127.0.0.1:{port}/0")
    with running_valkey(port=port):
        budget.take(READ)
    refusal(budget, READ)
    with running_valkey(port=port):
        budget.take(READ)


def test_a_write_is_answered_although_redis_went_away_meanwhile(server: Server) -> None:
    server.answers(says(200, STARTED, X_Rate_Limit_Remaining="5"))
    gone = SharedBudget.from_url(f"redis://127.0.0.1:{free_port()}/0")
    with make_client(server.url, gone) as client:
        assert ask_latest(client).commerce_sync_id == SYNC
        with pytest.raises(Later):
            client.reserve_send(DONE["companyId"])


@pytest.mark.parametrize("make", [lambda redis: LocalBudget(), SharedBudget])
def test_reads_through_the_client_stop_at_the_reserve(
    server: Server, redis: Redis, make: Callable[[Redis], LocalBudget]
) -> None:
    server.answers(says(200, DONE, X_Rate_Limit_Limit="1000", X_Rate_Limit_Remaining="100"))
    with make_client(server.url, make(redis)) as client:
        client.latest_sync(DONE["companyId"])
        with pytest.raises(Later):
            client.latest_sync(DONE["companyId"])
        client.reserve_send(DONE["companyId"])
    assert len(server.requests) == 1


@pytest.mark.parametrize(("asked_ago", "asks"), [(11, True), (9, False)])
def test_when_the_limits_are_said_to_have_changed_one_asks_at_once(
    redis: Redis, asked_ago: int, asks: bool
) -> None:
    budget = SharedBudget(redis)
    budget.slow_down(3600)
    redis.hset(KEY, "asked_at", int((time.time() - asked_ago) * 1e6))
    budget.ask_soon()
    if asks:
        assert budget.take(READ)
        assert refusal(budget, READ).retry_after <= 5
    else:
        assert refusal(budget, READ).retry_after > 3500


def test_a_new_word_on_how_long_is_kept_to_the_letter_again(redis: Redis) -> None:
    budget = SharedBudget(redis)
    budget.slow_down(3600)
    redis.hset(KEY, "asked_at", int((time.time() - 11) * 1e6))
    budget.ask_soon()
    assert budget.take(READ)
    budget.slow_down(3600)
    redis.hset(KEY, "asked_at", int((time.time() - 70) * 1e6))
    assert refusal(budget, READ).retry_after > 3500


def test_a_pause_of_a_minute_is_kept_to_the_letter_whatever_is_said_of_the_limits(redis: Redis) -> None:
    budget = SharedBudget(redis)
    budget.slow_down(59)
    redis.hset(KEY, "asked_at", int((time.time() - 30) * 1e6))
    budget.ask_soon()
    refusal(budget, READ)


def test_what_is_said_of_the_limits_changes_nothing_while_calls_go(redis: Redis) -> None:
    budget = SharedBudget(redis)
    budget.ask_soon()
    assert not budget.take(READ)
