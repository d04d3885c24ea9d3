from pathlib import Path

import pytest

from syncs.processes.house import House
from syncs.views import polling


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, tmp_path / "var", "127.0.0.1", 8123, {"SECRET_KEY": "canary"})


def test_workers_sending_and_refreshing_take_from_queues_of_their_own(house: House) -> None:
    assert "--queues=sending" in house.worker("sending").argv
    assert "--queues=refreshing" in house.worker("refreshing").argv


def test_the_web_server_listens_where_it_was_told(house: House) -> None:
    assert "--bind=127.0.0.1:8123" in house.web().argv
    assert house.web().port == 8123


def test_a_connection_is_kept_until_the_next_poll_of_a_page_that_moves(house: House) -> None:
    """Else it is closed in the very moment in which it is used again."""
    [kept] = [int(word.partition("=")[2]) for word in house.web().argv if word.startswith("--keep-alive=")]
    assert kept > polling.seconds(moving=True)


def test_an_ipv6_address_stands_in_brackets(tmp_path: Path) -> None:
    assert House(tmp_path, tmp_path, "::1", 8123, {}).url == "http://[::1]:8123"


def test_the_sandbox_keeps_its_data_and_ledger_in_var(house: House) -> None:
    argv = house.sandbox(23456, "key").argv
    assert f"--data={house.var / 'sandbox'}" in argv
    assert f"--ledger={house.var / 'sandbox' / 'ledger.jsonl'}" in argv


def test_the_sandbox_has_200_merchants_with_90_days_of_history(house: House) -> None:
    argv = house.sandbox(23456, "key").argv
    assert "--merchants=200" in argv
    assert "--history-days=90" in argv


def test_the_sandbox_can_be_told_more_but_not_to_live_elsewhere(tmp_path: Path) -> None:
    told = {"SANDBOX_OPTIONS": "--merchants 7 --switch overlap=refused --port 1"}
    argv = House(tmp_path, tmp_path / "var", "127.0.0.1", 8123, told).sandbox(23456, "key").argv
    assert argv.index("--merchants=200") < argv.index("--merchants") < argv.index("--port=23456")
    assert argv[argv.index("--switch") + 1] == "overlap=refused"


def test_what_asks_codat_is_stopped_before_codat(house: House) -> None:
    asking = [house.web(), house.clock(), house.worker("sending"), house.worker("refreshing")]
    assert max(program.rank for program in asking) < house.sandbox(23456, "key").rank


def test_what_a_program_is_told_is_not_shown_with_it(house: House) -> None:
    assert "canary" not in repr(house.web()) + repr(house)
    assert "canary" not in " ".join(house.web().argv)
