"""Two hosts, each with web, workers and clock, against one database, one queue and one Codat; one of them is cut off.

In network namespaces, whose link goes down, where those are allowed; else the programs of that host are stopped.
"""

import json
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests import postgres
from tests.chaos.ground import ROOT
from tests.processes.hosts.lines import ENTER, namespaces_are_allowed

pytestmark = pytest.mark.slow
MISSING = "There is no PostgreSQL here."
NO_NAMESPACES = (
    "No network namespaces are allowed here: the hosts' programs are stopped instead of their links."
)


@pytest.fixture
def database() -> Iterator[str]:
    if postgres.binaries() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    with postgres.running_postgres() as url:
        yield url


def test_a_host_that_is_cut_off_loses_nothing_and_nothing_is_done_twice(database: str) -> None:
    if namespaces_are_allowed():
        holds(lived_through(database, *ENTER))
    else:
        warnings.warn(NO_NAMESPACES, stacklevel=1)
        holds(lived_through(database, stopped=True))


@pytest.mark.long
def test_nor_where_its_programs_are_stopped_and_go_on_later(database: str) -> None:
    holds(lived_through(database, stopped=True))


def holds(found: dict[str, Any]) -> None:
    # Two clocks hand nobody out twice, and both hosts work.
    assert found["merchants"] > 30
    assert (found["asked once"], found["hosts that asked"]) == (found["merchants"], 2)
    # It held something, was really cut off, and the other went on with all of it.
    assert found["POSTs under way at the cut"] > 0
    assert (found["heard of it meanwhile"], found["the other serves"]) == (0, 200)
    # Nothing sent twice, lost, stuck or told untruly, by the database and Codat's ledger.
    assert found["presses"] > 10
    assert found["findings"] == []
    assert found["it serves again"] == 200
    # A clock that runs minutes ahead is told, there and elsewhere.
    wrong = "7 min ahead of the database's clock."
    assert found["time, by it"][0] == f"This host is {wrong} NTP has to put it right."
    assert found["time, by the other"][0] == "fine"
    assert found["time, by the other"][1].endswith(f"{wrong} It hands out nothing to refresh.")
    # The budget held across both, where both wanted more: two budgets would have let through twice as much.
    assert 0.5 < found["of what the budget allows flat out"] <= found["most of it"] < 1.5
    assert (found["429"], found["above the pace"]) == (0, {})


def lived_through(database: str, *entering: str, stopped: bool = False) -> dict[str, Any]:
    command = [*entering, sys.executable, "-m", "tests.processes.hosts", database]
    command += ["stopped"] if stopped else []
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said, _ = process.communicate(timeout=170)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, said
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    print(found)
    return found
