from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from syncs.codat.statuses import Outcome
from syncs.rules import coverage
from syncs.rules.coverage import Day, DayOutcome, RanSync
from syncs.rules.salesdays import range_window
from syncs.rules.windows import Window

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
FAILED, SYNCED, EMPTY, RUNNING = Outcome.FAILED, Outcome.SYNCED, Outcome.EMPTY, Outcome.RUNNING


def nov(day, hour=0, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def day(number):
    return date(2026, 11, number)


def window(first, last, zone=LONDON):
    return range_window(day(first), day(last), zone)


def nightly(number, outcome=SYNCED, **more):
    """The scheduled run in the night to that day of November."""
    return ran(number, nov(number, 2, 30), outcome, None, **more)


def ran(key, at, outcome, window, needs_reconnect=False):
    return RanSync(key, at, outcome, needs_reconnect, window, "answered" if window else "")


def decide(syncs, first, last, *, zone=LONDON, sync_hour=0):
    placed = coverage.place(syncs, zone, sync_hour, start_date=None)
    return coverage.decide_days(placed, zone, day(first), day(last))


def outcomes(days):
    return [decided.outcome.value for decided in days.values()]


def test_a_nightly_run_covers_the_day_before_it():
    assert decide([nightly(2)], 1, 1) == {day(1): Day(day(1), DayOutcome.SYNCED, 2, 2, False)}


def test_after_failures_one_success_covers_all_failed_days_and_they_still_say_they_failed():
    days = decide([nightly(2), nightly(3, FAILED), nightly(4, FAILED), nightly(5)], 1, 4)
    assert outcomes(days) == ["synced", "failed", "failed", "synced"]
    assert [decided.covered_by for decided in days.values()] == [2, 5, 5, 5]
    assert days[day(2)].decided_by == 3


def test_a_failed_run_covers_nothing():
    days = decide([nightly(2, FAILED)], 1, 1)
    assert days[day(1)] == Day(day(1), DayOutcome.FAILED, 2, None, False)


def test_a_disconnected_day_is_told_apart_from_a_failed_one():
    assert outcomes(decide([nightly(2, FAILED, needs_reconnect=True)], 1, 2)) == ["disconnected", "not_run"]


def test_a_newer_result_beats_an_older_one():
    rerun = ran(9, nov(2, 8), SYNCED, window(1, 1))
    assert outcomes(decide([rerun, nightly(2, FAILED)], 1, 1)) == ["synced"]


def test_a_re_run_that_was_stopped_over_a_day_in_the_books_changes_nothing():
    days = decide([nightly(2), ran(9, nov(5, 8), FAILED, window(1, 1))], 1, 1)
    assert days[day(1)] == Day(day(1), DayOutcome.SYNCED, 2, 2, False)


def test_nor_over_a_day_that_a_later_night_brought_in():
    days = decide([nightly(1), nightly(2, FAILED), nightly(3), ran(9, nov(5, 8), FAILED, window(1, 1))], 1, 2)
    assert (days[day(1)].decided_by, days[day(1)].covered_by) == (2, 3)


def test_one_that_is_stopped_over_a_part_of_a_day_leaves_the_rest_of_it_open():
    morning = ran(2, nov(2, 2, 30), SYNCED, Window(nov(1), nov(1, 12)))
    days = decide([morning, ran(9, nov(5, 8), FAILED, window(1, 1))], 1, 1)
    assert days[day(1)] == Day(day(1), DayOutcome.FAILED, 9, None, False)


def test_a_run_without_an_end_is_forgotten_once_a_newer_one_ends():
    stuck = ran(8, nov(2, 1), RUNNING, window(1, 1))
    assert outcomes(decide([stuck], 1, 1)) == ["running"]
    assert outcomes(decide([stuck, nightly(2, FAILED)], 1, 1)) == ["failed"]


def test_a_re_run_on_its_way_does_not_hide_a_failure():
    running = ran(9, nov(2, 8), RUNNING, window(1, 1))
    assert outcomes(decide([nightly(2, FAILED), running], 1, 1)) == ["failed"]


def test_an_unknown_result_decides_nothing():
    assert outcomes(decide([nightly(2, FAILED), ran(8, nov(2, 9), Outcome.UNKNOWN, window(1, 1))], 1, 1)) == [
        "failed"
    ]


def test_a_day_is_without_sales_only_if_no_run_that_covers_it_wrote_any():
    again = ran(9, nov(3, 8), EMPTY, window(1, 2))
    days = decide([nightly(2), nightly(3, EMPTY), again], 1, 2)
    assert [decided.covered_empty for decided in days.values()] == [False, True]
    assert [decided.covered_by for decided in days.values()] == [9, 9]


def test_half_a_day_covers_no_day_and_speaks_for_none():
    morning = ran(7, nov(2, 8, 40), SYNCED, Window(nov(2), nov(2, 8, 40)))
    assert decide([morning], 1, 2) == {
        day(1): Day(day(1), DayOutcome.NOT_RUN, None, None, False),
        day(2): Day(day(2), DayOutcome.NOT_RUN, None, None, False),
    }


def test_two_halves_cover_a_day():
    morning = ran(7, nov(2, 8, 40), SYNCED, Window(nov(2), nov(2, 8, 40)))
    assert decide([morning, nightly(3)], 2, 2)[day(2)] == Day(day(2), DayOutcome.SYNCED, 3, 3, False)


def test_with_a_sync_hour_of_five_a_run_speaks_for_the_day_in_which_its_window_starts():
    runs = [ran(n, nov(n, 7), SYNCED if n != 4 else FAILED, None) for n in (2, 3, 4, 5)]
    days = decide(runs, 1, 4, sync_hour=5)
    assert outcomes(days) == ["synced", "synced", "failed", "synced"]
    assert [decided.decided_by for decided in days.values()] == [2, 3, 4, 5]


def test_with_a_sync_hour_of_five_a_day_is_covered_by_two_runs_together():
    days = decide([ran(n, nov(n, 7), SYNCED, None) for n in (2, 3)], 1, 3, sync_hour=5)
    assert outcomes(days) == ["synced", "synced", "not_run"]
    assert [decided.covered_by for decided in days.values()] == [None, 3, None]


def test_days_are_the_merchants_own():
    assert outcomes(decide([ran(1, nov(3, 6), SYNCED, None)], 1, 3, zone=NEW_YORK)) == [
        "not_run",
        "synced",
        "not_run",
    ]


def test_the_first_run_starts_at_the_start_date_and_its_hour():
    (first,) = coverage.place([nightly(10)], LONDON, 0, day(3))
    assert (first.window, first.known) == (window(3, 9), "inferred")
    (first,) = coverage.place([ran(1, nov(10, 7), SYNCED, None)], LONDON, 5, day(3))
    assert first.window == Window(nov(3, 5), nov(10, 5))


@pytest.mark.parametrize("start_date", [None, day(10), day(20)])
def test_without_a_start_date_before_it_the_first_run_covers_one_day(start_date):
    (first,) = coverage.place([nightly(10)], LONDON, 0, start_date)
    assert first.window == window(9, 9)


def test_a_run_starts_where_the_success_before_it_ended_to_the_second():
    latest = ran(7, nov(5, 8, 40), SYNCED, Window(nov(4), nov(5, 8, 40)))
    _, after = coverage.place([nightly(6), latest], LONDON, 0, None)
    assert after.window == Window(nov(5, 8, 40), nov(6))


def test_re_running_old_days_does_not_move_the_schedule_back():
    old = ran(7, nov(5, 9), SYNCED, Window(datetime(2026, 10, 1, tzinfo=UTC), nov(1)))
    placed = coverage.place([nightly(5), old, nightly(6)], LONDON, 0, None)
    assert placed[-1].window == window(5, 5)


def test_a_run_that_the_schedule_does_not_explain_keeps_an_unknown_window():
    placed = coverage.place([nightly(5), ran(7, nov(5, 9), SYNCED, None)], LONDON, 0, None)
    assert (placed[1].window, placed[1].known) == (None, "")
    assert outcomes(coverage.decide_days(placed, LONDON, day(4), day(5))) == ["synced", "not_run"]


def test_windows_that_codat_answered_stay_as_they_are():
    answered = ran(7, nov(5, 9), FAILED, window(1, 4))
    assert coverage.place([answered], LONDON, 0, day(1)) == [answered]


@pytest.mark.parametrize(
    ("start", "finish", "days", "part_of"),
    [
        (nov(1), nov(2), (day(1), day(1)), None),
        (nov(1), nov(4), (day(1), day(3)), None),
        (nov(1, 5), nov(2, 5), (day(1), day(1)), day(2)),
        (nov(1, 22), nov(4, 22), (day(1), day(3)), day(4)),
        (nov(1, 12), nov(1, 14), None, day(1)),
        (nov(1, 12), nov(2), (day(1), day(1)), None),
    ],
)
def test_a_run_is_about_the_days_up_to_the_one_it_speaks_for_and_has_a_part_of_the_next(
    start, finish, days, part_of
):
    assert coverage.reach(Window(start, finish), LONDON) == (days, part_of)


def test_the_days_of_a_run_are_those_of_its_merchants_zone():
    midnight = Window(nov(2, 5), nov(3, 5))
    assert coverage.reach(midnight, NEW_YORK) == ((day(2), day(2)), None)
    assert coverage.reach(midnight, LONDON) == ((day(2), day(2)), day(3))
