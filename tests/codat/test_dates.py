from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.codat import bodies
from syncs.codat.dates import as_z, parse_day, parse_moment

SIX = datetime(2021, 11, 15, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spelled", "moment"),
    [
        ("2021-11-15T06:00:00Z", SIX),
        ("2021-11-15T06:00:00z", SIX),
        ("2021-11-15T06:00:00", SIX),
        ("2021-11-15 06:00:00", SIX),
        ("2021-11-15T01:00:00-05:00", SIX),
        ("2021-11-15T06:00:00.000Z", SIX),
        (" 2021-11-15T06:00:00Z\n", SIX),
        ("2021-11-15T06:00:00.5359678Z", SIX.replace(microsecond=535967)),
        ("2021-11-15T06:00:00.512646Z", SIX.replace(microsecond=512646)),
        ("2021-11-15T06:00:00.5Z", SIX.replace(microsecond=500000)),
        ("2021-11-15", datetime(2021, 11, 15, tzinfo=UTC)),
    ],
)
def test_every_form_that_codat_writes_is_read(spelled: str, moment: datetime) -> None:
    assert parse_moment(spelled) == moment
    assert parse_moment(spelled).tzinfo is UTC


@pytest.mark.parametrize(
    "nonsense",
    [
        *(None, "", "  ", "not a date", 20211115, 1636956000.0, True, [], {}),
        *("20211115", "2021-W46-1", "2021-13-01", "2021-02-30", "2021-11-15T25:00:00Z", "2021-11-15T"),
        *("2024-09-01T23:59:99Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "٢٠٢١-١١-١٥"),
    ],
)
def test_nonsense_is_no_date(nonsense: object) -> None:
    assert parse_moment(nonsense) is None
    assert parse_day(nonsense) is None


def test_a_day_is_the_day_as_written() -> None:
    assert parse_day("2022-06-15") == date(2022, 6, 15)
    assert parse_day("2022-06-15T23:30:00-05:00") == date(2022, 6, 15)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.datetimes().map(str)))
def test_nothing_makes_the_reader_of_dates_raise(value: object) -> None:
    moment = parse_moment(value)
    assert moment is None or moment.tzinfo is UTC


AWARE = st.datetimes(datetime(1901, 1, 2), datetime(2199, 12, 30)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(AWARE, st.integers(-14 * 60, 14 * 60))
def test_what_we_write_is_read_back_as_the_same_moment(moment: datetime, minutes: int) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_moment(as_z(elsewhere)) == moment.replace(microsecond=0)


def test_bodies_are_compact_in_utc_and_whole_seconds() -> None:
    start = datetime(2022, 10, 23, 1, 0, 0, 999999, tzinfo=timezone(timedelta(hours=1)))
    assert bodies.latest(start) == '{"syncTo":"2022-10-23T00:00:00Z"}'
    assert bodies.historic(start, start + timedelta(days=1)) == (
        '{"dateRange":{"start":"2022-10-23T00:00:00Z","finish":"2022-10-24T00:00:00Z"}}'
    )


def test_bodies_refuse_moments_without_a_zone_and_ranges_that_do_not_run_forward() -> None:
    with pytest.raises(ValueError, match="time zone"):
        bodies.latest(datetime(2022, 10, 23))
    with pytest.raises(ValueError, match="time zone"):
        bodies.historic(SIX, datetime(2022, 10, 23))
    for finish in (SIX, SIX - timedelta(days=1)):
        with pytest.raises(ValueError, match="start before"):
            bodies.historic(SIX, finish)
