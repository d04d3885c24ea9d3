"""Who is looked at next: claimed in batches, by one clock alone, the most urgent first."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis import Redis

from syncs import clients, watched
from syncs.clock import Clock
from syncs.codat.client import CodatClient
from syncs.models import Merchant
from syncs.operations.handing_out import HANDED_OUT, LEASE, claim_due_merchants, give_back
from syncs.operations.refresh import refresh
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_merchant, make_request
from tests.presses import ticks
from tests.queues import messages
from tests.test_merchant_page import address

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def now(db: None, noon: None) -> datetime:
    return timezone.now()


def overdue(now: datetime, count: int, **columns: Any) -> list[int]:
    """The first the most overdue."""
    late = [now - (count - number) * SECOND for number in range(count)]
    return [make_merchant(next_refresh_at=at, **columns).pk for at in late]


def open_page(now: datetime, **columns: Any) -> Merchant:
    return make_merchant(**{"refreshed_at": now - 2 * MINUTE, "next_refresh_at": now + HOUR} | columns)


def test_the_most_overdue_come_first_and_no_more_than_there_is_budget_for(now: datetime) -> None:
    pks = overdue(now, 5)
    assert claim_due_merchants(now, 3) == pks[:3]
    assert claim_due_merchants(now, 0) == []
    assert claim_due_merchants(now, 3) == pks[3:]
    assert claim_due_merchants(now, 3) == []


def test_what_was_handed_out_says_so_and_comes_back_when_it_was_lost(now: datetime) -> None:
    [pk] = claim_due_merchants(now, 3) or overdue(now, 1)
    assert claim_due_merchants(now, 3) == [pk]
    held = Merchant.objects.get()
    assert (held.next_refresh_at, held.next_refresh_reason) == (now + LEASE, HANDED_OUT)
    assert claim_due_merchants(now + LEASE, 3) == [pk]
    give_back([pk], now + LEASE)
    assert claim_due_merchants(now + LEASE, 3) == [pk]


def test_a_batch_takes_as_many_queries_as_one_merchant(now: datetime) -> None:
    def queries(count: int) -> int:
        overdue(now, count)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert len(claim_due_merchants(now, count)) == count
        return len(seen)

    assert queries(40) == queries(4)


def test_whoever_waits_for_a_sync_of_ours_goes_first(now: datetime) -> None:
    early, late = overdue(now, 2)
    make_request(Merchant.objects.get(pk=late))
    assert claim_due_merchants(now, 1) == [late]
    assert claim_due_merchants(now, 1) == [early]


def test_of_thousands_that_are_new_only_some_go_before_those_that_are_known(now: datetime) -> None:
    new, known = overdue(now - HOUR, 20, refreshed_at=None), overdue(now, 12)
    assert claim_due_merchants(now, 8) == [*known[:6], *new[:2]]
    assert claim_due_merchants(now, 16) == [*known[6:], *new[2:12]]


@pytest.mark.parametrize("limit", [1, 2, 3, 13])
def test_nobody_takes_all_the_turns(now: datetime, limit: int) -> None:
    """Hundreds wait for syncs of ours, pages are open, thousands are due: each kind is asked all the time."""
    awaited, known, _ = overdue(now, 13), overdue(now, 13), overdue(now, 13, refreshed_at=None)
    for pk in awaited:
        make_request(Merchant.objects.get(pk=pk))
    turns: Counter[str] = Counter()
    for second in range(81):
        for pk in claim_due_merchants(now + second * SECOND, limit):
            turns["awaited" if pk in awaited else "known" if pk in known else "new"] += 1
            Merchant.objects.filter(pk=pk).update(next_refresh_at=now - SECOND)
    assert turns == {"awaited": limit * 54, "known": limit * 18, "new": limit * 9}


def test_people_who_watch_leave_turns_to_those_that_are_due(now: datetime) -> None:
    opened, due = [open_page(now).pk for _ in range(9)], overdue(now, 9)
    assert claim_due_merchants(now, 8, opened) == [*opened[:6], *due[:2]]


def test_turns_that_nobody_else_needs_are_used(now: datetime) -> None:
    opened = [open_page(now).pk for _ in range(9)]
    assert claim_due_merchants(now, 8, opened) == opened[:8]


# Whose page is open


def test_a_watched_merchant_is_asked_when_its_state_is_older_than_a_minute(now: datetime) -> None:
    old, fresh = open_page(now), open_page(now, refreshed_at=now - 30 * SECOND)
    pks = [old.pk, fresh.pk]
    assert claim_due_merchants(now, 5, pks) == [old.pk]
    assert claim_due_merchants(now + SECOND, 5, pks) == [], "it is being asked"
    assert claim_due_merchants(now + 31 * SECOND, 5, pks) == [fresh.pk]


def test_while_a_sync_runs_there_it_is_asked_within_seconds(now: datetime) -> None:
    running = open_page(now, running_since=now - MINUTE, refreshed_at=now - 6 * SECOND)
    assert claim_due_merchants(now, 5, [running.pk]) == [running.pk]


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_watched_merchant_whose_look_fails_is_not_asked_without_end(
    moved: Any, scripted: Server, told: CodatClient, db: None, status: int
) -> None:
    now = timezone.now()
    pk = open_page(now, configured_at=now).pk
    scripted.answers(says(status, {"error": "kaputt", "statusCode": status}))
    looks = 0
    for _ in range(60):
        for claimed in claim_due_merchants(timezone.now(), 5, [pk]):
            refresh(claimed, told)
            looks += 1
        moved.shift(1)
    assert looks == 1


def test_an_archived_merchant_is_not_asked_because_its_page_is_open(now: datetime) -> None:
    gone = open_page(now, archived_at=now, next_refresh_at=None)
    assert claim_due_merchants(now, 5, [gone.pk]) == []


@pytest.mark.django_db
def test_an_open_page_has_its_merchant_asked_and_writes_no_row(
    broker: Redis, as_viewer: Client, noon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "_silent_until", 0.0)
    merchant = open_page(timezone.now())
    as_viewer.get(address(merchant))
    assert Merchant.objects.get(pk=merchant.pk).next_refresh_at == merchant.next_refresh_at
    assert watched.merchants(broker) == [merchant.pk]
    ticks(Clock())
    assert ("refresh", merchant.pk) in messages(broker, "refreshing")


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "is_watched"), [(State.ACCEPTED, True), (State.SUCCEEDED, False)])
def test_so_has_the_open_page_of_a_request_whose_result_is_waited_for(
    broker: Redis, as_viewer: Client, monkeypatch: pytest.MonkeyPatch, state: State, is_watched: bool
) -> None:
    monkeypatch.setattr(watched, "_silent_until", 0.0)
    request = make_request(make_merchant(), state=state)
    as_viewer.get(f"/requests/{request.pk}/")
    assert watched.merchants(broker) == [request.merchant_id] * is_watched


@pytest.mark.django_db
def test_a_page_that_nobody_touches_is_not_watched(
    broker: Redis, as_viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "_silent_until", 0.0)
    idle = {"HX-Request": "true", "HX-Target": "merchant_live", "Panel-Idle": "1"}
    as_viewer.get(address(make_merchant()), headers=idle)
    assert watched.merchants(broker) == []


def test_a_page_that_was_closed_is_forgotten(broker: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.note(7)
    monkeypatch.setattr(watched, "FORGOTTEN_AFTER", 0)
    assert watched.merchants(broker) == []


def test_a_page_does_not_wait_for_a_redis_that_says_nothing(
    silent_broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "_silent_until", 0.0)
    asked: list[int] = []
    monkeypatch.setattr(watched, "impatient_redis", lambda: asked.append(1) or clients.impatient_redis())
    watched.note(7)
    watched.note(7)
    assert asked == [1], "the next pages do not even try"
    monkeypatch.setattr(watched, "_silent_until", 0.0)


# Several clocks


def at_the_same_time(count: int, work: Callable[[], list[int]]) -> list[list[int]]:
    done: list[list[int]] = []
    together = threading.Barrier(count, timeout=30)

    def begin() -> None:
        try:
            together.wait()
            for _ in range(10):
                done.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


@pytest.mark.django_db(transaction=True)
def test_two_clocks_never_hand_out_one_merchant_twice(noon: None) -> None:
    now = timezone.now()
    pks = overdue(now, 100)
    opened = [open_page(now).pk for _ in range(5)]
    batches = at_the_same_time(2, lambda: claim_due_merchants(now, 7, opened))
    claimed = [pk for batch in batches for pk in batch]
    assert len(batches) == 20
    assert sorted(claimed) == sorted(pks + opened)
