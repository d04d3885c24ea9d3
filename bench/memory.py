"""F10: the memory of a web worker and of a worker with 32 threads, after all that the other parts do."""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.browser import NAMES, Person, poll_of
from bench.flat_out import flat_out
from bench.house import Plan, desk
from bench.place import Place
from bench.presses import merchants_to_press
from bench.results import Row, at_most

BOUND = 200.0
THREADS = 32
READERS = 8
PAGES = ("/", "/?q=a", "/?health=failing", "/syncs/", "/requests/", "/activity/")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=45, help="of looking and of reading pages, each")
    parser.add_argument("--merchants", type=int, default=800)
    parser.add_argument("--presses", type=int, default=20)


def measure(options: argparse.Namespace) -> list[Row]:
    # No limit, so that all hands are busy; answers slow enough that they are busy at once.
    plan = Plan(merchants=options.merchants, threads=THREADS, calls_per_minute=12_000, answer_after=0.1)
    with desk(plan) as place:
        _read_pages(place, options.seconds)
        flat_out(place, options.seconds)
        person = Person(place.url, "support")
        for company_id in merchants_to_press(place, options.presses):
            person.press_latest(company_id)
        return _rows(place)


def _rows(place: Place) -> list[Row]:
    processes = {f"web worker {number}": pid for number, pid in enumerate(place.web_workers(), start=1)}
    processes |= {
        f"worker {queue}, {THREADS} threads": place.processes[queue].pid
        for queue in ("sending", "refreshing")
    }
    processes |= {"web's master": place.processes["web"].pid, "clock": place.processes["clock"].pid}
    rows = []
    for name, pid in processes.items():
        own, resident = _memory(pid)
        # The master shares most of what it has with the workers that it forked.
        bounded = name not in {"web's master", "clock"}
        rows.append(Row("F10", f"{name}: its share of memory (PSS)", own, "MB"))
        row = f"{name}: resident (RSS)"
        rows.append(
            at_most("F10", row, resident, "MB", BOUND) if bounded else Row("F10", row, resident, "MB")
        )
    return rows


def _memory(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    kilobytes = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
    return round(kilobytes["Pss:"] / 1024, 1), round(kilobytes["Rss:"] / 1024, 1)


def _read_pages(place: Place, seconds: float) -> None:
    """All threads of both web workers at once, on pages of every kind."""
    until = time.monotonic() + seconds
    ask = "SELECT company_id FROM syncs_merchant ORDER BY id LIMIT 100"
    merchants = [f"/merchants/{company}/" for (company,) in place.ask(ask)]

    def read(number: int) -> None:
        person = Person(place.url, NAMES[number % len(NAMES)])
        while time.monotonic() < until:
            for path in (*PAGES, *merchants[number::READERS]):
                page = person.get(path)
                if poll := poll_of(page):
                    person.get(poll.path, poll.headers)
                if time.monotonic() > until:
                    return

    with ThreadPoolExecutor(READERS) as readers:
        list(readers.map(read, range(READERS)))
