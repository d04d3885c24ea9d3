"""The press: its guards, the row it leaves, and what two presses at once come to."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from syncs.models import Activity, Merchant, SyncRequest, User
from syncs.operations import asking, merchants
from syncs.operations.asking import NotPossible, basis_of
from syncs.operations.transitions import move
from syncs.rules.salesdays import range_window
from syncs.rules.states import FINAL, State
from tests.factories import make_connection, make_merchant, make_request, make_sync, make_user
from tests.presses import a_day, at_once, press, pressed, verbs

NOW = datetime(2026, 11, 21, 8, 40, tzinfo=UTC)


@pytest.fixture
def merchant(db: None) -> Merchant:
    return make_merchant(name="Baker & Sons")


def refusal(merchant: Merchant, by: User, **ask: object) -> NotPossible:
    with pytest.raises(NotPossible) as refused:
        press(merchant, by, NOW, pressed(**ask))
    assert not merchant.requests.filter(asked_at=NOW).exists()
    return refused.value


def test_a_press_is_a_queued_row_with_its_activity(merchant: Merchant, support: User) -> None:
    asked = press(merchant, support, NOW, pressed(date(2026, 11, 1), date(2026, 11, 3)))
    request = SyncRequest.objects.get()
    assert asked.is_new
    assert asked.request == request
    assert (request.state, request.asked_by, request.asked_at) == (State.QUEUED, support, NOW)
    assert request.not_before == request.state_since == NOW
    entry = Activity.objects.get(request=request)
    assert (entry.verb, entry.actor, entry.reason) == ("request.asked", support, "Ticket 4812")
    assert entry.what == "Asked to re-run 1 Nov 2026 – 3 Nov 2026"


def test_a_press_is_shown_on_the_merchants_page(merchant: Merchant, support: User) -> None:
    press(merchant, support, NOW)
    assert Merchant.objects.get().version == merchant.version + 1


def test_the_body_of_a_range_is_pinned_in_utc(merchant: Merchant, support: User) -> None:
    request = press(merchant, support, NOW, pressed(date(2026, 11, 1), date(2026, 11, 3))).request
    assert json.loads(request.body) == {
        "dateRange": {"start": "2026-11-01T00:00:00Z", "finish": "2026-11-04T00:00:00Z"}
    }


@pytest.mark.parametrize(
    ("zone", "days", "window"),
    [
        ("Europe/London", "2026-03-29 2026-03-29", "2026-03-29T00:00:00Z 2026-03-29T23:00:00Z"),
        ("Europe/London", "2026-10-25 2026-10-25", "2026-10-24T23:00:00Z 2026-10-26T00:00:00Z"),
        ("America/New_York", "2026-11-01 2026-11-02", "2026-11-01T04:00:00Z 2026-11-03T05:00:00Z"),
        ("Asia/Kathmandu", "2026-05-04 2026-05-04", "2026-05-03T18:15:00Z 2026-05-04T18:15:00Z"),
        # Its clocks go forward at midnight: the day begins at 01:00.
        ("Africa/Cairo", "2026-04-24 2026-04-24", "2026-04-23T22:00:00Z 2026-04-24T21:00:00Z"),
        ("", "2026-05-04 2026-05-04", "2026-05-04T00:00:00Z 2026-05-05T00:00:00Z"),
    ],
)
def test_days_are_the_merchants_own(db: None, support: User, zone: str, days: str, window: str) -> None:
    first, last = map(date.fromisoformat, days.split())
    start, finish = window.split()
    request = press(make_merchant(time_zone=zone), support, NOW, pressed(first, last)).request
    assert json.loads(request.body)["dateRange"] == {"start": start, "finish": finish}
    assert request.window_start == datetime.fromisoformat(start)
    assert request.window_finish == datetime.fromisoformat(finish)


def test_a_latest_request_says_up_to_when_so_that_its_bytes_never_change(
    merchant: Merchant, support: User
) -> None:
    request = press(merchant, support, NOW + timedelta(microseconds=7)).request
    assert request.body == '{"syncTo":"2026-11-21T08:40:00Z"}'
    assert request.window_finish == NOW
    assert request.window_start is None


def test_a_latest_request_may_end_with_a_day_of_the_merchants(db: None, support: User) -> None:
    merchant = make_merchant(time_zone="America/New_York")
    request = press(merchant, support, NOW, pressed(last_day=date(2026, 11, 18))).request
    assert request.body == '{"syncTo":"2026-11-19T05:00:00Z"}'


def test_a_latest_request_never_reaches_into_the_future(merchant: Merchant, support: User) -> None:
    request = press(merchant, support, NOW, pressed(last_day=date(2026, 11, 21))).request
    assert request.body == '{"syncTo":"2026-11-21T08:40:00Z"}'


def test_nothing_is_asked_for_an_archived_merchant(db: None, support: User) -> None:
    merchant = make_merchant(archived_at=NOW)
    assert "archived" in refusal(merchant, support).sentence


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_one_active_request_a_merchant_and_its_owner_is_named(
    merchant: Merchant, support: User, state: State
) -> None:
    active = make_request(merchant, state=state, asked_by=make_user(first_name="Tom", last_name="Vale"))
    refused = refusal(merchant, support)
    assert refused.sentence.startswith("Tom Vale has already asked for a sync of this merchant")
    assert refused.sentence.endswith("Wait for its result.") == (state != State.NEEDS_REVIEW)
    assert refused.request == active


@pytest.mark.parametrize("state", sorted(FINAL))
def test_after_the_end_of_one_request_another_may_be_asked(
    merchant: Merchant, support: User, state: State
) -> None:
    make_request(merchant, state=state)
    assert press(merchant, support, NOW).is_new


def test_nothing_is_asked_while_a_sync_runs(db: None, support: User) -> None:
    merchant = make_merchant(running_since=NOW - timedelta(minutes=2))
    assert "already running" in refusal(merchant, support).sentence


def test_nothing_is_asked_for_a_merchant_that_is_switched_off_at_codat(db: None, support: User) -> None:
    merchant = make_merchant(health="switched_off")
    assert "This sync is switched off at Codat." in refusal(merchant, support).sentence


@pytest.mark.parametrize(
    ("statuses", "named"), [(("Deauthorized", "Linked"), "Shopify"), (("Linked", "PendingAuth"), "Xero")]
)
def test_a_platform_that_is_not_linked_is_named(
    db: None, support: User, statuses: tuple[str, str], named: str
) -> None:
    merchant = make_merchant(statuses=statuses)
    assert refusal(merchant, support).sentence.startswith(f"{named} is not linked")


def test_a_second_connection_that_is_linked_is_enough(db: None, support: User) -> None:
    merchant = make_merchant(statuses=("Deauthorized", "Linked"))
    make_connection(merchant, side="commerce", platform_name="Etsy")
    assert press(merchant, support, NOW).is_new


def test_a_merchant_without_accounting_has_not_linked_both(db: None, support: User) -> None:
    merchant = make_merchant(accounting=None)
    assert "both platforms" in refusal(merchant, support).sentence


def test_a_merchant_whose_syncs_nobody_has_read_has_days_that_nobody_knows(db: None, support: User) -> None:
    refused = refusal(make_merchant(refreshed_at=None), support)
    assert refused.sentence == "The syncs of this merchant have not been read from Codat yet. Wait a minute."


def test_a_merchant_that_was_restored_is_looked_at_before_it_is_asked_for(db: None, support: User) -> None:
    merchant = make_merchant(archived_at=NOW - timedelta(days=40))
    merchants.restore(merchant, why="It is a customer again", now=NOW)
    restored = Merchant.objects.get()
    assert (restored.refreshed_at, restored.next_refresh_at) == (None, NOW)
    assert "have not been read" in refusal(restored, support).sentence


def test_a_merchant_without_any_connection_has_not_linked_both(db: None, support: User) -> None:
    merchant = make_merchant(commerce=None, accounting=None)
    assert "both platforms" in refusal(merchant, support).sentence


def test_days_that_were_synced_meanwhile_are_said_before_anything_is_saved(
    merchant: Merchant, support: User
) -> None:
    day = a_day(merchant, NOW, 2)
    window = {"window_start": NOW - timedelta(days=3), "window_finish": NOW - timedelta(days=1)}
    make_sync(merchant, 2000, NOW - timedelta(days=1), **window)
    refused = refusal(merchant, support, first=day, last=day)
    assert refused.field == "seen_overlap"
    seen = range_window(day, day, merchant.zone)
    asked = press(merchant, support, NOW, pressed(day, day, seen_overlap=(seen,))).request
    assert asked.seen_windows == [seen]


def test_who_accepted_one_synced_day_has_not_accepted_another(merchant: Merchant, support: User) -> None:
    first, last = a_day(merchant, NOW, 3), a_day(merchant, NOW, 2)
    whole, seen = range_window(first, last, merchant.zone), range_window(first, first, merchant.zone)
    window = {"window_start": whole.start, "window_finish": whole.finish}
    make_sync(merchant, 2000, NOW - timedelta(days=1), **window)
    assert refusal(merchant, support, first=first, last=last, seen_overlap=(seen,)).field == "seen_overlap"


@pytest.mark.parametrize("change", ["zone", "connection"])
def test_what_was_shown_of_another_zone_or_connection_is_to_be_looked_at_again(
    merchant: Merchant, support: User, change: str
) -> None:
    shown = basis_of(merchant)
    if change == "zone":
        merchant.time_zone = "America/New_York"
    else:
        merchant.connections.filter(side="accounting").update(codat_id="another")
    day = a_day(merchant, NOW, 2)
    assert refusal(merchant, support, first=day, last=day, basis=shown).field == "basis"


def test_a_failed_sync_over_the_same_days_is_no_overlap(merchant: Merchant, support: User) -> None:
    day = a_day(merchant, NOW, 2)
    window = {"window_start": NOW - timedelta(days=3), "window_finish": NOW - timedelta(days=1)}
    make_sync(merchant, 5130, NOW - timedelta(days=1), "Account 090", **window)
    assert press(merchant, support, NOW, pressed(day, day)).is_new


def test_what_the_database_refuses_for_another_reason_is_not_hidden(
    merchant: Merchant, support: User
) -> None:
    with pytest.raises(IntegrityError):
        press(merchant, support, NOW, pressed(first=date(2026, 11, 1)))


def test_only_what_is_queued_can_be_taken_back(merchant: Merchant, support: User) -> None:
    request = press(merchant, support, NOW).request
    stale = SyncRequest.objects.get(pk=request.pk)
    move(request, State.SENDING, now=NOW, what="Sent to Codat")
    assert not asking.cancel(request, by=support, now=NOW)
    assert not asking.cancel(stale, by=support, now=NOW)
    assert SyncRequest.objects.get().state == State.SENDING


def test_who_took_it_back_is_kept(merchant: Merchant, support: User) -> None:
    request = press(merchant, support, NOW).request
    assert asking.cancel(request, by=support, now=NOW)
    assert (request.state, request.finished_at) == (State.CANCELLED, NOW)
    assert request.result == "Cancelled before it was sent, by Priya Nair"
    assert verbs(request) == ["request.asked", "request.cancelled"]


def test_who_asked_before_is_not_told_of_as_somebody_else(merchant: Merchant, support: User) -> None:
    make_request(merchant, asked_by=support)
    assert refusal(merchant, support).sentence.startswith("You have already asked")


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_press_at_once_one_is_told_of_the_other() -> None:
    merchant, people = make_merchant(), [make_user(first_name=name) for name in ("Ann", "Ben")]
    results = at_once(*(lambda by=by: press(merchant, by, timezone.now()) for by in people))
    request = SyncRequest.objects.select_related("asked_by").get()
    [refused] = [result for result in results if isinstance(result, NotPossible)]
    assert refused.sentence.startswith(f"{request.asked_by.first_name} has already asked")
    assert Activity.objects.filter(verb="request.asked").count() == 1
