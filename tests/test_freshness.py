"""The simulation of F8 on a small scale: whatever the night is like, its promises hold."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bench import freshness, parts
from bench.desk import FIRST, LAST, UNTIL, Desk, InTurn
from bench.desk import Row as Held
from bench.results import Row, percentile
from bench.world import DAY, HOUR, MINUTE, Conditions, moment, shops
from syncs.codat.retrying import TRIES
from syncs.rules.salesdays import due_before

SMALL = Conditions(merchants=600, days=10)
RATE = 4.8


def measured(words: list[str]) -> list[Row]:
    options, _ = parts.read("F8", freshness, words)
    return list(freshness.measure(options))


def worked(conditions: Conditions, kind: type[Desk] = Desk) -> Desk:
    desk = kind(conditions, RATE)
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
    turns = worked(SMALL, InTurn).ages
    assert len(turns) == len(desk.ages)
    assert percentile(desk.ages, 0.5) < percentile(turns, 0.5) / 10
    assert percentile(desk.ages, 0.95) < percentile(turns, 0.95) / 4


def test_who_asks_in_turn_asks_everybody_once_before_anybody_twice() -> None:
    rows = worked(SMALL, InTurn).rows
    order = sorted(range(len(rows)), key=lambda number: rows[number].refreshed or 0.0)
    assert order == [*range(order[0], len(rows)), *range(order[0])]


def test_an_outage_answers_nobody_who_asks_in_turn_either() -> None:
    silent = replace(SMALL, outage=(FIRST, FIRST + 6 * HOUR), outage_of="answers")
    ages, usual = worked(silent, InTurn).ages, worked(SMALL, InTurn).ages
    assert len(ages) == len(usual)
    assert percentile(ages, 0.95) > 2 * percentile(usual, 0.95)


def opened(kind: type[Desk] = Desk, **conditions: Any) -> tuple[Desk, Held]:
    """A desk with one merchant."""
    desk = kind(replace(SMALL, merchants=1, off=0.0, **conditions), RATE)
    desk.open(shops(desk.conditions, UNTIL))
    return desk, desk.rows[0]


def looked(desk: Desk, row: Held, at: float) -> tuple[int, float]:
    """How many calls a look took, and how many minutes later the next one is due."""
    before = desk.calls
    again = desk._look(row, at, at)
    return desk.calls - before, (again - at) / MINUTE


def test_a_look_in_an_outage_costs_all_the_tries_of_the_client_and_is_asked_again_as_in_the_product() -> None:
    desk, row = opened(outage=(FIRST, FIRST + 3 * HOUR), outage_of="answers")
    row.refreshed = FIRST - HOUR
    assert looked(desk, row, FIRST) == (TRIES, 2)
    assert looked(desk, row, FIRST + 2 * MINUTE) == (TRIES, 10)
    assert looked(desk, row, FIRST + 20 * MINUTE) == (TRIES, 10)
    row.refreshed = FIRST - DAY
    calls, minutes = looked(desk, row, FIRST + HOUR)
    assert calls == TRIES
    assert minutes > 10, "by a third of how long it should have been looked at"


def test_who_asks_in_turn_pays_what_ours_pays_and_asks_again_at_the_next_turn() -> None:
    desk, row = opened(InTurn, outage=(FIRST, FIRST + HOUR), outage_of="answers", doubled=True)
    row.refreshed, new = FIRST - HOUR, desk.rows[1]
    assert looked(desk, row, FIRST) == (TRIES, 0)
    assert looked(desk, new, FIRST + HOUR) == (2, 0), "its configuration too"
    assert looked(desk, new, FIRST + 2 * HOUR) == (1, 0)


def test_who_is_refused_costs_one_call_and_a_new_one_is_asked_again_within_the_hour() -> None:
    desk, row = opened(refused=1.0, doubled=True)
    row.refreshed, new = FIRST - HOUR, desk.rows[1]
    assert looked(desk, row, FIRST)[0] == 1
    assert [looked(desk, new, FIRST + hours * HOUR) for hours in (0, 1, 20)] == [(1, 2), (1, 20), (1, 60)]


def test_what_is_known_of_the_nights_before_is_what_codat_lists_of_them() -> None:
    """When a run began. When it ended is told by nobody, and only who watched it knows."""
    _, row = opened(run=60.0, missed=0.0, by_hand=0.0, explained=1.0, spread=0.0, failing=0.0)
    [start] = {round(run.start % DAY) for run in row.shop.runs if run.end <= 0}
    due = due_before(moment(start), row.shop.zone, row.shop.sync_hour)
    assert row.usual is not None
    assert abs(row.usual.delay - (moment(start) - due)) < timedelta(minutes=1)


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
        "--zones 60",
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
