"""A lead decided that nothing ran, and then Codat lists the very sync: the state stays, the rest tells it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Activity, Merchant, Sync, SyncRequest, User
from syncs.operations import reviewing
from syncs.operations.refresh import refresh
from syncs.rules.states import State
from tests import truths
from tests.codat.server import Server, says
from tests.conftest import NOON
from tests.factories import make_attempt, make_merchant, make_request, make_sync
from tests.looks import row
from tests.presses import cancelled, is_sent, last_entry, stored, verbs

UPSTREAM = "8d0a044e-b683-4fc9-bd0d-bfb2ca5731b7"
SENT = NOON - timedelta(hours=2)
AFTER_ALL = f"A lead decided that this never ran. Codat ran it after all: sync {UPSTREAM}."


@pytest.fixture
def never_ran(moved: Any, lead: User) -> SyncRequest:
    """Accepted under an id that nobody found for an hour; then a lead said that nothing ran."""
    merchant = make_merchant(configured_at=NOON, refreshed_at=NOON)
    request = make_request(merchant, state=State.NEEDS_REVIEW, asked_at=SENT, commerce_sync_id=UPSTREAM)
    make_attempt(request, outcome="accepted", started_at=SENT)
    decided = reviewing.decide_not_run(request, by=lead, reason="Not in the books", now=timezone.now())
    assert decided
    return stored(request)


def listed(sync_id: str = UPSTREAM, code: int = 2000, **more: Any) -> Any:
    return row(sync_id, code, "2026-06-17T10:00:01Z", **more)


def looked(
    request: SyncRequest, clock: Any, server: Server, client: CodatClient, *answers: Any
) -> SyncRequest:
    """A refresh, five minutes later."""
    clock.shift(timedelta(minutes=5))
    server.answers(*answers)
    refresh(request.merchant_id, client)
    return stored(request)


@pytest.mark.parametrize(
    "shown",
    [listed(), listed("named-otherwise", commerceSyncId=UPSTREAM)],
    ids=["by the id of the list", "by both ids"],
)
def test_the_sync_is_its_own_and_its_result_tells_it(
    moved: Any, scripted: Server, told: CodatClient, never_ran: SyncRequest, shown: Any
) -> None:
    before = never_ran.merchant.version
    left = looked(never_ran, moved, scripted, told, says(200, [shown]))
    sync = Sync.objects.get()
    assert (left.state, left.sync) == (State.NOT_RUN, sync)
    assert left.result == f"{AFTER_ALL.replace(UPSTREAM, sync.sync_id)} Finished: synced 1 day"
    assert (verbs(left)[-1], last_entry(left)) == ("request.ran_after_all", left.result)
    assert left.version > never_ran.version
    assert left.merchant.version > before


def test_its_window_is_the_requests_and_the_days_are_decided_anew(
    moved: Any, scripted: Server, told: CodatClient, never_ran: SyncRequest
) -> None:
    looked(never_ran, moved, scripted, told, says(200, [listed()]))
    sync = Sync.objects.get()
    assert (sync.initiator, sync.window_known) == ("ours", "requested")
    assert (sync.window_start, sync.window_finish) == (never_ran.window_start, never_ran.window_finish)
    assert never_ran.merchant.days.get(day=never_ran.first_day).covered_by == sync


def test_what_was_asked_for_again_meanwhile_is_not_sent(
    moved: Any, scripted: Server, told: CodatClient, never_ran: SyncRequest
) -> None:
    again = make_request(never_ran.merchant, resend_of=never_ran, asked_at=NOON, not_before=NOON)
    looked(never_ran, moved, scripted, told, says(200, [listed()]))
    assert not is_sent(again, scripted, told)
    assert cancelled(again) == "Too late: a sync of \ufdd0{2026-06-17T10:00:01Z} covered these days."


def test_one_that_was_taken_for_the_schedules_is_given_back(
    moved: Any, scripted: Server, told: CodatClient, never_ran: SyncRequest
) -> None:
    """The list names another id than the answer to our POST; only the newest sync shows both."""
    one_id = says(200, [listed("named-otherwise")])
    nothing = says(404, {"error": "No data available"})
    looked(never_ran, moved, scripted, told, one_id, nothing, nothing)
    assert Sync.objects.get().initiator == "schedule"
    both = listed("named-otherwise", commerceSyncId=UPSTREAM)
    left = looked(never_ran, moved, scripted, told, one_id, says(200, both))
    assert (left.sync.initiator, left.sync.window_start) == ("ours", never_ran.window_start)
    assert "Codat ran it after all" in left.result


def test_it_is_looked_for_by_its_id_for_a_day_only(
    moved: Any, scripted: Server, told: CodatClient, never_ran: SyncRequest
) -> None:
    nothing = says(404, {"error": "No data available"})
    looked(never_ran, moved, scripted, told, says(200, []), nothing, nothing)
    assert len(scripted.requests) == 3
    moved.shift(timedelta(days=1))
    Merchant.objects.update(configured_at=timezone.now())
    looked(never_ran, moved, scripted, told, says(200, []))
    assert len(scripted.requests) == 4


def test_while_it_runs_it_is_said_to_be_listed_and_then_how_it_ended(
    moved: Any, scripted: Server, told: CodatClient, never_ran: SyncRequest
) -> None:
    lists = f"A lead decided that this never ran. Codat lists it after all: sync {UPSTREAM}"
    running = says(200, [listed(code=1000)])
    assert looked(never_ran, moved, scripted, told, running).result == lists
    looked(never_ran, moved, scripted, told, running)
    assert verbs(never_ran).count("request.ran_after_all") == 1
    left = looked(never_ran, moved, scripted, told, says(200, [listed(code=5130)]))
    assert left.result.startswith(f"{AFTER_ALL} Failed with")
    assert (left.state, verbs(left).count("request.ran_after_all")) == (State.NOT_RUN, 2)


def test_a_run_that_was_lost_there_and_ends_after_all(
    moved: Any, scripted: Server, told: CodatClient, lead: User
) -> None:
    merchant = make_merchant(configured_at=NOON, refreshed_at=NOON)
    began = NOON - timedelta(hours=25)
    sync = make_sync(merchant, 1010, began, sync_id=UPSTREAM)
    request = make_request(merchant, state=State.NEEDS_REVIEW, asked_at=began, sync=sync)
    assert reviewing.decide_not_run(request, by=lead, reason="Lost there", now=timezone.now())
    kept = looked(request, moved, scripted, told, says(200, [listed(code=1010)]))
    assert kept.result == "This never ran, Mei Tanaka decided: Lost there"
    assert looked(request, moved, scripted, told, says(200, [listed()])).result.startswith(AFTER_ALL)


def test_the_sync_of_another_request_is_left_to_it(
    moved: Any, scripted: Server, told: CodatClient, never_ran: SyncRequest
) -> None:
    sync = make_sync(never_ran.merchant, 2000, NOON, sync_id=UPSTREAM)
    other = make_request(never_ran.merchant, state=State.SUCCEEDED, sync=sync)
    left = looked(never_ran, moved, scripted, told, says(200, [listed()]))
    assert (left.sync, stored(other).sync) == (None, sync)


def test_all_pages_tell_it(
    moved: Any, scripted: Server, told: CodatClient, never_ran: SyncRequest, as_support: Client
) -> None:
    left = looked(never_ran, moved, scripted, told, says(200, [listed()]))
    for words in truths.shown(left, as_support).values():
        assert "Codat ran it after all" in words
        assert "Never ran" not in words
    case = as_support.get(f"/requests/{left.pk}/").text
    assert "Ask again" not in case
    reviews = as_support.get("/activity/", {"what": "reviews"}).text
    assert "Codat ran it after all" in reviews
    # The verdict itself keeps the words that it was given.
    entry = Activity.objects.get(verb="request.not_run")
    assert "Never ran" in re.sub(r"<[^>]*>", " ", reviews)
    assert entry.what == "Decided a review: nothing ran"
