"""Answers 429: the sandbox counts what it gave. Its guard looks at whole minutes of the clock, and so do we."""

import time

from bench.place import Place
from bench.results import Row, at_most
from sandbox.quota import PER_MINUTE

MINUTE = 60.0


def is_guarded(rate: float) -> bool:
    """Beyond its limit the sandbox lets everybody ask: there would be nothing but refusals."""
    return rate <= PER_MINUTE


def wait_for_a_minute_to_begin() -> None:
    time.sleep(MINUTE - time.time() % MINUTE)


def row(part: str, name: str, place: Place, *, rate: float, seconds: float) -> Row:
    """Of a measurement that began with a minute of the clock. Where nothing could be refused, nothing is reached."""
    return judged(part, name, place.sandbox.answers_429(), rate=rate, seconds=seconds)


def judged(part: str, name: str, count: int, *, rate: float, seconds: float) -> Row:
    if not is_guarded(rate):
        return Row(part, f"{name} (not judged: no limit at this rate)", count, "answers")
    if seconds < MINUTE:
        return Row(part, f"{name} (not judged: less than a minute)", count, "answers")
    return at_most(part, name, count, "answers", 0)
