from dataclasses import replace
from datetime import date, timedelta

from syncs.rules.coverage import Day, DayOutcome
from syncs.rules.fuse import NO_FUSE, Fuse, burn, days_left

TODAY = date(2026, 11, 21)
LETTERS = {
    "s": DayOutcome.SYNCED,
    "e": DayOutcome.EMPTY,
    "f": DayOutcome.FAILED,
    "d": DayOutcome.DISCONNECTED,
    "r": DayOutcome.RUNNING,
    "-": DayOutcome.NOT_RUN,
}


def days(letters, last=TODAY - timedelta(days=1)):
    """A letter a day, the newest last."""
    dates = [last - timedelta(days=n) for n in reversed(range(len(letters)))]
    return {
        day: Day(day, LETTERS[letter], None, None, False) for day, letter in zip(dates, letters, strict=True)
    }


def test_twenty_failed_days_leave_eleven():
    fuse = burn(days("s" + 20 * "f"), TODAY)
    assert fuse == Fuse(20, date(2026, 11, 1), date(2026, 12, 2), counting=True)
    assert days_left(fuse.switches_off_on, TODAY) == 11


def test_a_success_puts_the_fuse_out():
    assert burn(days("ffffs"), TODAY) == NO_FUSE
    assert burn(days("ffffe"), TODAY) == NO_FUSE
    assert burn({}, TODAY) == NO_FUSE
    assert days_left(NO_FUSE.switches_off_on, TODAY) is None


def test_only_days_since_the_last_success_count():
    assert burn(days("ffffsfff"), TODAY).failed_days == 3
    assert burn(days("ffffefff"), TODAY).failing_since == date(2026, 11, 18)


def test_a_success_puts_out_what_failed_before_it_whichever_days_it_was_for():
    failed = {day: replace(known, decided_by=n) for n, (day, known) in enumerate(days("ffff").items())}
    assert burn(failed, TODAY, since_success={2, 3}).failed_days == 2
    assert burn(failed, TODAY, since_success={2, 3}).failing_since == date(2026, 11, 19)
    assert burn(failed, TODAY, since_success=set()) == NO_FUSE


def test_yesterday_without_a_result_yet_changes_nothing():
    settled = burn(days("s" + 19 * "f", last=date(2026, 11, 19)), date(2026, 11, 20))
    for letter in "-r":
        assert burn(days("s" + 19 * "f" + letter), TODAY) == settled
    assert burn(days("s" + 19 * "f", last=date(2026, 11, 19)), TODAY) == settled
    assert settled.switches_off_on == date(2026, 12, 2)


def test_today_and_later_do_not_count():
    assert burn(days("sff" + "s", last=TODAY), TODAY).failed_days == 2


def test_a_day_without_a_run_neither_breaks_the_row_nor_adds_to_it():
    fuse = burn(days("sff--ff"), TODAY)
    assert (fuse.failed_days, fuse.failing_since, days_left(fuse.switches_off_on, TODAY)) == (
        4,
        date(2026, 11, 15),
        27,
    )


def test_after_a_severed_connection_nothing_counts():
    fuse = burn(days("s" + "d" + 12 * "-"), TODAY)
    assert fuse == Fuse(1, date(2026, 11, 8), None, counting=False)


def test_a_severed_connection_counts_until_a_day_is_surely_left_out():
    assert burn(days("sd"), TODAY).counting
    assert burn(days("sd-"), TODAY).counting
    assert not burn(days("sd--"), TODAY).counting


def test_nor_where_a_connection_is_missing_and_the_one_failed_run_told_of_settings():
    letters = days("s" + "f" + 12 * "-")
    assert burn(letters, TODAY).counting
    assert burn(letters, TODAY, is_cut_off=True) == Fuse(1, date(2026, 11, 8), None, counting=False)
    assert burn(days("s" + 25 * "f"), TODAY, is_cut_off=True).counting


def test_who_is_switched_on_again_has_a_whole_fuse_before_it():
    failed = days("s" + 31 * "f" + 5 * "-" + 4 * "f")
    assert days_left(burn(failed, TODAY).switches_off_on, TODAY) == 0
    again = burn(failed, TODAY, switched_on=date(2026, 11, 17))
    assert (again.failed_days, again.failing_since) == (4, date(2026, 11, 17))
    assert days_left(again.switches_off_on, TODAY) == 27


def test_an_expired_plan_fails_every_day_and_counts():
    fuse = burn(days("s" + 25 * "d"), TODAY)
    assert (fuse.failed_days, fuse.counting, days_left(fuse.switches_off_on, TODAY)) == (25, True, 6)


def test_a_reconnected_merchant_that_fails_again_counts_again():
    assert burn(days("sd----f"), TODAY) == Fuse(2, date(2026, 11, 15), date(2026, 12, 20), counting=True)


def test_the_day_it_was_switched_off_stays_the_same_ever_after():
    for silent_days in (0, 1, 5, 60):
        last = date(2026, 11, 20) + timedelta(days=silent_days)
        fuse = burn(days("s" + 31 * "f" + silent_days * "-", last=last), last + timedelta(days=1))
        assert (fuse.failed_days, fuse.switches_off_on) == (31, date(2026, 11, 21))
        assert days_left(fuse.switches_off_on, last + timedelta(days=1)) == 0


def test_failures_after_the_last_day_of_the_fuse_do_not_move_the_date():
    fuse = burn(days("s" + 35 * "f"), TODAY)
    assert (fuse.failed_days, fuse.switches_off_on) == (35, date(2026, 11, 17))


def test_the_date_holds_still_while_the_days_fail_one_by_one():
    for failed in range(1, 31):
        today = date(2026, 11, 1) + timedelta(days=failed)
        fuse = burn(days("s" + failed * "f", last=today - timedelta(days=1)), today)
        assert fuse.switches_off_on == date(2026, 12, 2)
        assert days_left(fuse.switches_off_on, today) == 31 - failed
