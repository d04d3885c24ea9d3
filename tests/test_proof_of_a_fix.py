"""What a re-run has made good: before and after in one sentence, and the message to the merchant."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Merchant, SyncRequest
from syncs.rules.salesdays import range_window
from syncs.views import proofs
from tests.factories import make_merchant, make_sync
from tests.proofs import by_schedule, day, decided, failing, of_merchant, of_request, page, rerun

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


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


def test_a_hundred_failures_cost_no_more_queries_than_two(as_viewer: Client) -> None:
    counts = []
    for number in (2, 20):
        request = rerun(failing(number), day(number), day(1))
        for address in (of_request(request), of_merchant(request)):
            with CaptureQueriesContext(connection) as captured:
                page(as_viewer, address)
            counts.append(len(captured))
    assert counts[:2] == counts[2:]
