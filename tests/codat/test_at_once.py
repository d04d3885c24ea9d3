"""At most ten calls at once for one company, by all workers together; a place nobody leaves is free again by itself."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import pytest
from redis import Redis

from sandbox.testing import Sandbox, running
from syncs.codat.budget import Budget, LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.crowd import LEASE, Place
from syncs.codat.errors import CodatError, Later
from syncs.codat.pace import Purpose
from syncs.codat.quota import Quota
from syncs.codat.shared_budget import CROWD, SharedBudget
from tests.codat.conftest import KEY, make_client
from tests.codat.examples import COMPANY, DONE, OTHER_COMPANY, STARTED, ask_latest
from tests.codat.server import Server, hangs_up, says
from tests.codat.test_budget import READ, SEND, MakeBudget
from tests.codat.test_budget import make as make

UNSAID = Quota(None, None, None)
FAST = 60_000


def entered(budget: Budget, purpose: Purpose, company: str = COMPANY, most: int = 30) -> list[Place]:
    """The places that can be taken at once."""
    places = []
    for _ in range(most):
        place = Place.for_read(company)
        try:
            budget.take(purpose, place)
        except Later:
            break
        places.append(place)
    return places


def test_reads_leave_two_of_a_companys_ten_to_sends(make: MakeBudget) -> None:
    budget = make(per_minute=FAST)
    assert len(entered(budget, READ)) == 8
    assert len(entered(budget, SEND)) == 2


def test_who_calls_another_company_does_not_wait(make: MakeBudget) -> None:
    budget = make(per_minute=FAST)
    entered(budget, READ)
    assert entered(budget, READ, OTHER_COMPANY)


def test_who_finds_no_place_is_told_to_come_back_soon(make: MakeBudget) -> None:
    budget = make(per_minute=FAST)
    entered(budget, READ)
    with pytest.raises(Later, match="ten calls at a time for one company") as told:
        budget.take(READ, Place.for_read(COMPANY))
    assert (told.value.retry_after, told.value.is_ours) == (1, True)


def test_who_finds_no_place_costs_nothing_of_the_minute(make: MakeBudget) -> None:
    budget = make(per_minute=1)
    entered(budget, READ)
    for _ in range(5):
        with pytest.raises(Later, match="ten calls at a time"):
            budget.take(READ, Place.for_read(COMPANY))
    assert len(entered(budget, READ, OTHER_COMPANY)) == 2


def test_a_place_that_is_left_is_free_whatever_the_answer_said(make: MakeBudget) -> None:
    budget = make(per_minute=FAST)
    told, silent, *_ = entered(budget, READ)
    budget.heard(Quota(1000, 700, None), told)
    budget.heard(UNSAID, silent)
    assert len(entered(budget, READ)) == 2
    assert budget.state().remaining == 700


def test_what_was_reserved_for_a_post_and_not_sent_takes_one_place_however_often(make: MakeBudget) -> None:
    budget = make(per_minute=FAST)
    for _ in range(5):
        budget.take(SEND, Place.for_send(COMPANY), may_probe=False)
    assert len(entered(budget, SEND)) == 9


def test_the_place_of_a_worker_that_was_killed_is_free_after_its_lease() -> None:
    now = [1_800_000_000.0]
    budget = LocalBudget(per_minute=FAST, clock=lambda: now[0])
    entered(budget, READ)
    now[0] += LEASE - 1
    assert not entered(budget, READ)
    now[0] += 1
    assert len(entered(budget, READ)) == 8


@pytest.mark.parametrize("off", [-1, LEASE + 60])
def test_in_redis_too_also_where_its_clock_was_set_back(redis: Redis, off: float) -> None:
    left = {uuid4().hex: int((time.time() + off) * 1e6) for _ in range(10)}
    redis.zadd(CROWD + COMPANY, left)
    assert len(entered(SharedBudget(redis, per_minute=FAST), READ)) == 8


def test_redis_forgets_the_companies_that_nobody_calls(redis: Redis) -> None:
    budget = SharedBudget(redis, per_minute=FAST)
    place, *_ = entered(budget, READ, most=2)
    assert 0 < redis.ttl(CROWD + COMPANY) <= LEASE
    budget.heard(UNSAID, place)
    assert redis.zcard(CROWD + COMPANY) == 1


def test_two_hosts_share_a_companys_ten(redis: Redis) -> None:
    hosts = [SharedBudget(redis, per_minute=FAST) for _ in range(2)]
    assert [len(entered(host, READ)) for host in hosts] == [8, 0]


@pytest.mark.parametrize("step", [says(200, DONE), says(500, b""), hangs_up])
def test_a_call_leaves_its_place_however_it_ends(server: Server, redis: Redis, step: object) -> None:
    server.answers(*[step] * 10)
    with make_client(server.url, SharedBudget(redis, per_minute=FAST)) as client, suppress(CodatError):
        client.latest_sync(COMPANY)
    assert redis.zcard(CROWD + COMPANY) == 0


def test_a_post_leaves_the_place_that_was_reserved_for_it(server: Server, redis: Redis) -> None:
    server.answers(says(200, STARTED))
    with make_client(server.url, SharedBudget(redis, per_minute=FAST)) as client:
        client.reserve_send(COMPANY)
        assert redis.zcard(CROWD + COMPANY) == 1
        ask_latest(client)
    assert redis.zcard(CROWD + COMPANY) == 0


def test_a_read_waits_for_a_place_a_moment_before_its_caller_is_told(server: Server) -> None:
    server.answers(says(200, DONE))
    budget = LocalBudget(per_minute=FAST)
    place, *_ = entered(budget, READ)
    threading.Timer(0.2, budget.heard, (UNSAID, place)).start()
    with make_client(server.url, budget, deadline=10) as client:
        assert client.latest_sync(COMPANY)


@pytest.fixture(scope="module")
def strict() -> Iterator[Sandbox]:
    """It holds everybody to the ten, and takes its time."""
    with running(merchants=20, key=KEY) as sandbox:
        sandbox.fault("slow", {"seconds": 0.2}, path_regex="/companies/", method="get")
        yield sandbox


@pytest.mark.slow
@pytest.mark.parametrize("budgets", ["one process", "three hosts"])
def test_codat_refuses_none_of_many_calls_for_one_company(
    strict: Sandbox, redis: Redis, budgets: str
) -> None:
    shared = budgets == "three hosts"
    hosts = [
        make_client(
            strict.url, SharedBudget(redis) if shared else LocalBudget(), read_timeout=10, deadline=60
        )
        for _ in range(3 if shared else 1)
    ]
    company = str(strict.merchants("healthy")[0]["company_id"])
    with ThreadPoolExecutor(30) as hands:
        met = Counter(hands.map(lambda n: answer(hosts[n % len(hosts)], company), range(60)))
    assert met == {"answered": 60}
    for host in hosts:
        host.close()


@pytest.mark.slow
def test_without_the_budget_it_would(strict: Sandbox) -> None:
    company = str(strict.merchants("healthy")[0]["company_id"])
    with ThreadPoolExecutor(30) as hands:
        statuses = Counter(hands.map(lambda _: bare(strict, company), range(30)))
    assert statuses[429] > 0


def answer(client: CodatClient, company: str) -> str:
    try:
        client.syncs(company)
    except CodatError as error:
        return error.message
    return "answered"


def bare(sandbox: Sandbox, company: str) -> int:
    return sandbox.get(f"/companies/{company}/sync/commerce/syncs/list/status").status_code
