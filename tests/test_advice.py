"""Latest, a range or nothing: what the re-run card says before anybody presses."""

import pytest
from django.test import Client

from syncs.models import Merchant
from tests.factories import make_failing_merchant, make_merchant
from tests.test_merchant_gaps import RECENT, page, with_days

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]
FIX_FIRST, TRY_NOW = 4000, 5000


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
    assert "Nothing to run before the cause is mended." in told
    assert "After that, Sync latest covers 13 – 16 Jun." in told


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
