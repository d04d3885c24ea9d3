"""`python -m bench`: all parts, or `--part F8`; the words after it are the part's own options.

A part that cannot be measured has failed, and the others go on. It ends with 1 when a target is missed.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from bench import parts, results


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--part", choices=parts.PARTS, help="only this one")
    options, words = parser.parse_known_args(arguments)
    if words and not options.part:
        parser.error("Options of a part need --part.")
    all_ = [_measured(part, words) for part in ([options.part] if options.part else parts.PARTS)]
    print(verdict(all_))
    return 1 if any(found.missed for found in all_) else 0


def verdict(all_: Sequence[parts.Measured]) -> str:
    """Of a smaller measurement than the usual one nothing is said without its size."""
    missed = sum(found.missed for found in all_)
    unusual = "; ".join(f"{found.part} with {found.unusual}" for found in all_ if found.unusual)
    words = f"{missed} targets missed" if missed else "all targets reached"
    return f"{words}, not at the usual size: {unusual}" if unusual else words


def _measured(part: str, words: Sequence[str]) -> parts.Measured:
    began = time.monotonic()
    found = parts.measure(part, words)
    path = results.keep(part, found.rows, is_usual=not found.unusual)
    print(results.table(found.rows))
    print(f"{part} took {time.monotonic() - began:.0f} s; kept in {path}", flush=True)
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted. What was started is ended.")
