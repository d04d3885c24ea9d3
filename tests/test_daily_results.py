"""The chart of the last thirty sales days: what each bar says, and what it does not know yet."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from syncs.models import MerchantDay
from syncs.rules.coverage import DayOutcome
from syncs.views import daily_results
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 0, 50, tzinfo=UTC)
YESTERDAY = date(2026, 11, 21)


def ended(outcome: DayOutcome, *, days_ago: int = 5, times: int = 1) -> None:
    day = NOW.date() - timedelta(days=days_ago)
    for _ in range(times):
        merchant = make_merchant(commerce=None, accounting=None)
        MerchantDay.objects.create(merchant=merchant, day=day, outcome=outcome)


def sentences() -> dict[date, str]:
    chart = daily_results.chart(NOW)
    assert chart is not None
    return {bar.day: bar.sentence for bar in chart.bars if bar.counts}


def test_before_anything_is_known_there_is_no_chart() -> None:
    assert daily_results.chart(NOW) is None


def test_a_bar_says_how_that_day_ended_over_all_merchants() -> None:
    ended(DayOutcome.SYNCED, times=3)
    ended(DayOutcome.EMPTY)
    ended(DayOutcome.FAILED, times=2)
    ended(DayOutcome.DISCONNECTED)
    ended(DayOutcome.NOT_RUN)
    told = "3 synced, 1 synced with no sales, 2 disconnected or did not run, 2 failed"
    assert sentences() == {date(2026, 11, 17): told}


def test_thirty_days_stand_there_the_newest_last_and_older_ones_do_not() -> None:
    ended(DayOutcome.SYNCED, days_ago=31)
    ended(DayOutcome.SYNCED, days_ago=30)
    chart = daily_results.chart(NOW)
    assert chart is not None
    assert (len(chart.bars), chart.bars[0].day, chart.bars[-1].day) == (30, date(2026, 10, 23), YESTERDAY)
    assert list(sentences()) == [date(2026, 10, 23)]


def test_yesterdays_runs_that_are_still_to_come_are_not_called_missed() -> None:
    ended(DayOutcome.NOT_RUN, days_ago=1, times=4)
    ended(DayOutcome.DISCONNECTED, days_ago=1)
    ended(DayOutcome.SYNCED, days_ago=1)
    assert sentences() == {YESTERDAY: "1 synced, 1 disconnected or did not run, 4 without a result yet"}


def drawn(client: Client) -> str:
    with time_machine.travel(NOW, tick=False):
        return client.get("/").text


def test_the_newest_bar_says_that_its_results_come_in_today_and_how_many_are_missing(
    as_viewer: Client,
) -> None:
    ended(DayOutcome.FAILED, days_ago=1, times=2)
    ended(DayOutcome.NOT_RUN, days_ago=1, times=3)
    ended(DayOutcome.RUNNING, days_ago=1)
    ended(DayOutcome.NOT_RUN, days_ago=2)
    html = drawn(as_viewer)
    assert "2 failed, 4 without a result yet" in html
    assert "2 failed so far" in html
    assert html.count("without a result yet") == 1
    assert 'class="bar now" id="bar-2026-11-21"' in html
    assert "21 Nov, still coming in today<" in html


def test_once_all_results_are_in_it_is_a_bar_like_the_others(as_viewer: Client) -> None:
    ended(DayOutcome.FAILED, days_ago=1)
    html = drawn(as_viewer)
    assert "bar now" not in html
    assert "coming in" not in html
