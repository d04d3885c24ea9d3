"""Pages asked for in process, through the whole stack: how long the server works, how often it asks the database."""

import gzip
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.results import percentile
from syncs.views import cells

WARM, ROUNDS = 3, 20
# As every browser asks.
PACKED: dict[str, Any] = {"HTTP_ACCEPT_ENCODING": "gzip"}
# Of one page, what is the same on all: the numbers of the tiles, and the names of platforms.
KEPT, KEPT_FOR = ("counts", "platforms"), 600
FIRST, AGAIN = "drawn anew", "again"


@dataclass(frozen=True)
class Visit:
    """`milliseconds` of each round."""

    milliseconds: list[float]
    queries: int
    status: int
    packed: int
    text: str

    @property
    def p95(self) -> float:
        return percentile(self.milliseconds, 0.95)

    @property
    def p50(self) -> float:
        return percentile(self.milliseconds, 0.5)


def signed_in(*, superuser: bool = False) -> Client:
    """As the user whom the filled database has; for Django's own admin as one who may do everything there."""
    user = get_user_model().objects.get(username="bench")
    user.is_staff = user.is_superuser = superuser
    user.save()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def forget_what_was_drawn() -> None:
    """Rows, chart, causes: of this process, nobody has looked at the page yet."""
    kept = {name: cache.get(name) for name in KEPT}
    cache.clear()
    cache.set_many({name: value for name, value in kept.items() if value is not None}, KEPT_FOR)


def forget_everything() -> None:
    cache.clear()
    for cell in (cells.platforms, cells.result, cells.days, cells.fuse):
        cell.cache_clear()


def both_visits(
    client: Client, url: str, *, before: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, Visit]]:
    """As the first who looks at this page, for whom all of it is drawn, and as those who look after that."""

    def as_the_first() -> None:
        forget_what_was_drawn()
        before()

    yield FIRST, visit(client, url, before=as_the_first)
    yield AGAIN, visit(client, url, before=before)


def visit(
    client: Client,
    url: str,
    *,
    rounds: int = ROUNDS,
    warm: int = WARM,
    before: Callable[[], None] = lambda: None,
    **headers: Any,
) -> Visit:
    """The first few rounds are not counted: they fill the caches that a running process has filled."""
    taken: list[float] = []
    for number in range(warm + rounds):
        before()
        began = time.perf_counter()
        answer = client.get(url, **PACKED, **headers)
        if number >= warm:
            taken.append(1000 * (time.perf_counter() - began))
    before()
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url, **PACKED, **headers)
    return Visit(taken, len(captured), answer.status_code, len(answer.content), _text(answer))


def _text(answer: Any) -> str:
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(answer.content) if packed else answer.content).decode()


def take_turns(client: Client, ours: str, stock: str, *, rounds: int, enough: float) -> list[list[float]]:
    """Milliseconds of ours as the first look, of ours again, and of the stock admin's, in every round.

    One after the other: what else the machine does strikes all alike.
    """
    taken: list[list[float]] = [[], [], []]
    first = time.perf_counter()
    for number in range(-1, rounds):
        forget_what_was_drawn()
        for url, times in zip((ours, ours, stock), taken, strict=True):
            began = time.perf_counter()
            answer = client.get(url, **PACKED)
            if answer.status_code != 200:
                raise RuntimeError(f"{url}: {answer.status_code}")
            if number >= 0:
                times.append(1000 * (time.perf_counter() - began))
        if number >= 0 and time.perf_counter() - first > enough:
            break
    return taken
