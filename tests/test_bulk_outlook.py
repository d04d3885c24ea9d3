"""What the review of a press for many foretells: from when each merchant is synced, and when the results are there."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from syncs import meter
from syncs.codat.budget import BudgetState
from syncs.models import Merchant
from syncs.operations import coverage, run_lengths
from syncs.rules.states import State
from tests.bulk_pages import review
from tests.conftest import NOON
from tests.factories import make_attempt, make_merchant, make_request, make_sync
from tests.test_days_synced_in_part import ran, words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]


def will_sync(client: Client, merchant: Merchant) -> str:
    cell = review(client, merchant).partition('data-l="Will sync from"')[2]
    return words(cell.partition(">")[2].partition("</td>")[0])


def results_in(html: str) -> str:
    return words(html.partition("<dt>Results in</dt>")[2].partition("</dd>")[0])


def ran_for(merchant: Merchant, *minutes: int) -> None:
    for length in minutes:
        ended = make_request(merchant, state=State.SUCCEEDED, finished_at=NOON)
        make_attempt(ended, outcome="accepted", started_at=NOON - timedelta(minutes=length))


def budget(monkeypatch: pytest.MonkeyPatch, **told: Any) -> None:
    known = {"limit": 4000, "remaining": 3000, "resets_at": None, "paused_until": None, "per_minute": 800}
    monkeypatch.setattr(meter, "state", lambda: BudgetState(**known | told))


class TestWillSync:
    def test_from_where_the_last_success_ended_by_the_merchants_clock(self, as_support: Client) -> None:
        merchant = make_merchant()
        ran(merchant, 2000, 14, 15)
        ran(merchant, 5000, 15, 16)
        assert will_sync(as_support, merchant) == "15 Jun, 05:00"
        tokyo = make_merchant(time_zone="Asia/Tokyo")
        ran(tokyo, 2000, 14, 15)
        assert will_sync(as_support, tokyo) == "15 Jun, 13:00"

    def test_a_start_that_nobody_told_is_called_inferred(self, as_support: Client) -> None:
        merchant = make_merchant()
        ran(merchant, 2000, 14, 15)
        merchant.syncs.update(window_known="inferred")
        assert will_sync(as_support, merchant) == "15 Jun, 05:00 (inferred)"

    def test_where_nothing_was_synced_from_the_start_date(self, as_support: Client) -> None:
        new: dict[str, Any] = {"health": "never_synced", "last_success_at": None, "last_code": None}
        assert will_sync(as_support, make_merchant(**new)) == "Its start date at Codat"
        assert will_sync(as_support, make_merchant(**new, start_date=date(2026, 6, 1))) == (
            "1 Jun start date"
        )

    def test_where_codat_has_not_told_the_end_that_is_said(self, as_support: Client) -> None:
        merchant = make_merchant()
        make_sync(merchant)
        assert will_sync(as_support, merchant) == "Codat has not told us"

    def test_a_range_has_its_days_in_its_heading(self, as_support: Client) -> None:
        days = {"kind": "historic", "first_day": "2026-06-15", "last_day": "2026-06-16"}
        assert "Will sync" not in review(as_support, make_merchant(), **days)

    def test_one_query_finds_it_of_all_as_one_by_one(self, django_assert_num_queries: Any) -> None:
        merchants = [make_merchant() for _ in range(4)]
        ran(merchants[0], 2000, 13, 14)
        ran(merchants[0], 2000, 12, 13)
        # Asked for last, and ends before another one.
        ran(merchants[1], 2000, 14, 15)
        make_sync(
            merchants[1],
            started_at=NOON,
            window_start=datetime.fromisoformat("2026-06-10T00:00:00Z"),
            window_finish=datetime.fromisoformat("2026-06-11T00:00:00Z"),
        )
        # The newest success has no window.
        ran(merchants[2], 2000, 14, 15)
        make_sync(merchants[2], started_at=NOON)
        with django_assert_num_queries(1):
            found = coverage.reached_of_each(merchants)
        ends = {merchants[0].pk: 14, merchants[1].pk: 15}
        assert {pk: sync.window_finish.day for pk, sync in found.items() if sync.window_finish} == ends
        assert [coverage.reached(merchant) for merchant in merchants] == [
            found.get(merchant.pk) for merchant in merchants
        ]


class TestResultsIn:
    def test_sending_and_then_as_long_as_most_of_their_runs_took(
        self, as_support: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        budget(monkeypatch)
        one, two = make_merchant(), make_merchant()
        ran_for(one, 3, 4, 5, 6, 7)
        ran_for(two, 3, 4, 5, 6, 90)
        ran_for(make_merchant(), 200, 200, 200)
        assert results_in(review(as_support, one, two)) == "about 8 min"

    def test_where_they_have_too_few_runs_as_others_took(
        self, as_support: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        budget(monkeypatch)
        merchant = make_merchant()
        ran_for(merchant, 1, 1)
        assert results_in(review(as_support, merchant)) == "not known yet"
        ran_for(make_merchant(), 9, 9, 9)
        assert results_in(review(as_support, merchant)) == "about 10 min"

    def test_looks_at_many_take_their_time_from_the_budget_too(
        self, as_lead: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        budget(monkeypatch, per_minute=2)
        merchants = [make_merchant() for _ in range(30)]
        ran_for(merchants[0], 3, 3, 3)
        html = review(as_lead, *merchants)
        assert "about 30 min, 12 at once" in words(html)
        assert results_in(html) == "about 2 h"

    @pytest.mark.parametrize(
        ("told", "said"),
        [
            ({"remaining": 1}, "not all of them today"),
            ({"paused_until": NOON + timedelta(minutes=5)}, "not known while calls wait"),
            ({"remaining": None, "reachable": False}, "about 4 min"),
        ],
    )
    def test_nothing_is_promised_that_the_budget_does_not_hold(
        self, as_support: Client, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], said: str
    ) -> None:
        merchant = make_merchant()
        ran_for(merchant, 3, 3, 3)
        budget(monkeypatch, **told)
        assert results_in(review(as_support, merchant)) == said

    def test_of_none_nothing_is_asked(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            assert run_lengths.of_each([]) == {}


def test_what_is_to_be_sent_counts_syncs_and_no_looks(as_support: Client) -> None:
    html = review(as_support, *(make_merchant() for _ in range(13)))
    assert "API calls 13 to send, about 91 to watch Left today" in words(html)
