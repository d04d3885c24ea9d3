"""F7: how many calls a minute the desk makes when every merchant is due, under its limit and without one."""

import argparse
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import cycle

import requests

from bench import refusals
from bench.house import KEY, Plan, desk
from bench.place import Place
from bench.refusals import wait_for_a_minute_to_begin
from bench.results import Row, at_least

PART_OF_LIMIT, PART_OF_LOOP = 0.95, 0.5
ANSWER_AFTER = 0.2
# Far beyond what as many threads can reach with such answers.
LIFTED = 12_000
# Until all hands are full and the burst that was saved up is spent.
SETTLES_WITHIN = 8.0
# As after a night: each is overdue, and was looked at before. Who was just looked at is due again.
ALL_DUE = """
    UPDATE syncs_merchant SET next_refresh_at = now() - interval '1 hour', next_refresh_reason = 'measured'
    WHERE next_refresh_at > now() AND next_refresh_reason NOT LIKE 'being asked now%%'
"""
DUE_EVERY = 5.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=60, help="under the limit; without it half of that")
    parser.add_argument("--merchants", type=int, default=800)
    parser.add_argument("--rate", type=int, default=800, help="calls a minute")
    parser.add_argument(
        "--threads", type=int, default=Plan.threads, help="of the worker, and of the bare loop"
    )


def measure(options: argparse.Namespace) -> Iterator[Row]:
    yield from _under_limit(options)
    yield from _without_limit(options)


def _under_limit(options: argparse.Namespace) -> list[Row]:
    with desk(_plan(options, options.rate)) as place:
        rate, _ = flat_out(place, options.seconds, begins=wait_for_a_minute_to_begin)
        refused = refusals.row(
            "F7",
            f"limit of {options.rate}: answers 429",
            place,
            rate=options.rate,
            seconds=options.seconds,
        )
    return [
        at_least(
            "F7", f"limit of {options.rate}: calls a minute", rate * 60, "calls", PART_OF_LIMIT * options.rate
        ),
        refused,
    ]


def _without_limit(options: argparse.Namespace) -> list[Row]:
    with desk(_plan(options, LIFTED)) as place:
        ours, cpu = flat_out(place, options.seconds / 2)
        for name in ("clock", "refreshing"):
            place.stop(name)
        bare = _bare_loop(place, options.threads, options.seconds / 2)
    return [
        Row("F7", f"limit lifted, {options.threads} threads: looks a second", round(ours, 1), "calls"),
        Row("F7", "limit lifted: the worker is at work for", round(cpu * 100), "% of a core"),
        Row("F7", f"a bare loop, {options.threads} threads: calls a second", round(bare, 1), "calls"),
        at_least("F7", "limit lifted: of what the bare loop reaches", ours / bare, "times", PART_OF_LOOP),
    ]


def _plan(options: argparse.Namespace, rate: int) -> Plan:
    return Plan(
        merchants=options.merchants,
        calls_per_minute=rate,
        threads=options.threads,
        answer_after=ANSWER_AFTER,
        parts=("clock", "sending", "refreshing"),
    )


def flat_out(place: Place, seconds: float, begins: Callable[[], None] = lambda: None) -> tuple[float, float]:
    """Calls a second while everybody is due all the time, and how much of a core the worker needs for that."""
    stopped = threading.Event()
    driver = threading.Thread(target=_keep_due, args=(place, stopped))
    driver.start()
    try:
        time.sleep(SETTLES_WITHIN)
        begins()
        began, calls, cpu = time.monotonic(), place.calls(), place.cpu("refreshing")
        time.sleep(seconds)
        # The first of the two questions was a call too.
        calls, took = place.calls() - calls - 1, time.monotonic() - began
        return calls / took, (place.cpu("refreshing") - cpu) / took
    finally:
        stopped.set()
        driver.join()


def _keep_due(place: Place, stopped: threading.Event) -> None:
    while True:
        place.ask(ALL_DUE)
        if stopped.wait(DUE_EVERY):
            return place.be_quiet()


def _bare_loop(place: Place, threads: int, seconds: float) -> float:
    """Calls a second of threads that do nothing else: each a session that asks for one merchant after another."""
    companies = [row["company_id"] for row in place.sandbox.merchants()]
    counts, until = [0] * threads, time.monotonic() + seconds

    def ask(number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Basic {b64encode(KEY.encode()).decode()}"
            for company_id in cycle(companies[number::threads]):
                path = f"/companies/{company_id}/sync/commerce/syncs/list/status"
                session.get(place.sandbox.url + path, timeout=30).raise_for_status()
                counts[number] += 1
                if time.monotonic() > until:
                    return

    hands = [threading.Thread(target=ask, args=(number,)) for number in range(threads)]
    began = time.monotonic()
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return sum(counts) / (time.monotonic() - began)
