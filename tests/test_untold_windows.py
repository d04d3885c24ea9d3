"""Sync latest of which Codat told no window: it ended where it was asked to end, and not where the schedule's would."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from syncs.codat.statuses import Outcome
from syncs.models import Merchant, Sync, User
from syncs.operations import health, reviewing
from syncs.rules.coverage import INFERRED, RanSync, place
from syncs.rules.salesdays import zone_of
from syncs.rules.states import State
from tests.factories import make_attempt, make_merchant, make_sync
from tests.presses import press, pressed

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
ASKED = NOW - timedelta(hours=2)


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def failing_since(day: int) -> Merchant:
    """Its syncs run at 02:00, and their windows are known."""
    merchant = make_merchant(start_date=date(2026, 10, 1))
    for number in range(1, 24):
        finish = datetime(2026, 11, number, 2, tzinfo=UTC)
        start = finish - timedelta(days=1) if number < day else datetime(2026, 11, day - 1, 2, tzinfo=UTC)
        code = 2000 if number < day else 5000
        window = {"window_start": start, "window_finish": finish, "window_known": "answered"}
        make_sync(merchant, code, finish + timedelta(hours=1), **window)
    return judged(merchant)


def judged(merchant: Merchant) -> Merchant:
    merchant = Merchant.objects.get(pk=merchant.pk)
    health.update(merchant, list(merchant.syncs.all()), [], NOW)
    merchant.refreshed_at = NOW
    merchant.save()
    return Merchant.objects.get(pk=merchant.pk)


def decided_to_have_run(merchant: Merchant, lead: User, last_day: date | None) -> Sync:
    """Its answer was lost, so nobody told the window; a lead said which sync it was."""
    request = press(merchant, lead, ASKED, pressed(last_day=last_day)).request
    for state in (State.SENDING, State.UNCERTAIN, State.NEEDS_REVIEW):
        type(request).objects.filter(pk=request.pk).update(state=state)
    make_attempt(
        request,
        outcome="uncertain",
        started_at=ASKED,
        listed_before=list(merchant.syncs.values_list("sync_id", flat=True)),
    )
    ran = make_sync(merchant, 2000, ASKED + timedelta(seconds=2))
    request.refresh_from_db()
    assert reviewing.decide_ran(request, ran, by=lead, reason="2 s after ours", now=NOW)
    return Sync.objects.get(pk=ran.pk)


@pytest.mark.django_db
def test_days_after_the_last_that_was_asked_for_are_not_taken_for_synced(lead: User) -> None:
    merchant = failing_since(6)
    ran = decided_to_have_run(merchant, lead, date(2026, 11, 10))
    assert ran.window_start == datetime(2026, 11, 5, 2, tzinfo=UTC)
    assert ran.window_finish == merchant.requests.get().window_finish
    assert ran.window_finish < datetime(2026, 11, 11, 12, tzinfo=UTC)
    assert ran.window_known == INFERRED
    outcomes = dict(merchant.days.values_list("day", "outcome"))
    assert outcomes[date(2026, 11, 10)] == "synced"
    assert outcomes[date(2026, 11, 12)] == "failed"


@pytest.mark.django_db
def test_what_came_in_after_the_nightly_hour_counts_as_written(lead: User) -> None:
    ran = decided_to_have_run(failing_since(20), lead, None)
    assert ran.window_finish
    assert ran.window_finish >= ASKED - timedelta(minutes=1)


def test_without_such_a_request_the_schedules_hour_is_the_end() -> None:
    at, until = datetime(2026, 11, 23, 15, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=UTC)
    reached = datetime(2026, 11, 5, 2, tzinfo=UTC)
    zone = zone_of("UTC")
    ran = RanSync(1, at, Outcome.SYNCED, needs_reconnect=False, window=None, known="")
    asked = RanSync(1, at, Outcome.SYNCED, needs_reconnect=False, window=None, known="", until=until)
    [by_schedule], [by_us] = (place([sync], zone, 2, None, reached) for sync in (ran, asked))
    assert by_schedule.window
    assert by_schedule.window.finish == datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert by_us.window
    assert (by_us.window.start, by_us.window.finish) == (reached, until)
