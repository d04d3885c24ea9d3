"""`python -m tests.chaos --kills 300 --seed 1`: a run, its table, and not 0 for its end when a promise broke."""

import argparse
import signal
import sys
import time
from random import Random

from tests.chaos import table
from tests.chaos.crew import Crew
from tests.chaos.ground import ground, settle_in
from tests.chaos.zygote import Zygote, preload

BEGAN = time.monotonic()


def main() -> int:
    options = _options()
    # What was started is ended, also when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.bugs:
        return seed_bugs(options)
    return crash(options) if options.cells else kill(options)


def seed_bugs(options: argparse.Namespace) -> int:
    """Each bug in turn: caught by the judge, and where the database has a net, by that first."""
    with ground(merchants=120, seed=options.seed) as world:
        settle_in(world, LOG_LEVEL="ERROR")
        from tests.chaos.trials import try_all

        missed = try_all(world, options.bugs, _say)
    print(f"{len(missed)} missed", *missed, sep="\n")
    return 1 if missed else 0


def crash(options: argparse.Namespace) -> int:
    """All crash points."""
    with ground(merchants=options.merchants or 3600, seed=options.seed, sqlite=options.sqlite) as world:
        settle_in(world, LOG_LEVEL="ERROR")
        preload()
        from tests.chaos import faults
        from tests.chaos.cells import Cells, ways
        from tests.chaos.judge import judge

        cells = Cells(world, Random(options.seed), brief=options.brief)
        answers = faults.answers(world.sandbox)
        cells.warm_up()
        cells.all(ways(answers[: options.answers]))
        _say(
            f"{sum(cells.died.values())} cells, {len(cells.not_reached)} not reached, {len(cells.broke)} broke"
        )
        cells.live_on()
        verdict = judge(world, cells.journal.presses)
        print(table.told(verdict, None, seed=options.seed, seconds=time.monotonic() - BEGAN))
        verdict.findings += cells.broke
        print("crash points died at:", dict(cells.died))
        print(*cells.not_reached[:20], *cells.broke[:20], sep="\n")
    return 1 if verdict.findings else 0


def kill(options: argparse.Namespace) -> int:
    with ground(merchants=options.merchants or 1000, seed=options.seed, sqlite=options.sqlite) as world:
        settle_in(world, LOG_LEVEL="ERROR")
        preload()
        zygote = Zygote()
        from tests.chaos.run import Run

        world.start_queue()
        crew = Crew(world, zygote)
        try:
            crew.start_all()
            print(f"everything runs after {time.monotonic() - BEGAN:.1f} s", flush=True)
            verdict, tally = Run(world, crew, options.seed).until(options.kills, _say)
        finally:
            crew.end()
            zygote.end()
        print(table.told(verdict, tally, seed=options.seed, seconds=time.monotonic() - BEGAN))
        if options.keep:
            _keep(world, options.keep)
    return 1 if verdict.findings else 0


def _say(line: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.1f} s  {line}", file=sys.stderr, flush=True)


def _keep(world: object, folder: str) -> None:
    import shutil

    shutil.copytree(world.folder, folder, dirs_exist_ok=True)  # type: ignore[attr-defined]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="how many must count (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--merchants", type=int, help="as many as are needed, if not said")
    parser.add_argument("--sqlite", action="store_true", help="in place of PostgreSQL")
    parser.add_argument("--cells", action="store_true", help="every crash point, each with every answer")
    parser.add_argument("--bugs", nargs="?", const="all", metavar="NAME", help="seed them and catch them")
    parser.add_argument(
        "--brief", action="store_true", help="instants before the last byte for one answer only"
    )
    parser.add_argument("--answers", type=int, default=1000, metavar="N", help="only the first so many")
    parser.add_argument("--keep", metavar="FOLDER", help="copy logs and ledger there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
