"""A merchant that syncs a thousand times a day is looked at, and sent for, like any other."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncs.codat.client import CodatClient
from syncs.models import Merchant, Sync
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.examples import STARTED
from tests.codat.server import Server, says
from tests.factories import make_request
from tests.looks import NOW, looked, never_seen, row
from tests.presses import posts
from tests.test_rebuilding import rebuild

pytestmark = pytest.mark.django_db
A_DAY = 1000
PRESSED = {"asked_at": NOW - timedelta(seconds=2), "not_before": NOW}


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


def flood(days: int) -> list[dict[str, Any]]:
    """The newest first; every seventh failed."""
    return [
        row(
            f"sync {number}",
            2000 if number % 7 else 5130,
            f"{NOW - timedelta(seconds=86 * number + 40):%Y-%m-%dT%H:%M:%S.1234567Z}",
            commerceSyncId=f"commerce sync {number}",
            companyId=None,
        )
        for number in range(days * A_DAY)
    ]


def next_look(merchant: Merchant, server: Server, client: CodatClient, listed: list[Any]) -> tuple[int, int]:
    """With one more sync in the list: how many queries it takes, and how many syncs it makes of rows."""
    made, read = 0, Sync.from_db.__func__  # type: ignore[attr-defined]

    def counted(cls: Any, *row: Any) -> Any:
        nonlocal made
        made += 1
        return read(cls, *row)

    newest = row("newest", 2000, f"{NOW + timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
    with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(connection) as queries:
        patch.setattr(Sync, "from_db", classmethod(counted))
        looked(merchant, server, client, newest, *listed)
    return len(queries), made


def test_a_look_costs_the_same_however_many_syncs_there_were_before(
    clock: Any, scripted: Server, told: CodatClient
) -> None:
    costs = []
    for days in (1, 4):
        clock.move_to(NOW)
        merchant = looked(never_seen(), scripted, told, *flood(days))
        clock.shift(timedelta(minutes=2))
        costs.append(next_look(merchant, scripted, told, flood(days)))
        assert merchant.syncs.count() == days * A_DAY + 1
    assert costs[0] == costs[1]
    assert costs[1][1] < 30


@pytest.mark.slow
def test_a_thousand_a_day_for_a_month_are_read_and_nothing_hinders_a_send(
    clock: Any, scripted: Server, told: CodatClient
) -> None:
    listed = flood(30)
    merchant = looked(never_seen(), scripted, told, *listed)
    assert (merchant.syncs.count(), merchant.refresh_problem) == (30 * A_DAY, "")
    clock.shift(timedelta(minutes=2))
    queries, made = next_look(merchant, scripted, told, listed)
    assert queries < 40
    assert made < 30
    assert rebuild("--check")[0] == 0
    long_ago = NOW.date() - timedelta(days=50)
    request = make_request(merchant, first_day=long_ago, last_day=long_ago, **PRESSED)
    scripted.answers(says(200, listed), says(200, STARTED))
    send(request.pk, told)
    request.refresh_from_db()
    assert len(posts(scripted)) == 1
    assert len(request.attempts.get().listed_before) == 30 * A_DAY


@pytest.mark.slow
def test_a_sync_that_was_not_read_is_seen_among_them(clock: Any, scripted: Server, told: CodatClient) -> None:
    listed = flood(10)
    merchant = looked(never_seen(), scripted, told, *listed)
    long_ago = NOW.date() - timedelta(days=50)
    request = make_request(merchant, first_day=long_ago, last_day=long_ago, **PRESSED)
    unread = row("unread", 2000, "2026-11-20T03:00:00Z")
    scripted.answers(says(200, [*listed, unread]), says(200, STARTED))
    send(request.pk, told)
    request.refresh_from_db()
    assert (request.state, len(posts(scripted))) == (State.QUEUED, 0)
    assert "a sync that we have not read yet" in request.waiting_for
