from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.rules import attention
from syncs.rules.attention import TO_MISS_NOTHING, Facts, Usual, learn, next_look
from syncs.rules.health import Health
from syncs.rules.stored_moments import as_stored, daily_as_stored

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
MORNING = MIDNIGHT + 9 * HOUR
USUAL = Facts(
    health=Health.HEALTHY,
    running_since=None,
    awaited_since=None,
    zone_name="Europe/London",
    sync_hour=0,
    usual_delay=150 * MINUTE,
    spread=10 * MINUTE,
    last_result_at=MIDNIGHT - DAY + 150 * MINUTE,
    silent_since=MIDNIGHT - DAY + 150 * MINUTE,
    refreshed_at=MIDNIGHT,
    archived=False,
    jitter=0.0,
)


def at(hour, minute=0):
    return MIDNIGHT + timedelta(hours=hour, minutes=minute)


def settled(now, **more):
    return replace(USUAL, last_result_at=at(2, 30), refreshed_at=now, **more)


def test_who_was_never_looked_at_is_asked_at_once():
    assert next_look(replace(USUAL, refreshed_at=None), MORNING).at == MORNING


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(0), timedelta(seconds=5)),
        (timedelta(seconds=30), timedelta(seconds=5)),
        (5 * MINUTE, timedelta(seconds=30)),
        (10 * MINUTE, MINUTE),
        (5 * HOUR, MINUTE),
        (2 * DAY, 10 * MINUTE),
    ],
)
@pytest.mark.parametrize("health", list(Health))
def test_a_sync_on_its_way_is_followed_closely_at_first(age, wait, health):
    asked_for = replace(USUAL, awaited_since=MORNING - age, refreshed_at=MORNING, health=health)
    assert next_look(asked_for, MORNING).at == MORNING + wait


@pytest.mark.parametrize(
    ("age", "wait"), [(-9, 1), (0, 1), (0.3, 1), (5.7, 4), (14, 6.3), (140, 19.8), (1440, 63.5)]
)
def test_a_run_that_nobody_here_asked_for_is_followed_ever_more_rarely(age, wait):
    running = replace(USUAL, running_since=MORNING - age * MINUTE, refreshed_at=MORNING)
    assert (next_look(running, MORNING).at - MORNING) / MINUTE == pytest.approx(wait, abs=0.05)


@pytest.mark.parametrize("age", [2, 10, 60, 600])
def test_a_look_at_a_run_is_worth_as_much_as_any_other(age):
    running = replace(USUAL, running_since=MORNING - age * MINUTE, refreshed_at=MORNING)
    step = (next_look(running, MORNING).at - MORNING) / MINUTE
    chance_that_it_ended, old_by = step / age, step / 2
    assert chance_that_it_ended * old_by == pytest.approx(attention.WORTH)


def waits(facts, *minutes_late):
    """From looks so long after the usual time to the next ones."""
    usual = at(0) + facts.usual_delay
    looks = [usual + late * MINUTE for late in minutes_late]
    return [(next_look(replace(facts, refreshed_at=now), now).at - now) / MINUTE for now in looks]


def test_before_its_usual_time_nobody_is_asked():
    look = next_look(USUAL, MIDNIGHT + MINUTE)
    assert at(2, 10) < look.at < at(2, 30)
    assert (
        look.reason
        == f"asked again at {as_stored(look.at)}: its syncs usually end {daily_as_stored(at(2, 10), at(2, 50))}"
    )


def test_around_its_usual_time_it_is_asked_often():
    assert all(1 <= wait <= 5 for wait in waits(USUAL, -5, 0, 5, 15))


def test_the_likelier_its_result_is_in_the_sooner_it_is_asked():
    early = waits(USUAL, -5, 0, 5, 10, 20)
    assert early == sorted(early, reverse=True)


def test_who_strays_little_is_asked_more_often_than_who_comes_at_any_time():
    assert waits(USUAL, 0)[0] < waits(replace(USUAL, spread=30 * MINUTE), 0)[0]
    assert waits(replace(USUAL, spread=30 * MINUTE), 0)[0] < waits(replace(USUAL, spread=4 * HOUR), 0)[0]


def test_the_longer_its_result_is_late_the_more_rarely_it_is_asked():
    late = waits(USUAL, 60, 120, 300, 600, 900)
    assert late == sorted(late)
    assert late[0] < 20
    assert late[-1] > 180


def test_however_long_a_result_is_late_the_next_nights_is_not_missed():
    late = replace(USUAL, refreshed_at=at(23))
    assert at(24 + 2) < next_look(late, at(23)).at < at(24 + 2, 30)


def test_who_brought_no_result_for_nights_is_asked_ever_more_rarely_and_still_daily():
    """One that is left out is nothing: the next night is asked for as ever."""

    def looks(nights):
        now, count = at(0), 0
        while now < at(24):
            asked = replace(USUAL, last_result_at=at(2, 30) - nights * DAY, refreshed_at=now)
            now, count = next_look(asked, now).at, count + 1
        return count

    assert looks(1) == looks(2) > looks(3) > looks(5) > looks(10) >= looks(60) >= 1
    assert looks(10) <= 6
    assert looks(60) <= 3


def test_a_result_that_comes_after_the_next_sync_hour_is_waited_for():
    late = replace(USUAL, usual_delay=DAY - 30 * MINUTE, last_result_at=at(-24, 20))
    assert at(-1) < next_look(replace(late, refreshed_at=at(-2)), at(-2)).at < at(-0, -20)
    assert waits(replace(late, usual_delay=-30 * MINUTE), 0, 20, 40) == waits(USUAL, 0, 20, 40)
    in_ = replace(late, last_result_at=at(0, 5), refreshed_at=at(0, 6))
    assert next_look(in_, at(0, 6)).reason.endswith(TO_MISS_NOTHING)


def test_a_usual_time_around_the_sync_hour_is_learned_as_one():
    usual = Usual(6 * HOUR, 30 * MINUTE)
    for night in range(80):
        usual = learn(*usual, (23.8 if night % 2 else 0.2) * HOUR)
    assert min(usual.delay, DAY - usual.delay) < 30 * MINUTE
    assert usual.spread < HOUR


def test_what_runs_again_after_a_nights_result_teaches_nothing():
    """It was started by hand, or it is one of a thousand a day."""
    waits_for_it = replace(USUAL, refreshed_at=at(1))
    assert attention.delay_of(waits_for_it, at(2, 30), at(2, 40)) == 160 * MINUTE
    assert attention.delay_of(replace(USUAL, last_result_at=at(2, 30)), at(14), at(15)) is None


def test_whoever_is_settled_gets_one_safety_look_and_then_waits_for_the_next_night():
    safety = next_look(settled(at(2, 30)), at(2, 30))
    assert at(12) < safety.at < at(14)
    assert safety.reason.endswith(TO_MISS_NOTHING)
    assert at(24 + 2, 10) < next_look(settled(safety.at), safety.at).at < at(24 + 2, 30)


def test_a_failing_merchant_is_asked_hourly_once_the_result_is_in():
    failing = settled(at(4), health=Health.FAILING)
    reason = f"asked again at {as_stored(at(5))}: its last sync failed"
    assert next_look(failing, at(4)) == (at(5), reason)
    evening = next_look(settled(at(17, 30), health=Health.FAILING), at(17, 30))
    assert evening.at == at(22, 30)
    for_days = next_look(settled(at(4), health=Health.FAILING, silent_since=at(4) - 2.5 * DAY), at(4))
    assert for_days.at == at(16)
    night = next_look(settled(at(23), health=Health.FAILING), at(23))
    assert at(24 + 2, 10) < night.at < at(24 + 2, 30), "no later than its next result may come"


def test_a_failing_merchant_whose_next_result_is_due_is_asked_at_its_usual_time():
    assert next_look(replace(USUAL, health=Health.FAILING), at(0, 1)) == next_look(USUAL, at(0, 1))


@pytest.mark.parametrize(("days", "wait"), [(0, HOUR), (1, HOUR), (2, 8 * HOUR), (400, attention.OLDEST)])
def test_the_longer_ago_a_merchant_came_the_more_rarely_it_is_asked_for_its_first_sync(days, wait):
    never = replace(USUAL, health=Health.NEVER_SYNCED, last_result_at=None, refreshed_at=MORNING)
    assert next_look(replace(never, silent_since=MORNING - days * DAY), MORNING).at == MORNING + wait


@pytest.mark.parametrize(
    "off", [{"health": Health.SWITCHED_OFF}, {"health": Health.NEEDS_RECONNECT}, {"archived": True}]
)
def test_who_is_off_is_asked_once_a_day(off):
    assert next_look(settled(MORNING, **off), MORNING).at == MORNING + attention.OLDEST


def test_times_are_stored_for_readers_of_any_zone():
    tokyo = replace(USUAL, zone_name="Asia/Tokyo", last_result_at=None, refreshed_at=at(15))
    reason = next_look(tokyo, at(15, 1)).reason
    assert reason.endswith(f"its syncs usually end {daily_as_stored(at(17, 10), at(17, 50))}")


def test_who_strays_all_over_the_day_is_told_so():
    anywhere = replace(USUAL, spread=5 * HOUR)
    assert next_look(anywhere, MIDNIGHT).reason.endswith(": its syncs usually end at any hour")


def test_the_ceiling_is_named_where_it_is_the_reason():
    silent = replace(USUAL, last_result_at=MIDNIGHT - 900 * DAY, refreshed_at=at(2, 25))
    reason = f"asked again at {as_stored(at(24, 25))}: every merchant is asked about at least every 22 hours"
    assert next_look(silent, at(2, 25)) == (at(24, 25), reason)


def test_what_is_not_known_yet_is_not_called_usual():
    reason = next_look(replace(USUAL, usual_delay=None, spread=None), MIDNIGHT).reason
    assert f"its syncs may end {daily_as_stored(at(0), at(4))}" in reason


def test_merchants_of_one_zone_are_not_all_asked_at_once():
    times = {next_look(replace(USUAL, jitter=n / 100), at(0, 1)).at for n in range(100)}
    assert len(times) == 100
    assert max(times) - min(times) > 2 * MINUTE


# Nights of 25 hours and of 23, in the north and in the south.
CLOCKS_CHANGE = [datetime(*day) for day in ((2026, 3, 27), (2026, 4, 3), (2026, 10, 2), (2026, 10, 24))]
ZONES = ["Europe/London", "Asia/Beirut", "Pacific/Apia", "Australia/Sydney"]
delays = st.timedeltas(-2 * DAY, 9 * DAY)


def moments(day):
    return st.datetimes(day, day + 3 * DAY).map(lambda moment: moment.replace(tzinfo=UTC))


def anything(moments):
    return st.builds(
        Facts,
        health=st.sampled_from(Health),
        running_since=st.none() | moments,
        awaited_since=st.none() | moments,
        zone_name=st.sampled_from(
            [None, "", "Mars/Base", "Europe/London", "Asia/Beirut", "Pacific/Apia", "Australia/Sydney"]
        ),
        sync_hour=st.integers(0, 23),
        usual_delay=st.none() | delays,
        spread=st.none() | delays,
        last_result_at=st.none() | moments,
        silent_since=st.none() | moments,
        refreshed_at=st.none() | moments,
        archived=st.booleans(),
        jitter=st.floats(0, 1, exclude_max=True),
    )


rows_and_moments = st.sampled_from(CLOCKS_CHANGE).flatmap(
    lambda day: st.tuples(anything(moments(day)), moments(day))
)


@given(rows_and_moments)
def test_whatever_the_row_says_nobody_starves_and_each_look_is_followed_by_a_later_one(drawn):
    facts, now = drawn
    look = next_look(facts, now)
    asked = min(facts.refreshed_at or now, now)
    assert asked <= look.at <= asked + attention.OLDEST


@given(st.lists(delays, min_size=1))
def test_what_is_learned_stays_sane_whatever_happens(delays_seen):
    usual = learn(None, None, delays_seen[0])
    for delay in delays_seen[1:]:
        usual = learn(*usual, delay)
    assert timedelta(0) <= usual.delay <= DAY
    assert timedelta(0) <= usual.spread <= DAY


def test_a_steady_merchant_is_learned_within_weeks():
    usual = learn(None, None, 5 * HOUR)
    for _ in range(30):
        usual = learn(*usual, 3 * HOUR)
    assert abs(usual.delay - 3 * HOUR) < 10 * MINUTE
    assert usual.spread < 20 * MINUTE


@pytest.mark.parametrize(
    ("strays", "moves"), [(20, 2), (-40, -4), (42, 21), (-60, -30), (120, 30), (-540, -30)]
)
def test_a_great_surprise_is_half_believed_and_counts_for_six_spreads_at_most(strays, moves):
    assert learn(10 * HOUR, 10 * MINUTE, 10 * HOUR + strays * MINUTE).delay == 10 * HOUR + moves * MINUTE


def test_one_odd_night_is_forgotten_within_days():
    usual = learn(3 * HOUR, 10 * MINUTE, 8 * HOUR)
    for _ in range(5):
        usual = learn(*usual, 3 * HOUR)
    assert abs(usual.delay - 3 * HOUR) < 20 * MINUTE


@pytest.mark.parametrize("hours", [-2, 2])
def test_where_results_begin_to_come_hours_earlier_or_later_the_second_night_is_no_surprise(hours):
    usual = learn(6 * HOUR, 12 * MINUTE, (6 + hours) * HOUR)
    strays = abs(usual.delay - (6 + hours) * HOUR)
    assert strays < attention.SURPRISE * usual.spread


def test_who_came_hours_earlier_once_is_asked_from_earlier_on_the_next_night():
    first_looks = []
    for came in (at(2, 30), at(0, 30)):
        usual = learn(USUAL.usual_delay, USUAL.spread, came - at(0))
        known = replace(USUAL, usual_delay=usual.delay, spread=usual.spread, last_result_at=came)
        first_looks.append(next_look(replace(known, refreshed_at=at(20)), at(20)).at)
    usually, after_a_surprise = first_looks
    assert usually - after_a_surprise > HOUR


def test_who_moves_to_another_hour_for_good_is_learned_anew():
    usual = Usual(3 * HOUR, 5 * MINUTE)
    for _ in range(40):
        usual = learn(*usual, 8 * HOUR)
    assert abs(usual.delay - 8 * HOUR) < 20 * MINUTE


@given(rows_and_moments)
def test_all_day_long_no_row_is_asked_more_than_its_class_allows(drawn):
    """Also who syncs a thousand times a day, whose clock is in the future and whose night is 23 hours long."""
    facts, now = drawn
    asked, end, looks = replace(facts, awaited_since=None, running_since=None), now + DAY, 0
    while (now := next_look(asked, now).at) < end:
        asked, looks = replace(asked, refreshed_at=now), looks + 1
        now += timedelta(microseconds=1)
    assert looks <= 320


@pytest.mark.parametrize(
    ("hours", "result_hours_ago", "stale"), [(17, 1, False), (19, 1, True), (19, 30, False), (37, 30, True)]
)
def test_the_configuration_is_read_daily_when_no_result_is_waited_for(hours, result_hours_ago, stale):
    facts = replace(USUAL, last_result_at=MORNING - result_hours_ago * HOUR)
    assert attention.is_stale(MORNING - hours * HOUR, facts, MORNING) is stale
    assert attention.is_stale(None, facts, MORNING)
