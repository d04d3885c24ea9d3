"""`python -m tests.outages --cycles 200 --seed 1`: a table, and an exit code that is not 0 when a promise broke."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests import postgres
from tests.outages.cycles import KINDS, Cycle, Outcome
from tests.outages.house import House, house

TITLES = (
    "outage",
    "cycles",
    "presses",
    "twice",
    "lost",
    "stuck",
    "untrue",
    "uncertain",
    "resumed",
    "a press",
)


def main() -> int:
    options = _options()
    # What was started is ended, also when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with (
        tempfile.TemporaryDirectory(prefix="outages-") as folder,
        house(Path(folder), seed=options.seed, sqlite=options.sqlite) as desk,
    ):
        found = run(desk, options.cycles, options.seconds, options.kinds, _say)
        if options.screen:
            Path(options.screen).write_text(desk.panel.said())
    print(table(found))
    print(
        *(f"{kind}: {line}" for kind, cycles in found.items() for one in cycles for line in one.said),
        sep="\n",
    )
    return int(any(one.broken for cycles in found.values() for one in cycles))


def run(
    desk: House, cycles: int, seconds: float, kinds: list[str], say: Callable[[str], None]
) -> dict[str, list[Outcome]]:
    """Each kind as often as the others, in an order by chance."""
    found: dict[str, list[Outcome]] = {kind: [] for kind in kinds}
    order = [kinds[number % len(kinds)] for number in range(cycles)]
    desk.dice.shuffle(order)
    for number, kind in enumerate(order, start=1):
        away = seconds * desk.dice.uniform(0.5, 1.0)
        found[kind].append(one := Cycle(desk, away).through(KINDS[kind]))
        say(f"{number}. {kind}: resumed after {one.resumed:.1f} s {' '.join(one.said)}")
    return found


def table(found: dict[str, list[Outcome]]) -> str:
    sums = {kind: sum(cycles, Outcome()) for kind, cycles in found.items() if cycles}
    lines = [(kind, len(found[kind]), one) for kind, one in sums.items()]
    lines.append(("all", sum(map(len, found.values())), sum(sums.values(), Outcome())))
    return "\n".join([_row(TITLES), *(_row(_cells(*line)) for line in lines)])


def _cells(kind: str, cycles: int, one: Outcome) -> tuple[str, ...]:
    counts = (cycles, one.presses, one.twice, one.lost, one.stuck, one.untrue, one.uncertain)
    return (kind, *map(str, counts), f"{one.resumed:.1f} s", f"{one.page:.1f} s")


def _row(cells: tuple[str, ...]) -> str:
    first, *others = cells
    return f"{first:<10}" + "".join(f"{cell:>11}" for cell in others)


def _say(line: str) -> None:
    print(f"{time.monotonic() - BEGAN:7.1f} s  {line}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.outages", description=__doc__)
    parser.add_argument("--cycles", type=int, default=12, help="of all kinds together (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="the longest outage (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sqlite", action="store_true", default=postgres.binaries() is None)
    parser.add_argument("--screen", metavar="FILE", help="write there what the house said")
    return parser.parse_args()


BEGAN = time.monotonic()
if __name__ == "__main__":
    sys.exit(main())
