"""F9: a bulk of "sync latest", from its first POST to its last, against the time that the budget itself needs."""

import argparse
import time

from bench.house import Plan, desk
from bench.place import Place
from bench.presses import arrivals
from bench.results import Row, at_most

BOUND = 1.1
# The look at Codat's list before it, and the POST. What else a send reads, it reads from the database.
CALLS_A_SEND = 2
PATIENCE = 3


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bulk", type=int, default=1000)
    parser.add_argument("--merchants", type=int, default=1300)
    parser.add_argument("--rate", type=int, default=800, help="calls a minute")


def measure(options: argparse.Namespace) -> list[Row]:
    needed = options.bulk * CALLS_A_SEND * 60 / options.rate
    with desk(Plan(merchants=options.merchants, calls_per_minute=options.rate)) as place:
        # All asked before the clock sees the first: else the asking would be measured too.
        place.stop("clock")
        place.inside("ask-for-many", options.bulk)
        began, calls = time.time(), place.calls()
        place.start("clock")
        _wait_until_sent(place, PATIENCE * needed)
        calls = place.calls() - calls
        took = max(arrivals(place).values()) - began
        paused = place.paused()
    return [
        Row("F9", f"{options.bulk:,} asked for: all are sent after", round(took, 1), "s"),
        Row("F9", f"the budget needs for {CALLS_A_SEND} calls each", round(needed, 1), "s"),
        at_most("F9", "of that time", took / needed, "times", BOUND),
        Row("F9", "calls made meanwhile, for each send", round(calls / options.bulk, 2), "calls"),
        at_most("F9", "pauses after a 429", paused, "", 0),
    ]


def _wait_until_sent(place: Place, seconds: float) -> None:
    unsent = "SELECT count(*) FROM syncs_syncrequest WHERE state IN ('queued', 'sending')"
    place.wait_for("the last of the bulk", lambda: not place.ask(unsent)[0][0], seconds)
