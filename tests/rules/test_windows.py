import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.rules.windows import Window, intersect, union

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def hours(start, finish):
    return Window(NOON + timedelta(hours=start), NOON + timedelta(hours=finish))


def marks(windows):
    """The hours that lie in any of the windows: the slow, obvious meaning that the algebra must keep."""
    return {hour for hour in range(24) if any(w.overlaps(hours(hour, hour + 1)) for w in windows)}


spans = st.tuples(st.integers(0, 23), st.integers(1, 8)).map(lambda s: hours(s[0], min(24, s[0] + s[1])))
many = st.lists(spans, max_size=8)


@pytest.mark.parametrize(
    ("start", "finish", "complaint"),
    [
        (NOON, NOON, "start before"),
        (NOON, NOON - timedelta(seconds=1), "start before"),
        (NOON.replace(tzinfo=None), NOON + timedelta(hours=1), "UTC"),
        (NOON, (NOON + timedelta(hours=5)).astimezone(timezone(timedelta(hours=2))), "UTC"),
    ],
)
def test_a_window_refuses_nonsense(start, finish, complaint):
    with pytest.raises(ValueError, match=complaint):
        Window(start, finish)


def test_between_two_moments_of_any_zone_lies_a_utc_window_or_nothing():
    elsewhere = (NOON + timedelta(hours=1)).astimezone(timezone(timedelta(hours=9)))
    assert Window.of(NOON, elsewhere) == hours(0, 1)
    assert Window.of(NOON, NOON) is None
    assert Window.of(elsewhere, NOON) is None


def test_the_finish_is_not_part_of_a_window():
    assert not hours(0, 1).overlaps(hours(1, 2))
    assert hours(0, 2).overlaps(hours(1, 3))


def test_a_window_covers_itself_and_what_lies_inside():
    assert hours(0, 3).covers(hours(0, 3))
    assert hours(0, 3).covers(hours(1, 2))
    assert not hours(0, 3).covers(hours(2, 4))


def test_windows_that_touch_become_one():
    assert union([hours(2, 3), hours(0, 1), hours(1, 2), hours(5, 6)]) == [hours(0, 3), hours(5, 6)]


@given(many)
def test_a_union_is_the_same_time_without_overlap_or_touch(windows):
    merged = union(windows)
    assert marks(merged) == marks(windows)
    assert all(before.finish < after.start for before, after in itertools.pairwise(merged))


@given(spans, many)
def test_what_is_taken_of_a_window_is_all_that_lies_in_the_others(window, windows):
    taken = intersect(window, windows)
    assert marks(taken) == marks([window]) & marks(windows)
    assert union(taken) == taken
