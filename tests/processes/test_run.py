"""The whole of `manage.py run`, with all its real children: it starts, heals, stops, and cleans up."""

import os
import signal
import stat
from collections.abc import Iterator

import pytest

from tests.processes.desk import Desk

CHILDREN = {"valkey", "sandbox", "web", "sending", "refreshing", "clock"}
SECRETS = ("secret_key", "valkey/password", "valkey/valkey.conf", "sandbox/key")
FIRST_TIME = ("make_demo_users", "import_companies", "collectstatic")
FEW = "--merchants 20"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    yield desk
    desk.end()


@pytest.fixture
def desk(installed: Desk) -> Desk:
    if not installed.runs():
        installed.start(SANDBOX_OPTIONS=FEW)
    return installed


def test_all_that_runs_stands_in_the_run_file(desk: Desk) -> None:
    children = desk.children()
    assert children.keys() == CHILDREN
    assert all(child.alive() for child in children.values())
    assert children["web"].port == desk.port


def test_its_last_line_says_where_who_and_where_sandbox_and_ledger_are(desk: Desk) -> None:
    [ready] = [line for line in desk.said().splitlines() if "is ready" in line]
    assert f"http://127.0.0.1:{desk.port} " in ready
    assert "support / support" in ready
    assert f"the sandbox: http://127.0.0.1:{desk.children()['sandbox'].port}," in ready
    assert str(desk.var / "sandbox" / "ledger.jsonl") in ready


def test_every_line_is_marked(desk: Desk) -> None:
    assert all(line[10:13] in {" | ", " |"} for line in desk.said().splitlines())


def test_secrets_are_private_and_not_on_the_screen(desk: Desk) -> None:
    for name in SECRETS:
        assert stat.S_IMODE((desk.var / name).stat().st_mode) == 0o600, name
        assert (desk.var / name).read_text().strip() not in desk.said(), name


@pytest.mark.parametrize("name", sorted(CHILDREN))
def test_a_killed_child_comes_back_on_its_port(desk: Desk, name: str) -> None:
    killed = desk.children()[name]
    os.kill(killed.pid, signal.SIGKILL)
    desk.wait_until(lambda: desk.children().get(name, killed).pid != killed.pid, 30)
    assert desk.children()[name].port == killed.port
    desk.wait_until(lambda: desk.answers("/readyz"))


@pytest.mark.parametrize("name", ["sending", "refreshing", "clock"])
def test_what_came_back_works(desk: Desk, name: str) -> None:
    desk.wait_until(lambda: desk.beats(name))


def test_it_ends_within_ten_seconds_and_starts_again_with_what_it_has(desk: Desk) -> None:
    children = desk.children()
    desk.signal(signal.SIGTERM)
    assert desk.wait_for_its_end(seconds=10) == 0
    assert not any(child.alive() for child in children.values())
    assert not (desk.var / "run.json").exists()
    merchants = desk.count("syncs_merchant")
    desk.start(SANDBOX_OPTIONS=FEW)
    assert desk.count("syncs_merchant") == merchants == 20
    assert not [done_before for done_before in FIRST_TIME if f"manage.py {done_before}" in desk.said()]


def test_the_next_start_ends_what_a_killed_one_left(desk: Desk) -> None:
    orphans = desk.children()
    desk.signal(signal.SIGKILL)
    desk.wait_for_its_end(seconds=5)
    assert orphans["valkey"].alive()
    desk.start(SANDBOX_OPTIONS=FEW)
    assert not any(orphan.alive() for orphan in orphans.values())
    assert "left by a run that broke off" in desk.said()
    assert desk.children().keys() == CHILDREN


def test_a_second_run_beside_the_first_is_refused(desk: Desk) -> None:
    assert "already runs in" in desk.refused_a_second_time()
    assert desk.answers("/healthz")
