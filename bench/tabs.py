"""F4: a thousand open tabs, each polling as its own page tells it to, of several people who are signed in."""

import argparse
import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from bench.browser import NAMES, Person, Poll, poll_after, poll_of
from bench.house import Plan, desk
from bench.place import Place
from bench.results import Row, at_least, at_most, percentile
from syncs.processes.errors import CannotRun

BOUND = 250.0
# Some people keep a filter, some look at one merchant, leads look at the requests.
PAGES = (
    "/",
    "/",
    "/",
    "/?health=failing",
    "/?q=co",
    "/?sort=name",
    "/requests/",
    "merchant",
    "merchant",
    "merchant",
)
SESSIONS = 20
OPENED_AT_ONCE = 4
LAG_EVERY = 0.01
PATIENCE = 30.0


@dataclass
class Seen:
    """What all tabs together saw since it was last emptied."""

    waits: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    lags: list[float] = field(default_factory=list)
    put_off: int = 0


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tabs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60, help="for each of the two measurements")
    parser.add_argument("--merchants", type=int, default=2000, help="half of them never looked at before")
    parser.add_argument("--moving", choices=["no", "yes", "both"], default="both", help="results keep coming")


def measure(options: argparse.Namespace) -> list[Row]:
    plan = Plan(merchants=options.merchants, looked_at=options.merchants // 2, history_days=14)
    with desk(plan) as place:
        return asyncio.run(_measure(place, options))


async def _measure(place: Place, options: argparse.Namespace) -> list[Row]:
    seen, dice = Seen(), Random(1)
    people = [Person(place.url, NAMES[number % len(NAMES)]).cookies for number in range(SESSIONS)]
    ask = "SELECT company_id FROM syncs_merchant WHERE refreshed_at IS NOT NULL ORDER BY id LIMIT 400"
    merchants = [f"/merchants/{company}/" for (company,) in place.ask(ask)]
    opening = asyncio.Semaphore(OPENED_AT_ONCE)
    paths = [PAGES[number % len(PAGES)] for number in range(options.tabs)]
    tabs = [
        Tab(place.url, dice.choice(merchants) if path == "merchant" else path, dice.choice(people), seen)
        for path in paths
    ]
    began = time.monotonic()
    print(f"  {len(tabs)} tabs are opened ...", file=sys.stderr, flush=True)
    tasks = [asyncio.create_task(tab.live(opening, dice.random())) for tab in tabs]
    tasks.append(asyncio.create_task(_watch_itself(seen)))
    while not all(tab.is_open for tab in tabs):
        await asyncio.sleep(0.2)
        if seen.errors:
            raise CannotRun(f"Not every tab could be opened: {dict(seen.errors)}.")
    rows = [Row("F4", f"{len(tabs)} tabs are open after", round(time.monotonic() - began), "s")]
    if options.moving in {"no", "both"}:
        rows += await _phase(place, "quiet", seen, tabs, options.seconds)
    if options.moving in {"yes", "both"}:
        # First looks, at the rate of the budget: each brings a result that the lists show.
        place.ask("UPDATE syncs_merchant SET next_refresh_at = now() WHERE refreshed_at IS NULL")
        rows += await _phase(place, "results keep coming", seen, tabs, options.seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return rows


async def _phase(place: Place, name: str, seen: Seen, tabs: "list[Tab]", seconds: float) -> list[Row]:
    # All have polled once before anything counts, put off or not, and what they saw before is old news.
    await asyncio.sleep(30)
    seen.waits, seen.answers, seen.errors, seen.lags, seen.put_off = [], Counter(), Counter(), [], 0
    began, cpu = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    news = place.ask(
        "SELECT count(*) FROM syncs_merchant WHERE refreshed_at > now() - make_interval(secs => %s)", took
    )
    waits = [wait * 1000 for wait in seen.waits]
    return [
        Row("F4", f"{name}: polls a second", round(len(waits) / took, 1), "polls"),
        Row("F4", f"{name}: of them with news", round(100 * seen.answers["200"] / len(waits), 1), "%"),
        Row(
            "F4",
            f"{name}: of them told to leave out the next",
            round(100 * seen.put_off / len(waits), 1),
            "%",
        ),
        Row("F4", f"{name}: results a second", round(news[0][0] / took, 1), "results"),
        Row("F4", f"{name}: a poll, p50", round(percentile(waits, 0.5), 1), "ms"),
        at_most("F4", f"{name}: a poll, p99", percentile(waits, 0.99), "ms", BOUND),
        at_most("F4", f"{name}: errors {dict(seen.errors) or ''}".rstrip(), sum(seen.errors.values()), "", 0),
        at_least("F4", f"{name}: tabs that still poll", sum(tab.is_open for tab in tabs), "tabs", len(tabs)),
        Row("F4", f"{name}: the client itself needs", round(100 * cpu / took), "% of a core"),
        Row(
            "F4",
            f"{name}: the client is itself late by, p99",
            round(1000 * percentile(seen.lags, 0.99), 1),
            "ms",
        ),
    ]


class Tab:
    """`is_open` from its first page until it polls no more, for whatever reason."""

    def __init__(self, url: str, path: str, cookies: str, seen: Seen) -> None:
        self.is_open = False
        self._is_told_of_a_crowd = self._is_put_off = False
        self._host, _, self._port = url.removeprefix("http://").partition(":")
        self._path, self._cookies, self._seen = path, cookies, seen
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def live(self, opening: asyncio.Semaphore, jitter: float) -> None:
        try:
            async with opening:
                status, page = await self._get(self._path, {})
            poll = poll_of(page) if status == "200" else None
            if poll is None:
                self._seen.errors[f"{self._path}: {status} without a poll"] += 1
                return
            self.is_open = True
            # A page's first poll comes a whole interval after it was opened; the opening itself is no burst here.
            await asyncio.sleep(poll.every * jitter)
            while poll:
                await asyncio.sleep(poll.pause(crowded=self._is_put_off))
                poll = await self._poll(poll)
        except Exception as error:
            self._seen.errors[type(error).__name__] += 1
            raise
        finally:
            self.is_open = False
            self._hang_up()

    async def _poll(self, poll: Poll) -> Poll | None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                status, fragment = await self._get(poll.path, poll.headers)
                self._is_put_off = self._is_told_of_a_crowd or status not in {"200", "204"}
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            self._seen.errors[type(error).__name__] += 1
            self._hang_up()
            self._is_put_off = True
            return poll
        self._seen.waits.append(time.monotonic() - began)
        self._seen.answers[status] += 1
        self._seen.put_off += self._is_put_off
        if status == "204":
            return poll
        following = poll_after(poll, fragment) if status == "200" else None
        if following is None:
            self._seen.errors[f"{status} without a poll"] += 1
        # Whatever was answered, a tab that is open asks again.
        return following or poll

    async def _get(self, path: str, headers: dict[str, str]) -> tuple[str, str]:
        """On the connection that is still open, or a new one; if that one closes as it is used, on another."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {self._host}:{self._port}", f"Cookie: {self._cookies}"]
        request = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "\r\n"])
        was_open = self._connection is not None and not self._connection[0].at_eof()
        try:
            return await self._exchange(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            if not was_open:
                raise
            self._hang_up()
            return await self._exchange(request)

    async def _exchange(self, request: str) -> tuple[str, str]:
        if self._connection is None or self._connection[0].at_eof():
            self._hang_up()
            self._connection = await asyncio.open_connection(self._host, int(self._port), limit=1 << 20)
        reader, writer = self._connection
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, fields = head.split(" ", 2)[1], head.lower()
        body = b""
        if "content-length: " in fields:
            body = await reader.readexactly(int(fields.partition("content-length: ")[2].split("\r")[0]))
        elif "chunked" in fields:
            raise ValueError("chunked")
        self._is_told_of_a_crowd = "\r\npanel-crowded: " in fields
        if "connection: close" in fields:
            self._hang_up()
        # What htmx would follow instead of showing anything: to the sign-in, mostly.
        return "sent away" if "\r\nhx-redirect: " in fields else status, body.decode()

    def _hang_up(self) -> None:
        if self._connection:
            self._connection[1].close()
        self._connection = None


async def _watch_itself(seen: Seen) -> None:
    """How late this program gets to what is due: if that is much, it measures itself."""
    while True:
        began = time.monotonic()
        await asyncio.sleep(LAG_EVERY)
        seen.lags.append(max(0.0, time.monotonic() - began - LAG_EVERY))
