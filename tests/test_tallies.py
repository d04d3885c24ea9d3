"""The days of the chart, counted by the clock: recent ones each minute, old ones as far as a turn goes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from syncs.clock import Clock
from syncs.models import DayTally, MerchantDay
from syncs.operations import tallies
from syncs.rules.coverage import DayOutcome
from syncs.views import daily_results
from tests.factories import make_merchant

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 50, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def ended(outcome: DayOutcome, *, days_ago: int, now: datetime = NOW) -> None:
    merchant = make_merchant(commerce=None, accounting=None)
    MerchantDay.objects.create(merchant=merchant, day=now.date() - timedelta(days=days_ago), outcome=outcome)


def tallied() -> dict[int, dict[str, int]]:
    return {(NOW.date() - tally.day).days: tally.outcomes for tally in DayTally.objects.all()}


def test_a_day_of_which_nothing_is_known_is_not_kept() -> None:
    ended(DayOutcome.SYNCED, days_ago=4)
    tallies.keep(NOW)
    assert tallied() == {4: {"synced": 1}}


def test_all_days_are_counted_anew_where_a_turn_allows_it() -> None:
    ended(DayOutcome.SYNCED, days_ago=1)
    ended(DayOutcome.FAILED, days_ago=20)
    tallies.keep(NOW)
    ended(DayOutcome.SYNCED, days_ago=1)
    ended(DayOutcome.FAILED, days_ago=20)
    tallies.keep(LATER)
    assert tallied() == {1: {"synced": 2}, 20: {"failed": 2}}


def test_a_turn_that_is_short_ends_and_the_next_goes_on_where_it_has_waited_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day in (1, 10, 20):
        ended(DayOutcome.SYNCED, days_ago=day)
    tallies.keep(NOW)
    DayTally.objects.filter(day=NOW.date() - timedelta(days=20)).update(counted_at=NOW - timedelta(hours=1))
    time = iter(range(100))
    monkeypatch.setattr(tallies.time, "monotonic", lambda: next(time))
    monkeypatch.setattr(tallies, "A_TURN", 2)
    tallies.keep(LATER)
    counted = {(NOW.date() - tally.day).days for tally in DayTally.objects.filter(counted_at=LATER)}
    assert counted == {1, 20}


def test_what_no_chart_shows_any_more_goes() -> None:
    ended(DayOutcome.SYNCED, days_ago=30)
    tallies.keep(NOW)
    tallies.keep(NOW + timedelta(days=1))
    assert tallied() == {}


def test_the_chart_reads_the_tallies_and_counts_no_day_that_has_one() -> None:
    ended(DayOutcome.SYNCED, days_ago=2)
    tallies.keep(NOW)
    ended(DayOutcome.SYNCED, days_ago=2)
    ended(DayOutcome.FAILED, days_ago=5)
    chart = daily_results.chart(NOW)
    assert chart is not None
    told = {bar.day: bar.sentence for bar in chart.bars if bar.counts}
    assert sorted(told.values()) == ["1 failed", "1 synced"]
    assert chart.as_of is None


def test_the_clock_keeps_them_once_a_minute() -> None:
    clock = Clock()
    ended(DayOutcome.SYNCED, days_ago=1)
    clock._tally_days(NOW)
    ended(DayOutcome.SYNCED, days_ago=1)
    clock._tally_days(NOW + timedelta(seconds=30))
    assert tallied() == {1: {"synced": 1}}
    clock._tally_days(LATER)
    assert tallied() == {1: {"synced": 2}}


def test_a_count_of_long_ago_says_so(as_viewer: Client) -> None:
    now = timezone.now()
    ended(DayOutcome.SYNCED, days_ago=2, now=now)
    tallies.keep(now - timedelta(minutes=2))
    assert "as of" not in as_viewer.get("/").text
    DayTally.objects.update(counted_at=now - timedelta(minutes=20))
    assert "last 30 sales days, as of <time" in as_viewer.get("/").text
