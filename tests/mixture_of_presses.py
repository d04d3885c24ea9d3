"""Thousands of presses while faults of all kinds strike, and what of them was believed or shown wrongly.

`python -m tests.mixture_of_presses --presses 5000 --seed 1` starts one sandbox after another, each with merchants, a
mixture of faults and settings of its own, lives through the day after, and compares what the desk stored and what its
pages say with the sandbox's ledger. It ends in a table, and exits with 1 when anything was wrong. Faults and presses
follow from the seed; the days are those of the calendar. Nothing but 127.0.0.1 is asked.
"""

import argparse
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["DATABASE_URL"] = ""
from django.core.management import call_command
from django.db import connection
from django.test import override_settings
from django.test.utils import setup_test_environment

from tests import environment
from tests.conftest import signed_in
from tests.factories import make_user
from tests.truths import Wrong
from tests.worlds import Tally, World, lived_through

PRESSES_IN_A_WORLD = 100
# Seconds that an answer is waited for: a busy machine must not make silence of too many good ones.
PATIENCE = 1.0


def main() -> int:
    options = _options()
    started, total = time.monotonic(), Tally()
    with TemporaryDirectory(prefix="presses-") as folder:
        empty = Path(folder) / "empty.sqlite3"
        _use(empty)
        call_command("migrate", verbosity=0)
        connection.close()
        worlds = list(_worlds(options.seed, options.presses))
        with ProcessPoolExecutor(options.processes, get_context("spawn"), _begin) as processes:
            for done, tally in enumerate(processes.map(_live, [(world, empty) for world in worlds]), start=1):
                total.add(tally)
                print(*tally.lies, sep="\n", end="\n" if tally.lies else "")
                print(f"{done} of {len(worlds)} worlds, {sum(total.wrong.values())} wrong", flush=True)
    print(_table(total, time.monotonic() - started))
    return 1 if total.wrong or total.counts["presses"] < options.presses else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mixture_of_presses", description=__doc__)
    parser.add_argument("--presses", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2 * (os.cpu_count() or 1))
    return parser.parse_args()


def _worlds(seed: int, presses: int) -> Iterator[World]:
    for number, first in enumerate(range(0, presses, PRESSES_IN_A_WORLD)):
        yield World(seed, number, min(PRESSES_IN_A_WORLD, presses - first), PATIENCE)


def _begin() -> None:
    """In each process: as in the tests, and without a word about the faults that are meant."""
    logging.disable(logging.CRITICAL)
    setup_test_environment()
    override_settings(**environment.for_tests()).enable()


def _live(given: tuple[World, Path]) -> Tally:
    world, empty = given
    base = empty.with_name(f"world-{world.number}.sqlite3")
    shutil.copy(empty, base)
    _use(base)
    try:
        return lived_through(world, make_user("support"), signed_in(make_user("viewer")), direct=True)
    finally:
        connection.close()
        for file in base.parent.glob(f"{base.name}*"):
            file.unlink()


def _use(base: Path) -> None:
    connection.close()
    options: dict[str, Any] = connection.settings_dict["OPTIONS"]
    careless = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    connection.settings_dict.update(NAME=str(base), OPTIONS=options | {"init_command": careless})


def _table(total: Tally, seconds: float) -> str:
    rows = [
        *total.counts.items(),
        *((f"  ended as {state}", count) for state, count in sorted(total.states.items())),
        *((str(wrong), total.wrong[wrong]) for wrong in Wrong),
        ("seconds", round(seconds)),
    ]
    return "\n".join(f"{name:36}{count:>8,}" for name, count in rows)


if __name__ == "__main__":
    sys.exit(main())
