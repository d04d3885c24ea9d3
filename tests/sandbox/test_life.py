"""The figures of the merchants' daily life: usual times and their spread."""

from pathlib import Path
from statistics import mean, median, pstdev

import pytest

from sandbox.life import Life
from sandbox.world import World
from tests.sandbox.worlds import StoppedClock, world_at


def usual_delays(world: World) -> list[float]:
    return [merchant.delay[0] for merchant in world.of_kind("healthy")]


def test_usually_a_run_comes_an_hour_after_its_due_time_and_merchants_differ() -> None:
    delays = usual_delays(world_at(StoppedClock(), merchants=1000))
    assert median(delays) == pytest.approx(3640, rel=0.15)
    assert max(delays) == 25_000
    assert min(delays) < 600


def test_the_usual_delay_and_how_much_it_differs_can_be_set() -> None:
    world = world_at(StoppedClock(), merchants=200, life=["delay=7200", "delay_differs=0"])
    assert set(usual_delays(world)) == {7200}
    late = world_at(StoppedClock(), merchants=200, life=["delay=30000", "delay_differs=0"])
    assert set(usual_delays(late)) == {30_000}


def test_so_can_the_spread_from_day_to_day() -> None:
    settings = ["delay=7200", "delay_differs=0", "spread=0.1", "hours=0", "zones=UTC"]
    world = world_at(StoppedClock(), merchants=100, life=settings)
    for merchant in list(world.of_kind("healthy"))[:5]:
        syncs = world.timeline(merchant.company_id).syncs
        delays = [(sync.at - sync.finish).total_seconds() for sync in syncs]
        assert mean(delays) == pytest.approx(7200, rel=0.05)
        assert pstdev(delays) == pytest.approx(720, rel=0.3)


def test_so_can_durations_hours_and_zones() -> None:
    settings = ["duration=10..20", "hours=5,6", "zones=Asia/Kolkata,Europe/London"]
    world = world_at(StoppedClock(), merchants=200, life=settings)
    merchants = list(world.of_kind("healthy"))
    assert all(10 <= merchant.duration <= 20 for merchant in merchants)
    assert {merchant.hour for merchant in merchants} == {5, 6}
    assert {merchant.zone for merchant in merchants} == {"Asia/Kolkata", "Europe/London"}


def test_the_same_life_makes_the_same_world_and_another_changes_no_id_or_kind() -> None:
    life = ["delay=60", "spread=0..1"]
    one, same, other = (world_at(StoppedClock(), life=settings) for settings in (life, life, []))
    for company_id in one.company_ids():
        assert one.timeline(company_id).syncs == same.timeline(company_id).syncs
        assert one.merchant(company_id).kind == other.merchant(company_id).kind
        assert one.merchant(company_id).name == other.merchant(company_id).name


def test_a_data_folder_is_not_opened_with_another_life(tmp_path: Path) -> None:
    world_at(StoppedClock(), data=tmp_path, life=["delay=60"]).store.close()
    with pytest.raises(ValueError, match="--life"):
        world_at(StoppedClock(), data=tmp_path)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("pace=3", "There is no 'pace'"),
        ("delay=soon", "'delay' is a number of seconds"),
        ("delay=-1", "'delay' is a number of seconds"),
        ("delay=nan", "'delay' is a number of seconds"),
        ("spread=0.3..0.1", "'spread' is a number"),
        ("hours=24", "'hours' is a list"),
        ("hours=", "'hours' is a list"),
        ("zones=Mars/Olympus", "'zones' is a list"),
        ("zones=", "'zones' is a list"),
    ],
)
def test_what_cannot_be_lived_is_refused_with_a_sentence(setting: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Life().lived([setting])
