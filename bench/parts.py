"""Each part is a module with `add_options(parser)` and `measure(options)`, whose rows are taken as they come."""

import importlib
import sys
import traceback
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Real
from types import ModuleType

from bench import results
from bench.results import Row
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
# Told with the figures, as usual or not.
SIZES = ("merchants", "syncs", "tabs", "presses", "bulk", "seconds", "rate", "threads")
# Changes how long it takes, not what is measured.
NO_MATTER = {"fresh"}


@dataclass
class Measured:
    """`unusual` are the options that are not the defaults: figures of another size, or of another world."""

    part: str
    rows: list[Row] = field(default_factory=list)
    unusual: str = ""

    @property
    def missed(self) -> int:
        return sum(row.ok is False for row in self.rows)


def measure(part: str, words: Sequence[str] = ()) -> Measured:
    """Whatever happens to it: a part that breaks is a row that says so, after those that it had found."""
    found = Measured(part, [Row(part, f"measured on {results.machine()}", results.cores(), "cores")])
    try:
        module = importlib.import_module(PARTS[part])
        options, found.unusual = read(part, module, words)
        found.rows += _sizes(part, options, found.unusual)
        before = len(found.rows)
        for row in module.measure(options):
            found.rows.append(row)
        if not any(row.ok is not None for row in found.rows[before:]):
            found.rows.append(results.failed(part, "It came to no figure that has a target."))
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        found.rows.append(results.failed(part, str(reason)))
    except Exception as error:
        traceback.print_exc()
        found.rows.append(results.failed(part, f"{type(error).__name__}: {error}"))
    return found


def read(part: str, module: ModuleType, words: Sequence[str]) -> tuple[Namespace, str]:
    """The options, and in words those that are not the defaults. Ends the program where they make no sense."""
    parser = ArgumentParser(prog=f"python -m bench --part {part}", allow_abbrev=False)
    module.add_options(parser)
    options, usual = parser.parse_args(words), vars(parser.parse_args([]))
    changed = [name for name, value in vars(options).items() if value != usual[name]]
    is_unusual = bool(set(changed) - NO_MATTER)
    return options, " ".join(words) if is_unusual else ""


def _sizes(part: str, options: Namespace, unusual: str) -> Iterator[Row]:
    if unusual:
        yield Row(part, f"NOT THE USUAL MEASUREMENT: {unusual}", unusual.count("--"), "options")
    for name, value in vars(options).items():
        if name in SIZES and isinstance(value, Real):
            yield Row(part, f"measured with: {name}", value, "")
