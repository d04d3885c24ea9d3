"""`python -m bench`: all parts, or `--part F8`; the words after it are the part's own options.

Each part is a module `bench/<part>.py` with `measure(words) -> list[Row]`. It ends with 1 when a target is missed.
"""

import argparse
import importlib
import sys
import time

from bench import results
from syncs.processes.errors import CannotRun

PARTS = {
    "F1": "bench.pages",
    "F2": "bench.stock",
    "F3": "bench.polls",
    "F4": "bench.tabs",
    "F5": "bench.presses",
    "F6": "bench.showing",
    "F7": "bench.flat_out",
    "F8": "bench.freshness",
    "F9": "bench.bulk",
    "F10": "bench.memory",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--part", choices=sorted(PARTS), help="only this one")
    options, words = parser.parse_known_args()
    if words and not options.part:
        parser.error("Options of a part need --part.")
    print(f"Measured on {results.machine()}.")
    missed = 0
    for part in [options.part] if options.part else PARTS:
        began = time.monotonic()
        try:
            rows = importlib.import_module(PARTS[part]).measure(words)
        except CannotRun as reason:
            print(f"{part} could not be measured. {reason}", flush=True)
            missed += 1
            continue
        results.keep(part, rows)
        print(results.table(rows), f"{part} took {time.monotonic() - began:.0f} s", sep="\n", flush=True)
        missed += sum(row.ok is False for row in rows)
    print(f"{missed} targets missed" if missed else "all targets reached")
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted. What was started is ended.")
