"""`python -m tests.chaos --kills 300 --seed 1`: a run, its table, and not 0 for its end when a promise broke."""

import argparse
import shutil
import signal
import sys
import time
from collections import Counter
from functools import partial
from math import ceil, inf

from tests.chaos import table
from tests.chaos.crew import Crew
from tests.chaos.ground import ground, settle_in
from tests.chaos.judge import Verdict, judge
from tests.chaos.killing import Tally
from tests.chaos.worlds import at_once
from tests.chaos.zygote import Zygote, preload

BEGAN = time.monotonic()
# Worlds that share a run differ by so much in their seed.
SEEDS = 1_000_003
# Of all crash points: in how many pieces an answer is read is up to the network.
MISSED_AT_MOST = 0.02


def main() -> int:
    options = _options()
    # What was started is ended, also when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.bugs:
        return seed_bugs(options)
    return crash(options) if options.cells else kill(options)


def seed_bugs(options: argparse.Namespace) -> int:
    """Each bug in turn: caught by the judge, and where the database has a net, by that first."""
    missed = [line for lines in at_once(partial(_tried, options), options.worlds) for line in lines]
    print(f"{len(missed)} missed", *missed, sep="\n")
    return 1 if missed else 0


def _tried(options: argparse.Namespace, number: int) -> list[str]:
    with ground(merchants=120, seed=options.seed) as world:
        settle_in(world, LOG_LEVEL="ERROR")
        from tests.chaos.bugs import BUGS
        from tests.chaos.trials import try_all

        names = list(BUGS) if options.bugs == "all" else [options.bugs]
        return try_all(world, names[number :: options.worlds], _say)


def crash(options: argparse.Namespace) -> int:
    """All crash points."""
    verdict, died, not_reached = Verdict(), Counter[str](), list[str]()
    for share, dead, alive in at_once(partial(_crashed, options), options.worlds):
        verdict += share
        died += dead
        not_reached += alive
    print(table.told(verdict, None, seed=options.seed, seconds=time.monotonic() - BEGAN))
    print("crash points died at:", dict(died))
    print(f"{sum(died.values())} cells, {len(not_reached)} not reached", *not_reached[:20], sep="\n")
    if len(not_reached) > sum(died.values()) * MISSED_AT_MOST:
        verdict.findings.append("too many crash points were not reached")
    return 1 if verdict.findings else 0


def _crashed(options: argparse.Namespace, number: int) -> tuple[Verdict, Counter[str], list[str]]:
    merchants = (options.merchants or 3600) // options.worlds
    with ground(merchants=merchants, seed=options.seed, sqlite=options.sqlite) as world:
        settle_in(world, LOG_LEVEL="ERROR")
        preload()
        from tests.chaos import columns, faults
        from tests.chaos.afterwards import live_on
        from tests.chaos.cells import Cells
        from tests.chaos.scenes import ways
        from tests.chaos.times import Times

        cells = Cells(world, brief=options.brief)
        answers = faults.answers(world.sandbox)[: options.answers]
        cells.warm_up()
        cells.live(list(ways(answers, brief=options.brief))[number :: options.worlds])
        cells.die()
        _say(f"{sum(cells.died.values())} cells, {len(cells.broke)} broke")
        live_on(Times(world), brief=options.brief)
        verdict = judge(world, cells.journal.presses)
        verdict += columns.compare()
    verdict.findings += cells.broke
    return verdict, cells.died, [f"{cell}: lived" for cell in cells.not_reached]


def kill(options: argparse.Namespace) -> int:
    verdict, tally = Verdict(), Tally()
    for share, struck in at_once(partial(_killed, options), options.worlds):
        verdict += share
        tally += struck
    print(table.told(verdict, tally, seed=options.seed, seconds=time.monotonic() - BEGAN))
    return 1 if verdict.findings else 0


def _killed(options: argparse.Namespace, number: int) -> tuple[Verdict, Tally]:
    seed, merchants = options.seed + SEEDS * number, options.merchants or 1000
    # In each second world what is uncertain may be sent again under its own key.
    honours = number % 2 == 1
    with ground(merchants=merchants, seed=seed, sqlite=options.sqlite, honours_keys=honours) as world:
        settle_in(world, LOG_LEVEL="ERROR")
        preload()
        zygote = Zygote()
        from tests.chaos import columns
        from tests.chaos.run import Run

        world.start_queue()
        crew = Crew(world, zygote)
        try:
            crew.start_all()
            _say("everything runs")
            share = options.kills // options.worlds + (number < options.kills % options.worlds)
            late, enough = BEGAN + options.seconds, ceil(options.enough / options.worlds)
            verdict, tally = Run(world, crew, seed).until(share, _say, enough=enough, late=late)
        finally:
            crew.end()
            zygote.end()
        verdict += columns.compare()
        if options.keep:
            shutil.copytree(world.folder, f"{options.keep}/{number}", dirs_exist_ok=True)
    return verdict, tally


def _say(line: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.1f} s  {line}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="how many must count (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=inf, help="after so many, --enough kills will do")
    parser.add_argument("--enough", type=int, default=100, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=2, help="so many share the work (default: %(default)s)")
    parser.add_argument("--merchants", type=int, help="as many as are needed, if not said")
    parser.add_argument("--sqlite", action="store_true", help="in place of PostgreSQL")
    parser.add_argument("--cells", action="store_true", help="every crash point, each with every answer")
    parser.add_argument("--bugs", nargs="?", const="all", metavar="NAME", help="seed them and catch them")
    parser.add_argument(
        "--brief",
        action="store_true",
        help="before the last byte one answer, after it one kind, and few go through all looks",
    )
    parser.add_argument("--answers", type=int, default=1000, metavar="N", help="only the first so many")
    parser.add_argument("--keep", metavar="FOLDER", help="copy logs and ledger there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
