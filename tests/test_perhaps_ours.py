"""A sync that may be that of a request without an answer: until that is decided, it is nobody's, and covers no day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from syncs.codat.client import CodatClient
from syncs.models import Merchant, Sync, SyncRequest, User
from syncs.operations import reviewing
from syncs.rules.states import State
from tests.codat.server import Server
from tests.factories import make_attempt, make_request
from tests.looks import NOW, looked, never_seen, row

SENT = NOW - timedelta(minutes=40)
NIGHTS = [
    row(f"of-{day}", code, f"2026-11-{day + 1}T01:00:00Z")
    for day, code in ((15, 2000), (16, 5000), (20, 5000))
]


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def merchant(scripted: Server, told: CodatClient, db: None) -> Merchant:
    """Its last nights failed; nobody knows whether the re-run of the third was run."""
    merchant = never_seen(time_zone="Europe/London", sync_hour=0, start_date=date(2026, 11, 1))
    looked(merchant, scripted, told, *NIGHTS)
    days = {"first_day": date(2026, 11, 3), "last_day": date(2026, 11, 3)}
    request = make_request(merchant, state=State.NEEDS_REVIEW, asked_at=SENT, **days)
    listed = [night["syncId"] for night in NIGHTS]
    make_attempt(request, started_at=SENT, outcome="uncertain", listed_before=listed)
    looked(merchant, scripted, told, *NIGHTS, row("new", 2000, (SENT + timedelta(seconds=1)).isoformat()))
    return merchant


def in_the_books(merchant: Merchant) -> set[int]:
    return {row.day.day for row in merchant.days.exclude(covered_by=None)}


def test_it_is_not_taken_for_the_schedules(merchant: Merchant) -> None:
    new = Sync.objects.get(sync_id="new")
    assert (new.initiator, new.window_known) == (Sync.Initiator.UNKNOWN, "")
    assert not in_the_books(merchant) & {16, 20}


def test_once_it_is_ours_it_covers_what_was_asked_for(merchant: Merchant, lead: User) -> None:
    request, new = SyncRequest.objects.get(), Sync.objects.get(sync_id="new")
    assert reviewing.decide_ran(request, new, by=lead, reason="1 s after ours", now=NOW)
    assert 3 in in_the_books(merchant)
    assert not in_the_books(merchant) & {16, 20}


def test_once_it_is_not_ours_it_is_the_schedules(merchant: Merchant, lead: User) -> None:
    assert reviewing.decide_not_run(SyncRequest.objects.get(), by=lead, reason="Not in the books", now=NOW)
    new = Sync.objects.get(sync_id="new")
    assert (new.initiator, new.window_finish) == (Sync.Initiator.SCHEDULE, datetime(2026, 11, 21, tzinfo=UTC))
    assert {16, 20} <= in_the_books(merchant)


def test_the_nights_go_on_while_a_lead_takes_days(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        looked(merchant, scripted, told, row("of-21", 2000, "2026-11-22T01:00:00Z"))
    assert Sync.objects.get(sync_id="of-21").initiator == Sync.Initiator.SCHEDULE
    assert {16, 20, 21} <= in_the_books(merchant)
