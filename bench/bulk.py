"""F9: a bulk of "sync latest", from its first POST to its last, against the time that the budget itself needs."""

import argparse
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from bench import refusals
from bench.house import Plan, desk
from bench.place import Place
from bench.presses import arrivals
from bench.results import Row, at_least, at_most
from syncs.processes.errors import CannotRun

BOUND = 1.1
# The look at Codat's list before it, and the POST. What else a send reads, it reads from the database.
CALLS_A_SEND = 2
PATIENCE = 3
ASKED = """
    SELECT m.company_id::text, r.state FROM syncs_syncrequest r JOIN syncs_merchant m ON m.id = r.merchant_id
    WHERE r.bulk IS NOT NULL
"""


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
        refusals.wait_for_a_minute_to_begin()
        began, calls = time.time(), place.calls()
        place.start("clock")
        _wait_until_none_waits(place, PATIENCE * needed)
        # The first of the two questions was a call too.
        calls, took = place.calls() - calls - 1, time.time() - began
        refused = refusals.row("F9", "answers 429", place, rate=options.rate, seconds=took)
        rows = judged(options.bulk, dict(place.ask(ASKED)), arrivals(place), began=began, needed=needed)
    return [
        *rows,
        Row("F9", "calls made meanwhile, for each", round(calls / options.bulk, 2), "calls"),
        refused,
    ]


def judged(
    bulk: int, asked: Mapping[str, str], arrived: Mapping[str, float], *, began: float, needed: float
) -> list[Row]:
    """By Codat's own ledger: what was rejected, called off or left to a person has not been sent."""
    sent = [arrived[company] for company in asked if arrived.get(company, 0.0) >= began]
    unsent = Counter(state for company, state in asked.items() if arrived.get(company, 0.0) < began)
    if not sent:
        raise CannotRun(f"Nothing of the bulk was sent; its requests are {dict(unsent)}.")
    took = max(sent) - began
    name = "of the bulk are sent" + (f"; the others are {dict(unsent)}" if unsent else "")
    return [
        at_least("F9", name, len(sent), "requests", bulk),
        Row("F9", "the last of these was sent after", round(took, 1), "s"),
        Row("F9", f"the budget needs for {CALLS_A_SEND} calls each", round(needed, 1), "s"),
        _of_that_time(took / needed, is_all=len(sent) >= bulk),
    ]


def _of_that_time(times: float, *, is_all: bool) -> Row:
    row = at_most("F9", "of that time", times, "times", BOUND)
    return replace(row, ok=bool(row.ok) and is_all)


def _wait_until_none_waits(place: Place, seconds: float) -> None:
    waiting = "SELECT count(*) FROM syncs_syncrequest WHERE state IN ('queued', 'sending')"
    place.wait_for("the last of the bulk", lambda: not place.ask(waiting)[0][0], seconds)
