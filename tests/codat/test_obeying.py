"""Codat's limits and headers are obeyed by many hands at once, counted where the calls arrive: at a real sandbox."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from redis import Redis

from sandbox.testing import Sandbox, running
from syncs.codat.budget import Budget
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later
from syncs.codat.pace import Pace
from syncs.codat.shared_budget import KEY as STATE
from syncs.codat.shared_budget import SharedBudget
from tests.codat.conftest import KEY, make_client
from tests.relay import Log, relay

FREE = 60_000
HANDS = 32

pytestmark = pytest.mark.slow


@dataclass
class Codat:
    sandbox: Sandbox
    url: str
    log: Log = field(default_factory=Log)


@contextmanager
def codat(**options: object) -> Iterator[Codat]:
    log = Log()
    with (
        running(key=KEY, **options) as sandbox,  # type: ignore[arg-type]
        relay(urlsplit(sandbox.url).port or 80, log=log) as port,
    ):
        yield Codat(sandbox, f"http://127.0.0.1:{port}", log)


def client(codat: Codat, budget: Budget) -> CodatClient:
    return make_client(codat.url, budget, read_timeout=10, deadline=60)  # type: ignore[arg-type]


def until(stop: Callable[[], bool], clients: list[CodatClient]) -> list[CodatError]:
    """Hands that ask without a pause, and what they were told when they were held back."""
    told: list[CodatError] = []

    def ask(number: int) -> None:
        while not stop():
            try:
                clients[number % len(clients)].companies(1, page_size=1)
            except CodatError as error:
                told.append(error)
                time.sleep(0.02)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def seconds(length: float) -> Callable[[], bool]:
    end = time.monotonic() + length
    return lambda: time.monotonic() > end


def test_many_hands_on_two_hosts_are_spread_evenly(redis: Redis) -> None:
    """What 60 seconds hold follows from this, and is tried with a clock of its own in test_local_budget.py."""
    pace = Pace(per_minute=900)
    with codat(merchants=5) as desk:
        hosts = [client(desk, SharedBudget(redis, per_minute=900)) for _ in range(2)]
        until(seconds(6), hosts)
    for span in (1.0, 2.0, 4.0):
        # A call may take a moment longer on its way than the one before it.
        assert desk.log.most_within(span) <= (span + 0.3) / pace.interval + pace.burst
    assert len(desk.log.calls) >= 0.9 * 6 / pace.interval
    assert desk.log.statuses[429] == 0


@pytest.mark.long
def test_no_sixty_seconds_hold_more_than_the_ceiling_and_hardly_fewer(redis: Redis) -> None:
    with codat(merchants=5) as desk:
        until(seconds(75), [client(desk, SharedBudget(redis, per_minute=800)) for _ in range(2)])
    assert 0.95 * 800 <= desk.log.most_within(60) <= 800
    assert desk.log.statuses[429] == 0


@pytest.mark.parametrize("form", ["iso", "epoch", "http_date"])
def test_the_day_is_used_up_to_what_is_kept_for_sends_and_codat_refuses_nobody(
    redis: Redis, form: str
) -> None:
    """Nobody lives there, so a day has a thousand calls. Each hand may be on its way when the last one is told, and
    once more where an older answer, with more left, is read after a newer one.
    """
    with codat(merchants=0, switches={"per_minute": "off", "reset_header": form}) as desk:
        budget = SharedBudget(redis, per_minute=FREE, reserve=100)
        until(lambda: (left := budget.state().remaining) is not None and left <= 100, [client(desk, budget)])
        with pytest.raises(Later, match="kept for sync requests"):
            client(desk, budget).companies(1)
        state = budget.state()
    assert 900 <= len(desk.log.calls) <= 900 + 2 * HANDS
    assert desk.log.statuses[429] == 0
    assert state.resets_at
    assert (state.resets_at.hour, state.resets_at.minute) == (0, 0)


@pytest.mark.parametrize("header", [{"retry_after": 3}, {"retry_after": 3, "form": "date"}])
def test_after_a_429_nobody_on_any_host_calls_until_it_is_over(
    redis: Redis, header: dict[str, object]
) -> None:
    with codat(merchants=5) as desk:
        hosts = [client(desk, SharedBudget(redis, per_minute=900)) for _ in range(2)]
        desk.sandbox.fault("429", header, method="get", count=1)
        until(seconds(5), hosts)
    moments = [at for at, _, _ in desk.log.calls]
    # Those that were on their way when it came are answered; then there is silence.
    assert max(later - earlier for earlier, later in pairwise(moments)) > 1.9
    assert desk.log.statuses[429] == 1


def test_a_429_without_a_time_is_a_minute_for_all(redis: Redis) -> None:
    with codat(merchants=5) as desk:
        hosts = [client(desk, SharedBudget(redis, per_minute=900)) for _ in range(2)]
        desk.sandbox.fault("429", {"retry_after": None}, method="get", count=1)
        told = until(seconds(2), hosts)
    assert len(desk.log.calls) <= HANDS
    assert max(error.retry_after for error in told if isinstance(error, Later)) > 55


@pytest.mark.parametrize(
    ("lie", "minutes"),
    [("86400", 60), ("Wed, 21 Oct 2099 07:28:00 GMT", 60), ("9" * 40, 60), ("soon", 1)],
)
def test_a_header_that_lies_costs_an_hour_at_most_and_one_call(redis: Redis, lie: str, minutes: int) -> None:
    with codat(merchants=5) as desk:
        budget = SharedBudget(redis, per_minute=900)
        desk.sandbox.fault("429", {"retry_after": lie}, method="get", count=1)
        with pytest.raises(Later):
            client(desk, budget).companies(1)
        with pytest.raises(Later, match="asked us to pause"):
            client(desk, budget).companies(1)
        time_passes(redis, minutes * 60 - 5)
        with pytest.raises(Later, match="asked us to pause"):
            client(desk, budget).companies(1)
        time_passes(redis, 5)
        assert client(desk, budget).companies(1).items
        assert budget.state().stopped_until is None
    assert len(desk.log.calls) == 2


def test_of_many_hands_one_asks_whether_a_pause_still_holds(redis: Redis) -> None:
    with codat(merchants=5) as desk:
        budget = SharedBudget(redis, per_minute=900)
        desk.sandbox.fault("429", {"retry_after": None}, method="get", count=2)
        with pytest.raises(Later):
            client(desk, budget).companies(1)
        a_minute_passes(redis)
        hosts = [client(desk, SharedBudget(redis, per_minute=900)) for _ in range(2)]
        until(seconds(1), hosts)
    assert len(desk.log.calls) == 2


def a_minute_passes(redis: Redis) -> None:
    time_passes(redis, 60)


def time_passes(redis: Redis, seconds: int) -> None:
    for name in ("asked_at", "paused_until", "told_until"):
        redis.hincrby(STATE, name, -seconds * 1_000_000)
