"""One press for many merchants: each through the guards of a single press, stored as a whole, and stopped."""

import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Activity, Bulk, Merchant, NotAsked, SyncRequest, User
from syncs.operations import bulk_plans, bulks, reconciling
from syncs.operations.asking import NotPossible
from syncs.operations.bulk_plans import Plan, Wish
from syncs.rules.states import State
from tests.factories import make_failing_merchant, make_merchant, make_request, make_sync
from tests.presses import a_day, press

pytestmark = pytest.mark.django_db
LATEST = Wish("latest", reason="Codat incident of 06:10")


def days(first: date, last: date, **more: Any) -> Wish:
    return Wish("historic", first, last, reason="The books were restored", **{"books_confirmed": True} | more)


def planned(wish: Wish = LATEST) -> Plan:
    return bulk_plans.plan(bulk_plans.read(Merchant.objects.all(), wish), wish, timezone.now())


def ask(wish: Wish, by: User, *, may_many: bool = True, **more: Any) -> bulks.Asked:
    keys = list(Merchant.objects.values_list("pk", flat=True))
    return bulks.ask_for_many(keys, wish, by=by, now=timezone.now(), may_many=may_many, **more)


def why(plan: Plan) -> dict[str, str]:
    return {refusal.merchant.name: refusal.kind for refusal in plan.refusals}


def some_of_every_kind() -> None:
    make_merchant(name="Fine")
    make_failing_merchant(5000, name="Failing")
    make_merchant(name="Cut off", statuses=("Deauthorized", "Linked"), health="needs_reconnect")
    make_merchant(name="Half linked", accounting=None, health="never_synced")
    make_merchant(name="Running", running_since=timezone.now(), running_code=1000)
    make_request(make_merchant(name="Asked for"))
    make_request(make_merchant(name="In review"), state=State.NEEDS_REVIEW)
    make_merchant(name="Off", health="switched_off")
    make_merchant(name="Gone", archived_at=timezone.now())
    make_merchant(name="New here", refreshed_at=None)


REFUSED = {
    "Cut off": "not_linked",
    "Half linked": "not_linked",
    "Running": "running",
    "Asked for": "asked",
    "In review": "review",
    "Off": "switched_off",
    "Gone": "archived",
    "New here": "unread",
}


def test_a_plan_says_who_would_run_and_of_each_other_why_not() -> None:
    some_of_every_kind()
    plan = planned()
    assert [runner.merchant.name for runner in plan.runners] == ["Failing", "Fine"]
    assert why(plan) == REFUSED
    assert plan.wanted == 10


@pytest.mark.parametrize("wish", [LATEST, days(date(2026, 11, 1), date(2026, 11, 3))])
def test_a_plan_takes_as_many_queries_for_many_as_for_few(wish: Wish) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            planned(wish)
        return len(captured)

    some_of_every_kind()
    few = queries()
    for _ in range(20):
        make_sync(make_failing_merchant(5000))
    assert queries() == few
    assert few <= 5


def test_a_bulk_is_a_request_for_each_that_may_run_and_a_reason_for_each_other(lead: User) -> None:
    some_of_every_kind()
    asked = ask(LATEST, lead)
    requests = asked.bulk.requests.order_by("pk")
    assert asked.is_new
    assert asked.first == requests[0]
    assert [request.merchant.name for request in requests] == ["Failing", "Fine"]
    for request in requests:
        assert (request.state, request.kind, request.asked_by) == ("queued", "latest", lead)
        assert request.reason == "Codat incident of 06:10"
        assert "syncTo" in request.body
        assert [entry.what for entry in request.activity.all()] == ["Asked for Sync latest"]
    refused = NotAsked.objects.filter(bulk=asked.bulk).select_related("merchant")
    assert {each.merchant.name: each.kind for each in refused} == REFUSED
    assert all(each.why for each in refused)
    entry = Activity.objects.get(verb="bulk.asked")
    assert entry.what == "Asked for Sync latest for 2 of 10 merchants"
    assert (entry.actor, entry.reason, entry.bulk) == (lead, "Codat incident of 06:10", asked.bulk.pk)


def test_a_bulk_moves_the_version_of_its_merchants_so_that_open_pages_are_told(lead: User) -> None:
    merchant = make_merchant()
    ask(LATEST, lead)
    assert Merchant.objects.get().version == merchant.version + 1


def test_the_number_of_queries_grows_with_the_size_of_its_inserts_only(lead: User) -> None:
    for _ in range(60):
        make_merchant()
    with CaptureQueriesContext(connection) as captured:
        ask(LATEST, lead)
    assert len(captured) <= 20


def test_single_presses_go_before_a_bulk(lead: User) -> None:
    first, second = make_merchant(name="A"), make_merchant(name="B")
    keys = [first.pk]
    bulk = bulks.ask_for_many(keys, LATEST, by=lead, now=timezone.now(), may_many=True)
    single = press(second, lead, timezone.now()).request
    assert reconciling.ready_to_send(timezone.now()) == [single.pk, bulk.first and bulk.first.pk]


def test_the_same_form_again_is_the_same_bulk(lead: User) -> None:
    make_merchant()
    first, again = ask(LATEST, lead), ask(LATEST, lead)
    assert again.bulk == first.bulk
    assert not again.is_new
    assert SyncRequest.objects.count() == 1


def test_the_form_of_a_colleague_and_an_old_form_that_means_something_else_are_refused(
    lead: User, admin_user: User
) -> None:
    merchant = make_merchant()
    ask(LATEST, lead)
    with pytest.raises(NotPossible, match="used already"):
        ask(LATEST, admin_user)
    yesterday = a_day(merchant, timezone.now())
    with pytest.raises(NotPossible, match="used already"):
        ask(days(yesterday, yesterday, form_token=LATEST.form_token), lead)
    assert Bulk.objects.count() == 1


def test_above_25_it_needs_a_lead_and_nothing_is_saved_for_anybody_else(support: User) -> None:
    for _ in range(26):
        make_merchant()
    with pytest.raises(NotPossible, match="leads only"):
        ask(LATEST, support, may_many=False)
    assert not Bulk.objects.exists()
    assert not SyncRequest.objects.exists()


def test_25_of_30_may_be_asked_for_by_anybody_who_may_ask(support: User) -> None:
    for number in range(30):
        make_merchant(health="healthy" if number < 25 else "switched_off")
    assert ask(LATEST, support, may_many=False).bulk.requests.count() == 25


def test_where_nobody_can_run_nothing_is_saved(lead: User) -> None:
    make_merchant(health="switched_off")
    with pytest.raises(NotPossible, match="None of them can run"):
        ask(LATEST, lead)
    assert not Bulk.objects.exists()


def test_a_list_that_changed_since_it_was_shown_is_told_and_not_asked_for(lead: User) -> None:
    merchant, _ = make_merchant(name="A"), make_merchant(name="B")
    shown = planned().marks
    press(merchant, lead, timezone.now())
    with pytest.raises(bulks.Changed) as told:
        ask(LATEST, lead, shown=shown)
    assert [runner.merchant.name for runner in told.value.plan.runners] == ["B"]
    assert not Bulk.objects.exists()


def test_another_time_zone_or_connection_is_a_change_too() -> None:
    merchant = make_merchant()
    [before] = planned().marks.values()
    merchant.connections.filter(side="accounting").update(codat_id="another")
    [after] = planned().marks.values()
    Merchant.objects.update(time_zone="Asia/Tokyo")
    [last] = planned().marks.values()
    assert len({before, after, last}) == 3


def test_who_was_told_of_a_change_sends_for_those_that_were_shown_and_are_as_they_were(lead: User) -> None:
    kept, beaten, moved = make_merchant(name="A"), make_merchant(name="B"), make_merchant(name="C")
    shown = planned().marks
    newcomer = make_merchant(name="D")
    press(beaten, lead, timezone.now())
    moved.connections.filter(side="accounting").update(codat_id="another")
    asked = ask(LATEST, lead, shown=shown, told=True)
    assert [request.merchant for request in asked.bulk.requests] == [kept]
    refused = dict(asked.bulk.not_asked.values_list("merchant", "kind"))
    assert refused == {beaten.pk: "asked", moved.pk: "changed", newcomer.pk: "new"}


def test_who_was_told_and_then_asks_for_other_days_is_told_again(lead: User) -> None:
    make_merchant()
    shown = planned(days(date(2026, 1, 5), date(2026, 1, 6))).marks
    with pytest.raises(bulks.Changed):
        ask(days(date(2026, 1, 5), date(2026, 1, 7)), lead, shown=shown, told=True)


def test_those_that_may_be_half_written_can_be_left_out(lead: User) -> None:
    make_failing_merchant(5000, name="Told that nothing was", last_pushed=False)
    make_failing_merchant(5000, name="Some was", last_pushed=True)
    make_failing_merchant(5000, name="Not told", last_pushed=None)
    make_merchant(name="Well", last_pushed=True)
    assert planned().written == 2
    plan = planned(Wish("latest", spare_written=True))
    assert why(plan) == {"Some was": "written", "Not told": "written"}
    assert plan.written == 0


class TestDays:
    def test_each_merchant_gets_its_own_sales_days(self, lead: User) -> None:
        make_merchant(name="London", time_zone="Europe/London")
        make_merchant(name="Tokyo", time_zone="Asia/Tokyo")
        ask(days(date(2026, 1, 5), date(2026, 1, 6)), lead)
        bodies = dict(SyncRequest.objects.values_list("merchant__name", "body"))
        assert '"start":"2026-01-05T00:00:00Z"' in bodies["London"]
        assert '"start":"2026-01-04T15:00:00Z"' in bodies["Tokyo"]

    def test_days_that_are_synced_keep_a_merchant_out_unless_that_is_accepted(self, lead: User) -> None:
        first, last = date(2026, 1, 5), date(2026, 1, 6)
        overlapping, _ = make_merchant(name="Synced"), make_merchant(name="Open")
        sync = make_sync(
            overlapping,
            window_start="2026-01-05T00:00:00Z",
            window_finish="2026-01-06T00:00:00Z",
            window_known="answered",
        )
        assert why(planned(days(first, last))) == {"Synced": "synced"}
        asked = ask(days(first, last, accept_overlap=True, overlap_known=True), lead)
        [seen] = asked.bulk.requests.get(merchant=overlapping).seen_windows
        sync.refresh_from_db()
        assert (seen.start, seen.finish) == (sync.window_start, sync.window_finish)
        assert asked.bulk.requests.count() == 2

    def test_what_was_synced_after_the_overlap_was_accepted_is_a_change(self, lead: User) -> None:
        merchant = make_merchant()
        wish = days(date(2026, 1, 5), date(2026, 1, 6), accept_overlap=True, overlap_known=True)
        shown = planned(wish).marks
        make_sync(
            merchant,
            window_start="2026-01-05T00:00:00Z",
            window_finish="2026-01-06T00:00:00Z",
            window_known="answered",
        )
        with pytest.raises(bulks.Changed):
            ask(wish, lead, shown=shown)

    def test_a_day_that_is_not_over_in_its_zone_keeps_a_merchant_out(self) -> None:
        east, west = (
            make_merchant(time_zone="Pacific/Auckland"),
            make_merchant(time_zone="America/Los_Angeles"),
        )
        day = a_day(west, timezone.now(), 0)
        refused = {refusal.merchant: refusal.kind for refusal in planned(days(day, day)).refusals}
        assert refused[west] == "not_over"
        assert (east in refused) == (a_day(east, timezone.now(), 0) == day)


class TestStopping:
    def test_it_cancels_what_is_not_sent_yet_and_leaves_the_rest(self, lead: User, support: User) -> None:
        for name in "ABC":
            make_merchant(name=name)
        bulk = ask(LATEST, lead).bulk
        sent = bulk.requests.order_by("pk")[0]
        SyncRequest.objects.filter(pk=sent.pk).update(state=State.SENDING)
        before = dict(Merchant.objects.values_list("pk", "version"))
        assert bulks.stop(bulk, by=support, now=timezone.now()) == 2
        states = list(bulk.requests.order_by("pk").values_list("state", flat=True))
        assert states == ["sending", "cancelled", "cancelled"]
        stopped = bulk.requests.filter(state="cancelled")
        assert {request.result for request in stopped} == {
            f"Cancelled before it was sent: {support.display_name} stopped the bulk"
        }
        assert all(request.finished_at for request in stopped)
        moved = {pk for pk, version in Merchant.objects.values_list("pk", "version") if version > before[pk]}
        assert moved == {request.merchant_id for request in stopped}
        verbs = Activity.objects.filter(request__in=stopped).values_list("verb", "actor").order_by("-pk")[:2]
        assert list(verbs) == [("request.cancelled", support.pk)] * 2
        entry = Activity.objects.get(verb="bulk.stopped")
        assert entry.what == "Stopped “Sync latest” for many: 2 of 3 were not sent yet"
        assert entry.bulk == bulk.pk
        bulk.refresh_from_db()
        assert bulk.stopped_by == support

    def test_a_second_stop_finds_nothing_to_stop(self, lead: User) -> None:
        make_merchant()
        bulk = ask(LATEST, lead).bulk
        now = timezone.now()
        assert bulks.stop(bulk, by=lead, now=now) == 1
        assert bulks.stop(bulk, by=lead, now=now + timedelta(seconds=1)) == 0
        bulk.refresh_from_db()
        assert bulk.stopped_at == now
        assert Activity.objects.filter(verb="bulk.stopped").count() == 1

    def test_other_requests_are_none_of_its_business(self, lead: User) -> None:
        make_merchant()
        bulk = ask(LATEST, lead).bulk
        other = make_request(make_merchant(), bulk=uuid.uuid4())
        bulks.stop(bulk, by=lead, now=timezone.now())
        other.refresh_from_db()
        assert other.state == State.QUEUED


HELD = {"code": 5130, "message": "Account 090 is not in an Active state. (Archived)"}
MENDED = replace(LATEST, override_reason="Xero has mended it")


def test_what_has_to_be_fixed_first_is_held_in_a_bulk_too() -> None:
    make_failing_merchant(**HELD, name="Held")
    make_merchant(name="Fine")
    plan = planned()
    assert [runner.merchant.name for runner in plan.runners] == ["Fine"]
    (held,) = plan.refusals
    assert (held.kind, held.sentence) == ("fix_first", "Not until account 090 is fixed.")


def test_a_lead_runs_them_with_a_word_of_why_it_helps_now_and_it_is_kept_with_each(lead: User) -> None:
    held, fine = make_failing_merchant(**HELD), make_merchant()
    bulk = ask(MENDED, lead, may_override=True).bulk
    requests = SyncRequest.objects.filter(bulk=bulk.pk)
    told = dict(requests.values_list("merchant", "override_reason"))
    assert told == {held.pk: "Xero has mended it", fine.pk: ""}
    assert [entry.merchant_id for entry in Activity.objects.filter(verb="request.override")] == [held.pk]


def test_nobody_else_does(support: User) -> None:
    make_failing_merchant(**HELD)
    with pytest.raises(NotPossible, match="Only leads"):
        ask(MENDED, support)
    assert not Bulk.objects.exists()
