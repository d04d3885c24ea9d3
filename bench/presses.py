"""F5: from the press of a person to its POST at Codat, while nothing else is sent and while a bulk is."""

import argparse
import time
from collections.abc import Iterator
from datetime import datetime
from random import Random

from bench.browser import NotTaken, Person, Pressed
from bench.house import Plan, desk
from bench.place import Place
from bench.results import Row, at_least, at_most, percentile
from syncs.processes.errors import CannotRun

IDLE, BUSY = 0.4, 1.2
BULK = 1000
ARRIVES_WITHIN = 60.0
# Linked, looked at, and its newest sync a success: what a person may press for. The bulk takes the others first.
PRESSABLE = """
    SELECT company_id::text FROM syncs_merchant m
    WHERE health = 'healthy' AND running_since IS NULL AND archived_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM syncs_syncrequest r WHERE r.merchant_id = m.id)
    ORDER BY id LIMIT %s
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--presses", type=int, default=60, help="in each of the two measurements")
    parser.add_argument("--pause", type=float, default=0.7, help="seconds between two presses, on average")
    parser.add_argument("--merchants", type=int, default=1500)
    parser.add_argument("--bulk", type=int, default=BULK)


def measure(options: argparse.Namespace) -> Iterator[Row]:
    with desk(Plan(merchants=options.merchants)) as place:
        yield from _rows("idle", _waits(place, options.presses, options.pause), IDLE)
        place.inside("ask-for-many", options.bulk)
        busy = _waits(place, options.presses, options.pause)
        left = place.ask("SELECT count(*) FROM syncs_syncrequest WHERE bulk IS NOT NULL AND state = 'queued'")
    yield from _rows(f"while a bulk of {options.bulk:,} runs", busy, BUSY)
    yield at_least("F5", "of the bulk not sent yet after the last press", left[0][0], "requests", 1)


def merchants_to_press(place: Place, count: int) -> list[str]:
    found = [company for (company,) in place.ask(PRESSABLE, count)]
    if len(found) < count:
        raise CannotRun(f"Only {len(found)} merchants can be pressed for; take more --merchants.")
    return found


def arrivals(place: Place) -> dict[str, float]:
    """When the sandbox got each merchant's newest POST, in seconds since 1970. Its clock is this machine's."""
    posts = [line for line in place.sandbox.ledger() if line["applied"]]
    return {line["company_id"]: datetime.fromisoformat(line["at"]).timestamp() for line in posts}


def _waits(place: Place, count: int, pause: float) -> list[float]:
    person, dice, pressed = Person(place.url, "lead"), Random(1), []
    for company_id in merchants_to_press(place, count):
        pressed.append(person.press_latest(company_id))
        time.sleep(dice.uniform(0.5, 1.5) * pause)
    return _until_arrived(place, pressed)


def _until_arrived(place: Place, pressed: list[Pressed]) -> list[float]:
    deadline = time.monotonic() + ARRIVES_WITHIN
    while True:
        arrived = arrivals(place)
        if all(press.company_id in arrived for press in pressed):
            return [arrived[press.company_id] - press.at for press in pressed]
        if time.monotonic() > deadline:
            missing = [press.company_id for press in pressed if press.company_id not in arrived]
            why = place.ask(
                "SELECT r.state, r.waiting_for FROM syncs_syncrequest r JOIN syncs_merchant m ON m.id = r.merchant_id"
                " WHERE m.company_id = %s",
                missing[0],
            )
            raise NotTaken(f"{len(missing)} presses did not arrive, the first is {why}")
        time.sleep(0.2)


def _rows(when: str, waits: list[float], bound: float) -> list[Row]:
    return [
        Row("F5", f"press to POST, {when}: p50", round(percentile(waits, 0.5), 3), "s"),
        at_most("F5", f"press to POST, {when}: p95", percentile(waits, 0.95), "s", bound),
        Row("F5", f"press to POST, {when}: longest", round(max(waits), 3), "s"),
    ]
