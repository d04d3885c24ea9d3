"""F6: from the end of a sync at Codat to the page of somebody who waits for it, polling as that page says."""

import argparse
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from bench.browser import NotTaken, Person, poll_after, poll_of
from bench.house import Plan, desk
from bench.place import Place
from bench.presses import merchants_to_press
from bench.results import Row, at_most, percentile

BOUND = 8.0
UNDER_WAY = "in progress</h2>"
SHOWN_WITHIN = 600.0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--merchants", type=int, default=300)
    parser.add_argument("--presses", type=int, default=40, help="pages that are open at once")
    parser.add_argument("--seconds", type=float, default=40, help="within which they are pressed")
    parser.add_argument("--speed", type=float, default=2, help="a sync takes 90 to 190 s, divided by this")


def measure(options: argparse.Namespace) -> list[Row]:
    with desk(Plan(merchants=options.merchants, speed=options.speed)) as place:
        late = _late(place, options.presses, options.seconds)
    return [
        Row("F6", "end at Codat to the open page: p50", round(percentile(late, 0.5), 2), "s"),
        at_most("F6", "end at Codat to the open page: p95", percentile(late, 0.95), "s", BOUND),
        Row("F6", "end at Codat to the open page: longest", round(max(late), 2), "s"),
    ]


def _late(place: Place, presses: int, seconds: float) -> list[float]:
    companies, ended = merchants_to_press(place, presses), threading.Event()
    with ThreadPoolExecutor(presses) as hands:
        waiting = [
            hands.submit(_shown, place, company_id, number * seconds / presses, ended)
            for number, company_id in enumerate(companies)
        ]
        try:
            shown = dict(zip(companies, (each.result() for each in waiting), strict=True))
        finally:
            ended.set()
    ends = {line["company_id"]: _end(line) for line in place.sandbox.ledger() if line["applied"]}
    return [moment - ends[company_id] for company_id, moment in shown.items()]


def _end(line: dict[str, dict[str, str | float]]) -> float:
    """When the sandbox let it end; its clock is this machine's."""
    return datetime.fromisoformat(str(line["sync"]["at"])).timestamp() + float(line["sync"]["seconds"])


def _shown(place: Place, company_id: str, after: float, ended: threading.Event) -> float:
    """When the page first shows how it ended, in seconds since 1970."""
    ended.wait(after)
    person = Person(place.url, "lead")
    page = person.press_latest(company_id).page
    poll = poll_of(page)
    deadline = time.monotonic() + SHOWN_WITHIN
    while UNDER_WAY in page:
        if poll is None or time.monotonic() > deadline or ended.wait(poll.every):
            break
        answer = person.get(poll.path, poll.headers)
        poll = poll_after(poll, answer) if answer else poll
        # A part of the page tells nothing of the request.
        page = answer if 'id="merchant_live"' in answer else page
    else:
        return time.time()
    raise NotTaken(f"The page of {company_id} never showed an end.")
