"""From the press to the result: our own sync is found at Codat, its window known, its end told."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sandbox.testing import Sandbox, running
from syncs.codat.client import CodatClient
from syncs.models import Merchant, Sync, SyncRequest, User
from syncs.operations.coverage import overlap
from syncs.operations.merchants import register
from syncs.operations.refresh import refresh
from syncs.operations.sending import send
from syncs.rules.states import State
from syncs.rules.stored_moments import as_stored
from tests.codat.server import Server, says
from tests.factories import make_request, make_sync
from tests.looks import looked, never_seen, row
from tests.presses import a_day, last_entry, press, pressed, stored, verbs
from tests.upstream import CANARY, client_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
OURS = "8d0a044e-b683-4fc9-bd0d-bfb2ca5731b7"


@pytest.fixture(scope="module")
def two_ids() -> Iterator[Sandbox]:
    with running(merchants=40, speed=1000, key=CANARY) as started:
        yield started


@pytest.fixture
def codat(two_ids: Sandbox) -> Iterator[CodatClient]:
    with client_of(two_ids.url) as client:
        yield client


@pytest.fixture(scope="module")
def one_id() -> Iterator[Sandbox]:
    """Where Codat's two ids of a sync are one."""
    with running(merchants=40, speed=1000, key=CANARY, switches={"commerce_sync_id": "same"}) as started:
        yield started


@pytest.fixture(scope="module")
def by_either_id() -> Iterator[Sandbox]:
    """Where a sync is also known by its commerce sync id."""
    switches = {"by_commerce_sync_id": "known"}
    with running(merchants=40, speed=1000, key=CANARY, switches=switches) as started:
        yield started


@pytest.fixture(params=["two ids", "one id", "by either id"])
def world(request: Any, two_ids: Sandbox, one_id: Sandbox, by_either_id: Sandbox) -> Sandbox:
    return {"two ids": two_ids, "one id": one_id, "by either id": by_either_id}[request.param]


def registered(world: Sandbox, kind: str, rerun: str, client: CodatClient) -> Merchant:
    company = next(each for each in world.merchants(kind) if each["rerun"] == rerun)
    merchant = register(uuid.UUID(company["company_id"]), by=None)
    refresh(merchant.pk, client)
    return Merchant.objects.get(pk=merchant.pk)


def asked_and_followed(merchant: Merchant, by: User, client: CodatClient, ask: Any) -> SyncRequest:
    request = press(merchant, by, timezone.now(), ask).request
    send(request.pk, client)
    assert stored(request).state == State.ACCEPTED
    for _ in range(100):
        refresh(merchant.pk, client)
        if not stored(request).is_active:
            break
    return stored(request)


def test_a_range_is_followed_to_its_end_whatever_ids_codat_names(world: Sandbox, support: User) -> None:
    with client_of(world.url) as client:
        merchant = registered(world, "archived_account", "succeeds", client)
        day = a_day(merchant, timezone.now())
        request = asked_and_followed(merchant, support, client, pressed(day, day))
    assert (request.state, request.result) == (State.SUCCEEDED, "Finished: synced 1 day")
    sync = request.sync
    assert (sync.initiator, sync.window_known) == (Sync.Initiator.OURS, Sync.Known.ANSWERED)
    assert sync.window_start == request.window_start
    assert sync.window_finish <= request.window_finish
    assert sync.sync_id == world.ledger()[-1]["sync_id"]
    assert request.finished_at is not None
    after = Merchant.objects.get(pk=merchant.pk)
    assert (after.health, after.failed_days) == ("healthy", 0)
    assert after.last_days[-1] == "w"
    assert verbs(request)[-1] == "request.succeeded"
    assert last_entry(request) == request.result


def test_a_range_that_fails_as_before_says_so(two_ids: Sandbox, codat: CodatClient, support: User) -> None:
    merchant = registered(two_ids, "missing_customer", "same error", codat)
    day = a_day(merchant, timezone.now(), 2)
    request = asked_and_followed(merchant, support, codat, pressed(day, day))
    assert (request.state, request.result) == (State.FAILED, "Failed again with the same error (5130)")
    assert Merchant.objects.get(pk=merchant.pk).health == "failing"


def test_a_range_that_is_stopped_over_synced_days_leaves_its_merchant_healthy(
    two_ids: Sandbox, codat: CodatClient, support: User
) -> None:
    merchant = registered(two_ids, "healthy", "succeeds", codat)
    day = a_day(merchant, timezone.now(), 3)
    known = tuple(overlap(merchant, day, day).windows)
    request = asked_and_followed(merchant, support, codat, pressed(day, day, seen_overlap=known))
    assert request.result == "Failed with “Stopped: duplicate risk” (5080)"
    after = Merchant.objects.get(pk=merchant.pk)
    assert (merchant.health, after.health, after.last_code) == ("healthy", "healthy", merchant.last_code)
    assert (after.last_days, after.failed_days) == (merchant.last_days, 0)


def test_a_latest_request_takes_over_the_window_that_codat_answered(
    two_ids: Sandbox, codat: CodatClient, support: User
) -> None:
    merchant = registered(two_ids, "no_message", "succeeds", codat)
    request = asked_and_followed(merchant, support, codat, pressed())
    up_to = as_stored(request.window_finish)
    assert (request.state, request.result) == (State.SUCCEEDED, f"Finished: synced up to {up_to}")
    assert request.sync.window_start == request.window_start
    assert request.sync.window_known == Sync.Known.ANSWERED
    assert Merchant.objects.get(pk=merchant.pk).failed_days == 0


# Against answers that are told word by word


def waiting(**columns: Any) -> SyncRequest:
    since = timezone.now() - timedelta(minutes=1)
    merchant = never_seen(configured_at=timezone.now())
    defaults = {"commerce_sync_id": OURS, "asked_at": since, "state_since": since}
    return make_request(merchant, state=State.ACCEPTED, **defaults | columns)


def answered(request: SyncRequest, server: Server, client: CodatClient, *answers: Any) -> SyncRequest:
    server.answers(*answers)
    refresh(request.merchant_id, client)
    return stored(request)


def at(minutes: int) -> str:
    return (timezone.now() - timedelta(minutes=minutes)).isoformat()


def test_only_the_newest_sync_tells_both_of_its_ids(scripted: Server, told: CodatClient) -> None:
    newest = row("listed-id", 1000, at(1), commerceSyncId=OURS)
    listed = says(200, [row("listed-id", 1000, at(1)), row("older", at=at(900))])
    request = answered(waiting(), scripted, told, listed, says(200, newest))
    assert (request.sync.sync_id, request.sync.commerce_sync_id) == ("listed-id", OURS)
    assert request.sync.window_known == Sync.Known.REQUESTED
    answered(request, scripted, told, listed)
    assert [get.target.split("/")[-2:] for get in scripted.requests] == [
        ["list", "status"],
        ["commerce", "status"],
        ["list", "status"],
    ]


def test_a_sync_of_somebody_else_is_never_taken_for_ours(scripted: Server, told: CodatClient) -> None:
    theirs = row("theirs", 2000, at(0))
    listed, newest = says(200, [theirs]), says(200, theirs | {"commerceSyncId": "theirs-too"})
    request = answered(waiting(), scripted, told, listed, newest, says(404, {"error": "No data available"}))
    assert (request.state, request.sync) == (State.ACCEPTED, None)
    assert Sync.objects.get().initiator != Sync.Initiator.OURS


@pytest.mark.parametrize("ours", [row(OURS, 2040), row("ours", 2040, commerceSyncId=OURS)])
def test_what_is_asked_for_by_our_id_is_ours_where_it_names_that_id(
    scripted: Server, told: CodatClient, ours: dict[str, Any]
) -> None:
    listed, newest = says(200, [row("theirs", at=at(0))]), says(200, row("theirs", at=at(0)))
    request = answered(waiting(), scripted, told, listed, newest, says(200, ours))
    assert (request.state, request.sync.sync_id) == (State.SUCCEEDED_EMPTY, ours["syncId"])
    assert request.result == "Finished: no sales on this day"


@pytest.mark.parametrize("as_list", [False, True])
def test_what_is_answered_for_our_id_under_another_one_is_not_ours(
    scripted: Server, told: CodatClient, as_list: bool
) -> None:
    theirs = row("theirs", at=at(0))
    named = says(200, [theirs] if as_list else theirs)
    request = answered(waiting(), scripted, told, says(200, [theirs]), says(404, {"error": "No"}), named)
    assert (request.state, request.sync) == (State.ACCEPTED, None)
    assert Sync.objects.get().initiator != Sync.Initiator.OURS


@pytest.mark.parametrize("upstream_id", ["af888de-not-a-guid", OURS])
def test_looking_in_vain_for_our_sync_costs_nothing_that_was_seen(
    scripted: Server, told: CodatClient, upstream_id: str
) -> None:
    """Codat's own samples hold ids that are no GUIDs; and a detail may fail when the list does not."""
    request = waiting(commerce_sync_id=upstream_id)
    listed = says(200, [row("theirs", 5000, at(0), errorMessage="Oops")])
    answered(
        request, scripted, told, listed, says(200, row("theirs", 5000, at(0))), says(400, {"error": "No"})
    )
    merchant = Merchant.objects.get()
    assert (merchant.health, merchant.refresh_problem) == ("failing", "")
    assert stored(request).sync is None


def test_a_review_ends_by_itself_when_its_id_reports_an_end(scripted: Server, told: CodatClient) -> None:
    request = waiting()
    SyncRequest.objects.filter(pk=request.pk).update(state=State.NEEDS_REVIEW)
    request = answered(request, scripted, told, says(200, [row(OURS, 2000, at(1))]))
    assert request.state == State.SUCCEEDED


def test_a_result_is_final_whatever_codat_says_later(scripted: Server, told: CodatClient) -> None:
    request = answered(waiting(), scripted, told, says(200, [row(OURS, 2000, at(1))]))
    answered(request, scripted, told, says(200, [row(OURS, 5000, at(1), errorMessage="Oops")]))
    assert stored(request).state == State.SUCCEEDED
    assert verbs(request)[-1] == "request.succeeded"


def test_the_first_failure_of_its_kind_is_named(scripted: Server, told: CodatClient) -> None:
    failed = row(OURS, 5130, at(1), errorMessage="Account 090 is archived")
    before = row("before", 5000, at(900), errorMessage="Oops")
    request = answered(waiting(), scripted, told, says(200, [failed, before]))
    assert (request.state, request.result) == (State.FAILED, "Failed with “Could not write data” (5130)")


def test_a_sync_that_belongs_to_one_request_is_not_given_to_another(
    scripted: Server, told: CodatClient
) -> None:
    request = waiting()
    taken = make_sync(request.merchant, 2000, sync_id=OURS)
    make_request(request.merchant, state=State.SUCCEEDED, commerce_sync_id="", sync=taken)
    request = answered(request, scripted, told, says(200, [row(OURS, 2000, at(1))]))
    assert (request.state, request.sync) == (State.ACCEPTED, None)


def test_days_that_were_thought_the_schedules_are_decided_anew_when_the_sync_is_ours(
    scripted: Server, told: CodatClient
) -> None:
    """Seen first without its id, it was placed where a scheduled run would have been."""
    now = timezone.now()
    merchant = never_seen(configured_at=now)
    day = a_day(merchant, now)
    last_success = row("success", 2000, at(5 * 24 * 60))
    looked(merchant, scripted, told, row("ours", 2000, at(1)), last_success)
    assert merchant.days.exclude(covered_by=None).count() > 1
    request = make_request(merchant, state=State.ACCEPTED, commerce_sync_id=OURS, first_day=day, last_day=day)
    newest = says(200, row("ours", 2000, at(1), commerceSyncId=OURS))
    answered(request, scripted, told, says(200, [row("ours", 2000, at(1)), last_success]), newest)
    covered = merchant.days.filter(covered_by__sync_id="ours")
    assert [covered_day.day for covered_day in covered] == [day]
