"""Days that are not in the books, and what becomes of them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from syncs.rules import gaps
from syncs.rules.coverage import Day, DayOutcome
from syncs.rules.salesdays import day_window
from syncs.rules.windows import Window

LONDON = ZoneInfo("Europe/London")


def nov(day, hour=0):
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def day(number):
    return date(2026, 11, number)


def known(number, outcome="failed", covered_by=None):
    return Day(day(number), DayOutcome(outcome), 1, covered_by, False)


def test_uncovered_days_before_the_newest_covered_one_are_left_behind():
    days = [known(1), known(2, "disconnected"), known(3, "not_run"), known(4, "failed", 9), known(5)]
    assert gaps.left_behind(days) == [day(1), day(2), day(3)]


@pytest.mark.parametrize(
    "other", [known(1, "failed", 9), known(1, "empty", 9), known(1, "synced"), known(1, "running")]
)
def test_a_day_that_is_covered_was_quiet_or_still_runs_is_not_left_behind(other):
    assert gaps.left_behind([other, known(2, "synced", 9)]) == []


def test_what_comes_after_the_newest_success_is_not_left_behind_for_the_next_one_starts_there():
    assert gaps.left_behind([known(1), known(2)]) == []
    assert gaps.left_behind([known(1, "synced", 9), known(2), known(3, "not_run")]) == []


def test_what_no_success_has_reached_waits_for_the_next_one_whether_it_failed_or_never_ran():
    days = [known(1), known(2, "synced", 9), known(3), known(4, "disconnected"), known(5, "not_run")]
    assert gaps.awaited(days) == [day(3), day(4), day(5)]


def test_where_nothing_was_ever_synced_all_that_failed_waits_for_the_first_success():
    assert gaps.awaited([known(1, "not_run"), known(2), known(3)]) == [day(2), day(3)]
    assert gaps.awaited([known(1, "not_run")]) == []


def test_days_after_one_that_was_synced_in_part_wait_and_days_before_it_are_left_behind():
    days = [known(1, "synced", 9), known(2), known(3, "synced"), known(4)]
    assert gaps.awaited(days) == [day(4)]
    assert gaps.left_behind(days) == [day(2)]
    assert gaps.in_part(days) == [day(3)]


def test_days_before_anything_is_known_or_before_the_start_date_are_not_left_behind():
    days = [known(1, "not_run"), known(2), known(3), known(4, "synced", 9)]
    assert gaps.left_behind(days) == [day(2), day(3)]
    assert gaps.left_behind(days, since=day(3)) == [day(3)]


def test_a_range_that_begins_later_leaves_out_the_days_that_wait_for_the_next_sync():
    days = [known(1, "synced", 9), known(2), known(3, "not_run"), known(4), known(5)]
    assert gaps.left_out(days, day(4)) == [day(2), day(3)]
    assert gaps.left_out(days, day(2)) == []
    assert gaps.left_out(days, day(4), since=day(3)) == [day(3)]


def test_a_range_leaves_out_no_day_that_was_left_behind_before_it():
    days = [known(1, "synced", 9), known(2), known(3, "synced", 9), known(4), known(5)]
    assert gaps.left_out(days, day(4)) == []
    assert gaps.left_out(days, day(5)) == [day(4)]
    assert gaps.left_out(days, day(1)) == []


def test_where_nothing_was_ever_synced_a_range_leaves_out_all_that_failed_before_it():
    assert gaps.left_out([known(1, "not_run"), known(2), known(3)], day(3)) == [day(2)]


def test_days_left_behind_days_awaited_and_days_synced_in_part_are_not_wholly_in_the_books():
    days = [known(1, "synced", 9), known(2), known(3, "synced"), known(4, "empty", 9), known(5)]
    assert gaps.not_wholly_in(days) == [day(2), day(3), day(5)]


def test_the_day_in_the_middle_of_which_all_began_is_no_gap():
    assert gaps.not_wholly_in([known(1, "not_run"), known(2, "synced"), known(3, "synced", 9)]) == []
    assert gaps.not_wholly_in([known(1, "synced"), known(2, "synced", 9)], since=day(1)) == []


def test_a_day_that_runs_now_or_whose_run_is_to_come_is_no_gap():
    assert gaps.not_wholly_in([known(1, "synced", 9), known(2, "running"), known(3, "not_run")]) == []
    assert gaps.not_wholly_in([known(1, "synced", 9), known(2, "not_run"), known(3, "not_run")]) == [day(2)]


@pytest.mark.parametrize(
    ("written", "start", "open_days"),
    [
        # The last success ended at five in the morning of the 2nd.
        ([Window(nov(1), nov(2, 5))], nov(2, 5), [2, 3]),
        # One that wrote the 3rd alone leaves the 2nd behind.
        ([Window(nov(1), nov(2, 5)), day_window(day(3), LONDON)], nov(4), []),
        # Of the 2nd there is also something open before that moment.
        ([Window(nov(2, 5), nov(2, 14))], nov(2, 14), [3]),
        ([], nov(1), [1, 2, 3]),
        ([Window(nov(1), nov(4))], nov(1), []),
    ],
)
def test_what_is_open_after_a_moment_is_what_a_latest_sync_from_there_covers(written, start, open_days):
    assert gaps.open_after(start, day(1), day(3), written, LONDON) == [day(number) for number in open_days]
