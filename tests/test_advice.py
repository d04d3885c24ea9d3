"""Latest, a range or nothing: what the re-run card says before anybody presses."""

from datetime import date
from html import unescape

import pytest
from django.test import Client

from syncs.models import Merchant
from tests.factories import make_failing_merchant, make_merchant, make_outage
from tests.test_days_synced_in_part import decided, ran, words
from tests.test_merchant_gaps import RECENT, link, page, with_days

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]
FIX_FIRST, TRY_NOW, PLAN_EXPIRED, STOPPED = 4000, 5000, 4260, 5080


def card(client: Client, merchant: Merchant) -> str:
    html = page(client, merchant)
    return html[html.index('id="rerun"') :]


def test_where_all_days_are_in_the_books_nothing_needs_to_run(as_support: Client) -> None:
    told = card(as_support, with_days(make_merchant(), ("w", 9)))
    assert "Nothing needs to run." in told
    assert "The next daily sync goes on from there, tonight, about 02:00." in told


def test_where_only_the_run_of_yesterday_is_to_come_it_is_named_and_not_said_to_be_in_the_books(
    as_support: Client,
) -> None:
    told = card(as_support, with_days(make_merchant(sync_hour=22), ("w", 9), ("g", 1)))
    assert "Nothing needs to run." in told
    assert "All days before that are in the books." in told
    assert "The sales of 16 Jun come with the next daily sync, tonight, about 22:00." in told
    assert "All days that are over" not in told


def test_a_night_that_was_left_out_is_covered_by_the_latest_or_the_next(as_support: Client) -> None:
    told = card(as_support, with_days(make_merchant(sync_hour=22), ("w", 9), ("g", 2)))
    assert "Sync latest is enough." in told
    assert "It covers 15 – 16 Jun: it starts where the last success ended." in told


def test_who_fails_and_never_had_a_day_in_the_books_is_advised_too(as_support: Client) -> None:
    told = card(as_support, with_days(make_failing_merchant(TRY_NOW, ""), ("f", 4)))
    assert "Sync latest is enough." in told
    assert "It covers 13 – 16 Jun" in told


def test_where_a_run_helps_now_latest_is_enough(as_support: Client) -> None:
    told = card(as_support, with_days(make_failing_merchant(TRY_NOW, ""), ("w", 3), ("f", 4)))
    assert "Sync latest is enough." in told
    assert "It covers 13 – 16 Jun: it starts where the last success ended." in told
    assert "If you do nothing, the next daily sync covers them, tonight, about 02:00." in told


def test_latest_runs_also_over_yesterday_whose_own_sync_comes_tonight(as_support: Client) -> None:
    merchant = make_failing_merchant(TRY_NOW, "", sync_hour=22)
    told = card(as_support, with_days(merchant, ("w", 3), ("f", 4), ("g", 1)))
    assert "It covers 12 – 16 Jun: it starts where the last success ended." in told


def test_where_the_cause_stands_nothing_is_to_be_run_before_it_is_mended(as_support: Client) -> None:
    told = card(as_support, with_days(make_failing_merchant(FIX_FIRST, ""), ("w", 3), ("f", 4)))
    assert "Nothing to run before the setting is right." in told
    assert "After that, Sync latest covers 13 – 16 Jun." in told


def test_what_nobody_has_described_is_told_as_the_cause(as_support: Client) -> None:
    by_hand = make_failing_merchant(5130, "The order was changed. Please reconcile manually.")
    told = card(as_support, with_days(by_hand, ("w", 3), ("f", 4)))
    assert "Nothing to run before the cause is mended." in told


def test_an_expired_plan_is_waited_for_by_name_and_the_next_daily_sync_is_told(as_support: Client) -> None:
    told = card(as_support, with_days(make_failing_merchant(PLAN_EXPIRED, ""), ("w", 3), ("f", 4)))
    assert "Nothing to run before the Xero plan is renewed." in told
    assert "So does the next daily sync, tonight, about 02:00." in told


def test_where_the_cause_stands_a_range_is_needed_only_once_it_is_mended(as_support: Client) -> None:
    merchant = make_failing_merchant(FIX_FIRST, "")
    told = card(as_support, with_days(merchant, ("w", 3), ("f", 2), RECENT, ("f", 1)))
    assert "Once the setting is right, a range is needed: 12 – 13 Jun." in told


class TestStoppedForOverlap:
    """Three nightly syncs that Codat stopped, since their days overlap an earlier sync."""

    def test_a_range_is_worth_a_try_where_no_sync_is_known_to_have_these_days(
        self, as_support: Client
    ) -> None:
        merchant = with_days(make_failing_merchant(STOPPED, ""), ("w", 3), ("f", 3))
        told = card(as_support, merchant)
        assert "A range may help: 14 – 16 Jun." in told
        assert "Codat stopped the last sync because its days overlap an earlier one." in words(told)
        assert "Sync latest begins at the same place, and would probably be stopped too." in told
        assert "No sync that we know of has these days." in told
        assert "If Codat stops the range as well, send its support the company ID and sync IDs." in told
        assert "the next daily sync tries these days again, tonight, about 02:00." in told
        assert "Nothing to run" not in told
        assert link(date(2026, 6, 14), date(2026, 6, 16)) in told

    def test_where_every_range_overlaps_too_codats_support_is_asked_first(self, as_support: Client) -> None:
        merchant = make_failing_merchant(STOPPED, "")
        ran(merchant, 2000, 9, 14)
        for finish in (15, 16, 17):
            ran(merchant, STOPPED, 14, finish)
        assert "Fill the form" not in page(as_support, decided(merchant))
        told = unescape(words(card(as_support, merchant)))
        assert "Ask Codat's support before anything runs." in told
        assert "A range of 14 – 16 Jun overlaps, too. A part of 14 Jun is already synced." in told
        assert "A range may help" not in told
        assert "Nothing to run" not in told

    def test_the_steps_tell_the_same_and_fill_in_the_same_days(self, as_support: Client) -> None:
        merchant = with_days(make_failing_merchant(STOPPED, ""), ("w", 3), ("f", 3))
        html = page(as_support, merchant)
        steps = html[html.index('<ol class="steps">') :].partition("</ol>")[0]
        assert "Re-run a range of the days that no sync has yet" in steps
        assert link(date(2026, 6, 14), date(2026, 6, 16)) in steps

    def test_days_that_nothing_goes_back_for_are_filled_in_first(self, as_support: Client) -> None:
        merchant = make_failing_merchant(STOPPED, "")
        html = page(as_support, with_days(merchant, ("w", 3), ("f", 2), RECENT, ("f", 1)))
        assert "A range is needed: 12 – 13 Jun." in html
        assert "The newer days, which Codat stopped, need one of their own." in html
        steps = html[html.index('<ol class="steps">') :].partition("</ol>")[0]
        assert link(date(2026, 6, 12), date(2026, 6, 13)) in steps

    def test_in_an_outage_the_range_waits_for_its_end(self, as_support: Client) -> None:
        merchant = with_days(make_failing_merchant(STOPPED, ""), ("w", 3), ("f", 3))
        make_outage()
        assert "Once the outage is over, a range may help: 14 – 16 Jun." in card(as_support, merchant)


def test_days_that_no_later_sync_goes_back_for_need_a_range(as_support: Client) -> None:
    told = card(as_support, with_days(make_merchant(), ("w", 3), ("f", 2), RECENT))
    assert "A range is needed: 13 – 14 Jun." in told
    assert "entered by hand" in told


def test_several_stretches_are_counted(as_support: Client) -> None:
    told = card(as_support, with_days(make_merchant(), ("w", 3), ("f", 2), ("w", 2), ("f", 1), RECENT))
    assert "A range is needed: 10 – 11 Jun and 1 more." in told


@pytest.mark.parametrize("health", ["needs_reconnect", "switched_off", "never_synced"])
def test_where_codat_has_stopped_trying_there_is_no_such_advice(as_support: Client, health: str) -> None:
    told = card(as_support, with_days(make_merchant(health=health), ("w", 3), ("f", 4)))
    assert "Sync latest is enough" not in told
    assert "Nothing needs to run" not in told
