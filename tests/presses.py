"""What tests of sync requests share: presses, ticks of a clock, threads that start together, and the record."""

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.utils import timezone

from syncs.clock import Clock
from syncs.codat.client import CodatClient
from syncs.models import Attempt, Merchant, SyncRequest, User
from syncs.operations import asking
from syncs.operations.asking import Ask, Asked
from syncs.operations.sending import send
from syncs.rules.salesdays import today
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_merchant, make_request
from tests.upstream import STARTED, posts

NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def now_stands_still() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def request_(db: None) -> SyncRequest:
    return asked()


def pressed(first: date | None = None, last: date | None = None, **columns: Any) -> Ask:
    """A range when it has days, else a latest one; `last_day=` gives that one its end. With word of why it helps now,
    for who has it fixed first, and that old days were asked about."""
    defaults = {
        **{"reason": "Ticket 4812", "override_reason": "The merchant has fixed it", "books_confirmed": True},
        **{"form_token": uuid.uuid4(), "first_day": first, "last_day": last},
    }
    return Ask(kind="historic" if first else "latest", **defaults | columns)


def press(merchant: Merchant, by: User, now: Any, ask: Ask | None = None) -> Asked:
    return asking.ask(merchant, ask or pressed(), by=by, now=now)


def a_day(merchant: Merchant, now: Any, days_ago: int = 1) -> date:
    return date.fromordinal(today(merchant.zone, now).toordinal() - days_ago)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each returned or raised, all begun together, each in a thread with a database connection of its own."""
    together = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        together.wait()
        try:
            results[number] = work()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    connection.close()
    return results


def verbs(request: SyncRequest) -> list[str]:
    return list(request.activity.order_by("pk").values_list("verb", flat=True))


def last_entry(request: SyncRequest) -> str:
    return request.activity.order_by("-pk").values_list("what", flat=True)[0]


def outcomes(request: SyncRequest) -> list[str]:
    return list(request.attempts.order_by("number").values_list("outcome", flat=True))


def attempt_of(request: SyncRequest) -> Attempt:
    return request.attempts.order_by("-number")[0]


def stored(request: SyncRequest) -> SyncRequest:
    return SyncRequest.objects.get(pk=request.pk)


def waiting(**columns: Any) -> SyncRequest:
    """A request whose time has come."""
    return make_request(make_merchant(), not_before=timezone.now() - timedelta(seconds=1), **columns)


def asked(merchant: Merchant | None = None, **columns: Any) -> SyncRequest:
    """A request that was pressed two seconds ago and may go now."""
    now = timezone.now()
    defaults = {"asked_at": now - timedelta(seconds=2), "not_before": now}
    return make_request(merchant or make_merchant(), **defaults | columns)


def is_sent(request: SyncRequest, server: Server, client: CodatClient, listed: Any = None) -> bool:
    """Whether a POST went out. Codat lists what we have stored, if nothing else is said."""
    known = [{"syncId": sync.sync_id, "syncStatusCode": sync.code} for sync in request.merchant.syncs.all()]
    server.answers(says(200, known if listed is None else list(listed)), says(200, STARTED))
    send(request.pk, client)
    return bool(posts(server))


def due(companies: list[dict[str, Any]]) -> list[Merchant]:
    """Merchants to be looked at now, the last one the most overdue."""
    now = timezone.now()
    return [
        make_merchant(
            company_id=row["company_id"], configured_at=now, next_refresh_at=now - timedelta(seconds=number)
        )
        for number, row in enumerate(companies, start=1)
    ]


def ticks(clock: Clock, count: int = 1) -> None:
    """Each with what it began on the slow path."""
    for _ in range(count):
        clock.tick(timezone.now())
        clock.slow_path.finish()


def held_back(request: SyncRequest) -> str:
    """Why, after checking that the row waits and that nothing else happened to it."""
    left = stored(request)
    assert left.state == State.QUEUED
    assert left.not_before > timezone.now()
    assert not outcomes(request)
    assert verbs(request) == ["request.asked"]
    return left.waiting_for


def cancelled(request: SyncRequest) -> str:
    """Why, after checking that nothing was sent."""
    left = stored(request)
    assert left.state == State.CANCELLED
    assert left.result == last_entry(request)
    assert not outcomes(request)
    return left.result
