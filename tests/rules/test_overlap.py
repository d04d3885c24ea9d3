"""What a wanted range would write a second time, and what is still open."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.codat.statuses import Outcome
from syncs.rules import coverage
from syncs.rules.coverage import RanSync
from syncs.rules.salesdays import days_between, range_window
from syncs.rules.windows import Window

LONDON = ZoneInfo("Europe/London")
OCT_29, OCT_31, NOV_1, NOV_20 = date(2026, 10, 29), date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 20)


def synced(first, last, outcome=Outcome.SYNCED, zone=LONDON):
    window = range_window(first, last, zone)
    return RanSync(1, window.finish + timedelta(hours=2), outcome, False, window, "answered")


def november(*numbers):
    return [date(2026, 11, number) for number in numbers]


def test_the_days_already_synced_are_found_and_the_rest_is_offered():
    placed = [synced(date(2026, 10, 1), OCT_31), synced(NOV_1, NOV_20, Outcome.FAILED)]
    found = coverage.synced_days(OCT_29, NOV_20, placed, LONDON)
    assert found == [OCT_29, date(2026, 10, 30), OCT_31]
    assert coverage.trim(OCT_29, NOV_20, found) == (NOV_1, NOV_20)


def test_overlap_is_judged_on_utc_instants_to_the_second():
    placed = [synced(NOV_1, NOV_1)]
    wanted = Window(datetime(2026, 11, 1, 23, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    assert coverage.overlapping(wanted, placed) == [
        Window(datetime(2026, 11, 1, 23, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    ]


def test_a_day_counts_as_synced_when_any_part_of_it_is():
    half_a_day_off = synced(NOV_1, NOV_1, zone=ZoneInfo("Asia/Tokyo"))
    assert coverage.synced_days(OCT_29, NOV_20, [half_a_day_off], LONDON) == [OCT_31, NOV_1]


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.RUNNING, Outcome.UNKNOWN])
def test_what_did_not_succeed_does_not_overlap(outcome):
    assert coverage.synced_days(NOV_1, NOV_20, [synced(NOV_1, NOV_20, outcome)], LONDON) == []


def test_a_run_without_sales_overlaps_like_any_other():
    assert coverage.synced_days(NOV_1, NOV_1, [synced(NOV_1, NOV_1, Outcome.EMPTY)], LONDON) == [NOV_1]


@pytest.mark.parametrize(
    ("taken", "rest"),
    [
        ([], (1, 9)),
        ([1, 2], (3, 9)),
        ([9], (1, 8)),
        ([3], (4, 9)),
        ([5], (6, 9)),
        ([2, 7], (3, 6)),
        (range(1, 10), None),
    ],
)
def test_the_longest_stretch_is_kept_and_the_newer_of_two_equal_ones(taken, rest):
    expected = rest and tuple(november(*rest))
    assert coverage.trim(*november(1, 9), november(*taken)) == expected


@given(st.sets(st.integers(1, 30)))
def test_a_trimmed_range_never_contains_a_synced_day(taken):
    rest = coverage.trim(*november(1, 30), november(*taken))
    assert (rest is None) == (len(taken) == 30)
    assert not rest or not set(days_between(*rest)) & set(november(*taken))
