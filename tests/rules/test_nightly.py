"""A merchant's daily sync as the clock tells it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncs.rules.nightly import Nightly, Schedule, in_the_way, next_end

LONDON = ZoneInfo("Europe/London")
HALF_AN_HOUR = timedelta(minutes=30)


def nov(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def schedule(last):
    """Due at two, and usually there at half past; the last result as given."""
    return Schedule(LONDON, 2, HALF_AN_HOUR, last)


LAST_NIGHTS = nov(20, 2, 25)
TONIGHT, TOMORROW = (Nightly(nov(day, 2), nov(day, 2, 30)) for day in (21, 22))


@pytest.mark.parametrize(
    ("now", "last", "found"),
    [
        (nov(21, 1, 39), LAST_NIGHTS, None),
        (nov(21, 1, 40), LAST_NIGHTS, TONIGHT),
        (nov(21, 1, 57), LAST_NIGHTS, TONIGHT),
        (nov(21, 2, 0), LAST_NIGHTS, TONIGHT),
        (nov(21, 2, 49), LAST_NIGHTS, TONIGHT),
        # It stays out, or comes late: nobody is held up by it any longer.
        (nov(21, 2, 50), LAST_NIGHTS, None),
        (nov(21, 2, 20), nov(21, 2, 10), None),
        (nov(21, 2, 20), None, TONIGHT),
    ],
)
def test_it_is_in_the_way_from_shortly_before_it_falls_due_until_its_result_is_there(now, last, found):
    assert in_the_way(schedule(last), now) == found


@pytest.mark.parametrize(
    ("now", "last", "ends"),
    [
        (nov(21, 1, 0), LAST_NIGHTS, TONIGHT.ends),
        (nov(21, 2, 1), LAST_NIGHTS, TONIGHT.ends),
        (nov(21, 2, 20), nov(21, 2, 10), TOMORROW.ends),
        (nov(21, 2, 31), LAST_NIGHTS, TOMORROW.ends),
    ],
)
def test_the_next_one_is_tonights_as_long_as_it_may_be_to_come(now, last, ends):
    assert next_end(schedule(last), now) == ends


@pytest.mark.parametrize(
    ("now", "due"),
    [
        # On 29 March 2026 the hour from one to two is skipped, on 25 October it is there twice.
        (datetime(2026, 3, 29, 0, 50, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 50, tzinfo=UTC), datetime(2026, 10, 25, 2, tzinfo=UTC)),
    ],
)
def test_in_the_nights_on_which_the_clocks_change_it_falls_due_by_the_merchants_clock(now, due):
    found = in_the_way(schedule(now - timedelta(hours=22)), now)
    assert found is not None
    assert found.due == due
