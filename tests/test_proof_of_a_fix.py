"""What a re-run has made good: before and after in one sentence, and what there is to do next."""

from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.codat.statuses import Outcome, status_of
from syncs.models import Merchant, Sync, SyncRequest, User
from syncs.operations import days
from syncs.rules.salesdays import range_window
from syncs.rules.states import State
from syncs.views import proofs
from tests.factories import make_merchant, make_outage, make_request, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

ARCHIVED = "Account 090 is not in an Active state. (Archived)"
ENDS = {Outcome.SYNCED: State.SUCCEEDED, Outcome.EMPTY: State.SUCCEEDED_EMPTY, Outcome.FAILED: State.FAILED}


def by_schedule(merchant: Merchant, days_ago: int, code: int = 5130, message: str = ARCHIVED) -> Sync:
    """At about two o'clock, for the day before."""
    at = timezone.now() - timedelta(days=days_ago, hours=10)
    return make_sync(merchant, code, at, message if code >= 4000 else "")


def decided(merchant: Merchant) -> None:
    """Windows and days as a refresh would leave them, and the health that follows from the newest result."""
    days.place_windows(merchant)
    days.decide(merchant, timezone.localdate() - timedelta(days=60), timezone.now())
    last = merchant.syncs.final().newest_first()[0]
    merchant.last_code, merchant.last_cause, merchant.last_message = last.code, last.cause, last.message[:300]
    merchant.last_pushed = last.data_pushed
    merchant.health = "failing" if last.outcome == Outcome.FAILED else "healthy"
    merchant.save()


def failing(days_failed: int = 5) -> Merchant:
    merchant = make_merchant(health="failing")
    by_schedule(merchant, days_failed, 2000)
    for day in range(days_failed):
        by_schedule(merchant, day)
    return merchant


def rerun(
    merchant: Merchant, first: date, last: date, code: int = 2000, message: str = "", **columns: object
) -> SyncRequest:
    """Asked for, sent, and ended a minute ago."""
    window = range_window(first, last, merchant.zone)
    at = timezone.now() - timedelta(minutes=5)
    sync = make_sync(
        merchant,
        code,
        at,
        message,
        initiator="ours",
        window_start=window.start,
        window_finish=window.finish,
        window_known="answered",
    )
    end = ENDS[status_of(code).outcome]
    request = make_request(merchant, state=end, sync=sync, first_day=first, last_day=last, **columns)
    decided(merchant)
    return request


def day(number: int) -> date:
    return timezone.localdate() - timedelta(days=number)


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def of_merchant(request: SyncRequest) -> str:
    return f"/merchants/{request.merchant.company_id}/"


def of_request(request: SyncRequest) -> str:
    return f"/requests/{request.pk}/"


def test_a_fix_is_told_as_before_and_after_where_it_was_pressed_and_on_its_own_page(
    as_viewer: Client,
) -> None:
    request = rerun(failing(), day(5), day(1))
    said = "Before: failed 5 days, the last with “Could not write data” (5130). Now: synced, 12 – 16 Jun covered."
    assert said in page(as_viewer, of_merchant(request))
    assert said in page(as_viewer, of_request(request))


def test_the_message_to_the_merchant_says_what_is_fixed(as_viewer: Client) -> None:
    html = page(as_viewer, of_merchant(rerun(failing(), day(5), day(1))))
    message = (
        "Hello, your sales from Shopify reach Xero again. The sales of 12 – 16 Jun, which were missing, are there now. "
        "You need not do anything."
    )
    assert f'data-copy="{message}"' in html


def test_the_message_names_no_day_that_was_there_before() -> None:
    merchant = make_merchant(health="failing")
    for number in range(9, 1, -1):
        by_schedule(merchant, number, 2000)
    by_schedule(merchant, 1)
    by_schedule(merchant, 0)
    proof = proofs.of(rerun(merchant, day(9), day(1)))
    assert proof is not None
    assert "The sales of 15 – 16 Jun, which were missing, are there now." in proof.message


def test_one_failed_day_is_told_without_a_count() -> None:
    proved = proofs.of(rerun(failing(1), day(1), day(1)))
    assert proved is not None
    assert (
        proved.sentence == "Before: failed with “Could not write data” (5130). Now: synced, 16 Jun covered."
    )


def test_days_without_sales_are_told_as_such() -> None:
    proved = proofs.of(rerun(failing(), day(5), day(1), code=2040))
    assert proved is not None
    assert proved.sentence.endswith("Now: no sales, 12 – 16 Jun covered.")
    assert proved.message == (
        "Hello, the sync from Shopify to Xero works again. There were no sales to bring over for 12 – 16 Jun. "
        "You need not do anything."
    )


def test_days_on_which_nothing_had_run_were_missing_and_no_failure() -> None:
    merchant = make_merchant()
    by_schedule(merchant, 6, 2000)
    at = timezone.now() - timedelta(hours=10)
    start = range_window(day(2), day(1), merchant.zone).start
    finish = at - timedelta(minutes=1)
    make_sync(merchant, 2000, at, window_start=start, window_finish=finish, window_known="answered")
    proved = proofs.of(rerun(merchant, day(6), day(3)))
    assert proved is not None
    assert proved.sentence == "Before: nothing had run on 11 – 14 Jun. Now: synced, 11 – 14 Jun covered."
    assert proved.message == (
        "Hello, your sales of 11 – 14 Jun from Shopify, which were missing in Xero, are there now. "
        "You need not do anything."
    )


def test_days_of_another_gap_are_told_also_while_newer_days_fail() -> None:
    merchant = make_merchant(health="failing")
    by_schedule(merchant, 9, 2000)
    start = range_window(day(5), day(4), merchant.zone).start
    at = timezone.now() - timedelta(days=4, hours=10)
    make_sync(
        merchant,
        2000,
        at,
        window_start=start,
        window_finish=at - timedelta(minutes=1),
        window_known="answered",
    )
    by_schedule(merchant, 0)
    proved = proofs.of(rerun(merchant, day(8), day(7)))
    assert proved is not None
    assert proved.sentence == (
        "Before: nothing had run on 9 – 10 Jun. Now: synced, 9 – 10 Jun covered. Still missing: 8 Jun, 11 Jun."
    )


def test_where_nothing_was_wrong_there_is_nothing_to_prove(as_viewer: Client) -> None:
    merchant = make_merchant()
    for number in range(4):
        by_schedule(merchant, number, 2000)
    request = rerun(merchant, day(1), day(1))
    assert proofs.of(request) is None
    assert "Before:" not in page(as_viewer, of_request(request))


def failed_in_part(merchant: Merchant) -> None:
    """Of the day before yesterday the first five hours are synced; it and yesterday failed."""
    for begun, ended, code in ((9, 2, 2000), (2, 1, 5000), (2, 0, 5000)):
        start, finish = (
            range_window(day(number), day(number), merchant.zone).start + timedelta(hours=5)
            for number in (begun, ended)
        )
        make_sync(merchant, code, finish, window_start=start, window_finish=finish, window_known="answered")


def test_while_a_day_is_missing_nobody_is_told_that_there_is_nothing_to_do(as_viewer: Client) -> None:
    merchant = make_merchant(health="failing")
    failed_in_part(merchant)
    request = rerun(merchant, day(1), day(1))
    proved = proofs.of(request)
    assert proved is not None
    assert proved.tone == "warn"
    assert proved.sentence.endswith("Now: synced, 16 Jun covered. Still missing: 15 Jun.")
    assert proved.advice == "No later sync goes back for that: it needs a range."
    assert proved.message == (
        "Hello, your sales from Shopify reach Xero again. The sales of 16 Jun, which were missing, are there now. "
        "The sales of 15 Jun are still missing: you will hear from us about them."
    )
    for address in (of_merchant(request), of_request(request)):
        html = page(as_viewer, address)
        assert "Still missing: 15 Jun." in html
        assert "need not do anything" not in html


def test_days_that_are_only_inferred_to_be_missing_are_not_named_to_the_merchant() -> None:
    merchant = make_merchant(health="failing")
    failed_in_part(merchant)
    merchant.syncs.update(window_known="inferred")
    proved = proofs.of(rerun(merchant, day(1), day(1)))
    assert proved is not None
    assert proved.message.endswith(
        "The sales of some other days are still missing: you will hear from us about them."
    )


def test_while_newer_days_wait_for_the_daily_sync_the_message_says_so() -> None:
    merchant = failing()
    proved = proofs.of(rerun(merchant, day(5), day(3)))
    assert proved is not None
    assert proved.message.endswith("The sales of the newest days follow with the next daily sync.")


def test_a_fix_that_has_failed_again_since_is_not_told_to_the_merchant() -> None:
    request = rerun(failing(), day(5), day(1))
    make_sync(request.merchant, 5000, timezone.now(), "Codat broke")
    decided(request.merchant)
    proved = proofs.of(SyncRequest.objects.get(pk=request.pk))
    assert proved is not None
    assert proved.sentence.endswith("covered. But it has failed again since (5000).")
    assert proved.message == ""


def test_the_same_error_again_says_so_and_that_the_merchant_must_act(as_support: Client) -> None:
    result = "Failed again with the same error (5130)"
    request = rerun(failing(), day(5), day(1), 5130, ARCHIVED, result=result)
    for html in (page(as_support, of_merchant(request)), page(as_support, of_request(request))):
        assert "Failed again with the same error (5130)" in html
        assert "Another press will probably fail the same way. The merchant must act first." in html
        proved = html[html.index("Another press") :].partition("</div>")[0]
        assert "Copy message" in proved
        assert f"/merchants/{request.merchant.company_id}/for-codat/" in proved
        assert "Copy all for Codat&#x27;s support" in proved or "Copy all for Codat's support" in proved


def test_codats_own_error_again_is_a_case_for_codats_support() -> None:
    merchant = make_merchant(health="failing")
    by_schedule(merchant, 1, 2000)
    by_schedule(merchant, 0, 5000, "Internal error")
    proved = proofs.of(rerun(merchant, day(1), day(1), 5000, "Internal error"))
    assert proved is not None
    assert proved.for_codat
    assert proved.message == ""
    assert proved.advice.endswith("It is a case for Codat's support.")


def test_while_codat_looks_down_for_the_platform_it_is_a_case_for_nobody() -> None:
    merchant = failing()
    merchant.syncs.update(code=5000, cause=None)
    merchant.last_code, merchant.last_cause_id = 5000, None
    merchant.save()
    make_outage()
    proof = proofs._failed_again(merchant, merchant.syncs.newest_first()[0], merchant.syncs.newest_first()[1])
    assert proof is not None
    assert proof.sentence == "Failed again with the same error (5000)."
    assert proof.advice == "Codat looks down for Shopify merchants. Wait until that is over."
    assert not proof.for_codat


def test_another_error_than_before_is_told_as_another() -> None:
    merchant = failing()
    proved = proofs.of(rerun(merchant, day(5), day(1), 5000, "Internal error"))
    assert proved is not None
    assert proved.sentence == (
        "Before: failed with “Could not write data” (5130). Now: failed with “Codat server error” (5000)."
    )
    assert not proved.for_codat


def test_the_first_failure_after_a_success_is_no_repetition() -> None:
    merchant = make_merchant()
    by_schedule(merchant, 1, 2000)
    assert proofs.of(rerun(merchant, day(1), day(1), 5130, ARCHIVED)) is None


def test_a_failure_that_is_mended_since_asks_nobody_to_escalate() -> None:
    request = rerun(failing(), day(5), day(1), 5130, ARCHIVED)
    make_sync(request.merchant, 2000, timezone.now())
    decided(request.merchant)
    assert proofs.of(SyncRequest.objects.get(pk=request.pk)) is None


def test_a_request_names_the_failure_that_it_repaired_and_the_failure_names_the_request(
    as_viewer: Client,
) -> None:
    merchant = failing()
    newest = merchant.syncs.newest_first()[0]
    request = rerun(merchant, day(5), day(1))
    html = page(as_viewer, of_request(request))
    assert "<dt>Repairs</dt>" in html
    assert f"/syncs/{newest.pk}/" in html
    assert "and 4 more failures before it" in html
    row = (
        page(as_viewer, f"{of_merchant(request)}").split(f'id="sync-{newest.pk}"')[1].partition("</tbody>")[0]
    )
    assert "16 Jun re-covered by" in row
    assert f'href="/requests/{request.pk}/"' in row
    assert "inferred" in row


def test_a_failure_whose_days_the_schedule_took_along_names_that_sync(as_viewer: Client) -> None:
    merchant = make_merchant()
    by_schedule(merchant, 2, 2000)
    failed, good = by_schedule(merchant, 1), by_schedule(merchant, 0, 2000)
    decided(merchant)
    whole = page(as_viewer, f"/merchants/{merchant.company_id}/")
    address = f"/merchants/{merchant.company_id}/syncs/{failed.pk}/"
    alone = as_viewer.get(address, HTTP_HX_REQUEST="true").content.decode()
    for html in (whole, alone):
        row = html.split(f'id="sync-{failed.pk}"')[1].partition("</tbody>")[0]
        assert "15 Jun re-covered by" in row
        assert f"/syncs/{good.pk}/" in row


def test_a_request_under_way_names_what_it_is_to_repair(as_viewer: Client) -> None:
    merchant = failing()
    decided(merchant)
    older = merchant.syncs.newest_first()[2]
    for kind, wanted, named in (
        ("historic", {"first_day": day(5), "last_day": day(3)}, older),
        ("latest", {}, merchant.syncs.newest_first()[0]),
    ):
        request = make_request(merchant, kind=kind, **wanted)
        html = page(as_viewer, of_request(request))
        assert "<dt>Is to repair</dt>" in html
        assert f"/syncs/{named.pk}/" in html
        SyncRequest.objects.filter(pk=request.pk).update(state=State.CANCELLED, finished_at=timezone.now())


def test_a_hundred_failures_cost_no_more_queries_than_two(as_viewer: Client) -> None:
    counts = []
    for number in (2, 20):
        request = rerun(failing(number), day(number), day(1))
        for address in (of_request(request), of_merchant(request)):
            with CaptureQueriesContext(connection) as captured:
                page(as_viewer, address)
            counts.append(len(captured))
    assert counts[:2] == counts[2:]


class TestMyRequests:
    """The tile “Mine” of Requests: today's, and what is still open."""

    def test_a_request_of_mine_stays_until_it_is_finished_and_then_says_what_it_mended(
        self, as_support: Client, support: User
    ) -> None:
        open_since_long_ago = make_request(
            make_merchant(), asked_by=support, asked_at=timezone.now() - timedelta(days=3)
        )
        ended = rerun(failing(), day(5), day(1), asked_by=support)
        html = page(as_support, f"/requests/?scope=today&by={support.username}")
        assert f'id="request-{open_since_long_ago.pk}"' in html
        row = html.split(f'id="request-{ended.pk}"')[1].partition("</tr>")[0]
        assert "Before: failed 5 days, the last with “Could not write data” (5130). Now: synced, " in row
        assert 'data-copy="Hello, your sales from Shopify reach Xero again.' in row

    def test_where_the_same_error_came_again_the_third_press_gives_way_to_who_can_help(
        self, as_support: Client, support: User
    ) -> None:
        ended = rerun(failing(), day(5), day(1), 5130, ARCHIVED, asked_by=support)
        html = page(as_support, f"/requests/?by={support.username}")
        row = html.split(f'id="request-{ended.pk}"')[1].partition("</tr>")[0]
        assert "Failed again with the same error (5130)." in row
        assert "Copy for Codat" in row
        assert "Ask again" not in row

    def test_a_poll_tells_when_it_is_finished(self, as_support: Client, support: User) -> None:
        request = rerun(failing(), day(5), day(1), asked_by=support)
        live = page(as_support, f"/requests/?by={support.username}").split('id="rows" hx-get="')[1]
        address = unescape(live.partition('"')[0])
        make_sync(request.merchant, 5000, timezone.now(), "Codat broke")
        decided(request.merchant)
        Merchant.objects.filter(pk=request.merchant_id).update(version=F("version") + 1)
        polled = as_support.get(address, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="rows")
        assert "But it has failed again since (5000)." in polled.content.decode()

    def test_the_progress_leads_the_one_who_asked_to_their_own(
        self, as_support: Client, as_viewer: Client, support: User
    ) -> None:
        request = make_request(make_merchant(), state=State.ACCEPTED, asked_by=support)
        mine = f'href="/requests/?scope=today&amp;by={support.username}">your requests</a>'
        assert mine in page(as_support, of_merchant(request))
        assert "your requests" not in page(as_viewer, of_merchant(request))

    def test_more_requests_cost_no_more_queries(self, as_support: Client, support: User) -> None:
        counts = []
        for number in (2, 10):
            for _ in range(number):
                rerun(failing(3), day(3), day(1), asked_by=support)
            with CaptureQueriesContext(connection) as captured:
                page(as_support, f"/requests/?by={support.username}")
            counts.append(len(captured))
        assert counts[0] == counts[1]
