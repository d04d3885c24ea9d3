"""The bounded proof, as `make test` runs it; tests/chaos/__init__.py says what it proves and how to read it."""

import os
import subprocess
import sys

import pytest

from tests import postgres
from tests.chaos.ground import ROOT

pytestmark = pytest.mark.slow
SEED = os.environ.get("SEED", "1")


@pytest.fixture(autouse=True)
def has_postgres() -> None:
    if postgres.binaries() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("There is no PostgreSQL here.")


def chaos(*words: str) -> str:
    command = [sys.executable, "-m", "tests.chaos", "--seed", SEED, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    return done.stdout


def test_at_every_crash_point_the_same_holds_however_codat_answers() -> None:
    assert "crash points" in chaos("--cells", "--brief")


def test_of_300_kills_with_work_in_hand_none_makes_a_sync_run_twice_or_loses_a_press() -> None:
    """Of fewer where the machine is so slow that the time of the whole suite would run out."""
    seconds, enough = os.environ.get("SECONDS_FOR_KILLS", "inf"), os.environ.get("ENOUGH_KILLS", "300")
    assert "kills counted" in chaos("--kills", "300", "--seconds", seconds, "--enough", enough)


def test_every_seeded_bug_is_caught() -> None:
    assert "0 missed" in chaos("--bugs")


@pytest.mark.long
def test_and_so_it_does_for_both_kinds_of_request_and_at_every_look() -> None:
    assert "crash points" in chaos("--cells")
