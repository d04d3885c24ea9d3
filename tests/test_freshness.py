"""The simulation of F8 on a small scale: whatever the night is like, its promises hold."""

from dataclasses import replace

import pytest

from bench import freshness, parts
from bench.desk import FIRST, LAST, UNTIL, Desk, in_turn
from bench.results import Row, percentile
from bench.world import DAY, HOUR, Conditions, shops

SMALL = Conditions(merchants=600, days=10)
RATE = 4.8


def measured(words: list[str]) -> list[Row]:
    options, _ = parts.read("F8", freshness, words)
    return list(freshness.measure(options))


def worked(conditions: Conditions) -> Desk:
    desk = Desk(conditions, RATE)
    desk.open(shops(conditions, UNTIL))
    desk.work()
    return desk


@pytest.mark.parametrize(
    "night",
    [
        {},
        {"explained": 0.0},
        {"zones": 1, "in_largest": 1.0},
        {"zones": 24, "in_largest": 0.1, "seed": 2},
        {"failing": 0.5, "off": 0.3},
        {"failing": 0.0, "missed": 1.0},
        {"spread": 400.0},
        {"outage": (FIRST, FIRST + 3 * HOUR)},
        {"doubled": True},
        {"dormant": 0.5},
        {"never": 0.5},
        {"refused": 0.3},
        {"usually": 23.5},
    ],
    ids=str,
)
def test_nobody_starves_and_no_minute_has_more_calls_than_the_rate(night: dict[str, float]) -> None:
    desk = worked(replace(SMALL, **night))
    assert max(desk.per_minute.values()) <= RATE + 1
    assert desk.calls <= RATE * (LAST - FIRST) / 60 + 2
    assert desk.oldest <= DAY + desk.behind + HOUR / 4
    assert all(age >= 0 for age in desk.ages)


def test_every_result_of_the_day_is_counted_once() -> None:
    desk = worked(SMALL)
    results = [run for row in desk.rows for run in row.shop.runs if FIRST <= run.end < LAST]
    assert len(desk.ages) == sum(run.expected for run in results)
    assert len(desk.unexpected) == sum(not run.expected for run in results)


def test_it_is_fresher_by_far_than_asking_everybody_in_turn() -> None:
    desk = worked(SMALL)
    turns = in_turn((row.shop for row in desk.rows), len(desk.rows), RATE)
    assert percentile(desk.ages, 0.5) < percentile(turns, 0.5) / 10
    assert percentile(desk.ages, 0.95) < percentile(turns, 0.95) / 4


def test_the_same_seed_draws_the_same_day() -> None:
    assert worked(SMALL).ages == worked(SMALL).ages


def test_a_scenario_is_read_from_the_command_line() -> None:
    small = ["--merchants", "200", "--rate", "1.6"]
    rows = measured([*small, "--zones", "3", "--explained", "0.5", "--outage", "00:00-03:00"])
    assert {row.part for row in rows} == {"F8"}
    assert any("50%" in row.name for row in rows)


@pytest.mark.parametrize(
    "words",
    [
        "--merchants 0",
        "--rate 0",
        "--explained 1.5",
        "--failing -1",
        "--zones 40",
        "--outage 22:00-02:00",
        "--outage 3",
    ],
)
def test_what_cannot_be_simulated_is_refused_with_a_reason(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        measured(words.split())
    assert f"argument {words.split(maxsplit=1)[0]}: " in capsys.readouterr().err


@pytest.mark.parametrize("nothing", ["--off", "--missed", "--refused", "--never"])
def test_a_day_without_results_is_measured_too(nothing: str) -> None:
    small = ["--merchants", "50", "--rate", "0.4", "--days", "3", "--by-hand", "0", nothing, "1"]
    assert measured(small)
