from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncs.rules import salesdays
from syncs.rules.salesdays import day_of, day_window, range_window, zone_of
from syncs.rules.windows import Window

LONDON = ZoneInfo("Europe/London")
APIA = ZoneInfo("Pacific/Apia")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        " ",
        "../etc/passwd",
        "/etc/passwd",
        "Europe",
        "Europe/",
        "Mars/Base",
        "\0",
        "é\ud800",
        "x" * 100_000,
    ],
)
def test_a_zone_nobody_knows_is_utc(name):
    assert zone_of(name) == ZoneInfo("Etc/UTC")


def test_known_zones_are_known():
    assert salesdays.is_known_zone("Europe/London")
    assert not salesdays.is_known_zone("Europe/Londonderry")
    assert zone_of("Europe/London") == LONDON


def test_a_moment_belongs_to_the_day_on_the_merchants_wall():
    late = utc(2026, 11, 20, 23, 30)
    assert day_of(late, LONDON) == date(2026, 11, 20)
    assert salesdays.today(ZoneInfo("Asia/Tokyo"), late) == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("Europe/London", date(2026, 11, 20), utc(2026, 11, 20), 24),
        ("Europe/London", date(2026, 3, 29), utc(2026, 3, 29), 23),
        ("Europe/London", date(2026, 10, 25), utc(2026, 10, 24, 23), 25),
        ("America/Sao_Paulo", date(2018, 11, 4), utc(2018, 11, 4, 3), 23),
        ("America/Sao_Paulo", date(2018, 2, 17), utc(2018, 2, 17, 2), 25),
        ("Asia/Beirut", date(2022, 3, 27), utc(2022, 3, 26, 22), 23),
        ("America/Havana", date(2026, 3, 8), utc(2026, 3, 8, 5), 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), utc(2026, 4, 4, 13), 24.5),
        ("America/Toronto", date(1919, 3, 31), utc(1919, 3, 31, 4, 30), 23.5),
        ("Pacific/Apia", date(2011, 12, 29), utc(2011, 12, 29, 10), 24),
        ("Pacific/Apia", date(2011, 12, 30), utc(2011, 12, 30, 10), 0),
        ("Pacific/Apia", date(2011, 12, 31), utc(2011, 12, 30, 10), 24),
    ],
)
def test_a_day_starts_at_its_first_instant_and_is_as_long_as_its_clocks_say(zone, day, start, hours):
    assert day_window(day, ZoneInfo(zone)).start == start
    assert salesdays.length_hours(day, ZoneInfo(zone)) == hours


def test_days_follow_each_other_without_gap_or_overlap_in_every_zone_around_every_change_of_the_clocks():
    checked = 0
    for zone in map(ZoneInfo, sorted(salesdays.known_zones())):
        noons = [utc(2017, 12, 1, 12) + timedelta(days=n) for n in range(800)]
        offsets = [zone.utcoffset(noon) for noon in noons]
        changes = [noon.date() for n, noon in enumerate(noons[1:]) if offsets[n] != offsets[n + 1]]
        for day in {change + timedelta(days=n) for change in changes for n in (-2, -1, 0, 1)}:
            window = day_window(day, zone)
            assert window.finish == day_window(day + salesdays.ONE_DAY, zone).start, (zone, day)
            assert day_of(window.start, zone) == day, (zone, day)
            assert day_of(window.start - salesdays.INSTANT, zone) < day, (zone, day)
            checked += 1
    assert checked > 1000


def test_a_day_the_zone_skipped_stands_for_the_day_that_followed():
    assert day_window(date(2011, 12, 30), APIA) == day_window(date(2011, 12, 31), APIA)


def test_a_range_includes_its_last_day():
    assert range_window(date(2026, 10, 29), date(2026, 11, 20), LONDON) == Window(
        utc(2026, 10, 29), utc(2026, 11, 21)
    )


def test_a_range_that_ends_on_a_skipped_day_does_not_reach_into_the_next():
    window = range_window(date(2011, 12, 29), date(2011, 12, 30), APIA)
    assert window == day_window(date(2011, 12, 29), APIA)


@pytest.mark.parametrize("back", [1, 2, 30])
def test_a_reversed_range_is_refused(back):
    with pytest.raises(ValueError, match="start before"):
        range_window(date(2026, 11, 20), date(2026, 11, 20) - timedelta(days=back), LONDON)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_refused_plainly(day):
    with pytest.raises(ValueError, match="outside the calendar"):
        range_window(day, day, LONDON)


def test_a_day_is_touched_by_any_part_of_it_but_not_by_its_first_instant_as_an_end():
    window = Window(utc(2026, 11, 1, 23, 59), utc(2026, 11, 3))
    assert salesdays.touched_days(window, LONDON) == [date(2026, 11, 1), date(2026, 11, 2)]


@pytest.mark.parametrize(
    ("moment", "hour", "before", "after"),
    [
        (utc(2026, 11, 21, 2, 31), 0, utc(2026, 11, 21), utc(2026, 11, 22)),
        (utc(2026, 11, 21, 2, 31), 5, utc(2026, 11, 20, 5), utc(2026, 11, 21, 5)),
        (utc(2026, 11, 21, 5), 5, utc(2026, 11, 21, 5), utc(2026, 11, 22, 5)),
        (utc(2026, 3, 29, 12), 1, utc(2026, 3, 29, 1), utc(2026, 3, 30)),
        (utc(2026, 10, 25, 1, 30), 1, utc(2026, 10, 25), utc(2026, 10, 26, 1)),
    ],
)
def test_a_daily_sync_falls_due_once_a_day_at_its_hour_on_the_wall(moment, hour, before, after):
    assert salesdays.due_before(moment, LONDON, hour) == before
    assert salesdays.next_due(moment, LONDON, hour) == after


@pytest.mark.parametrize("hour", range(24))
@pytest.mark.parametrize("zone", ["Europe/London", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia"])
def test_from_due_to_due_is_one_unbroken_line_for_every_hour(zone, hour):
    zone = ZoneInfo(zone)
    due = salesdays.next_due(utc(2011, 9, 1), zone, hour)
    for _ in range(200):
        following = salesdays.next_due(due, zone, hour)
        assert timedelta(hours=22) < following - due < timedelta(hours=26)
        assert salesdays.due_before(following - salesdays.INSTANT, zone, hour) == due
        due = following


@pytest.mark.parametrize("hour", [-1, 24])
def test_an_hour_that_no_clock_shows_is_refused(hour):
    with pytest.raises(ValueError, match="hour"):
        salesdays.due_before(utc(2026, 11, 21), LONDON, hour)
