"""Pages asked for in process, through the whole stack: how long the server works, how often it asks the database."""

import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.results import percentile

WARM, ROUNDS = 3, 20


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
        answer = client.get(url, **headers)
        if number >= warm:
            taken.append(1000 * (time.perf_counter() - began))
    before()
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url, **headers)
    return Visit(taken, len(captured), answer.status_code, len(gzip.compress(answer.content, 6)), answer.text)


def take_turns(client: Client, *urls: str, rounds: int, enough: float) -> list[list[float]]:
    """Milliseconds of each, asked one after the other in every round: what else the machine does strikes all alike."""
    taken: list[list[float]] = [[] for _ in urls]
    first = time.perf_counter()
    for number in range(-1, rounds):
        for url, times in zip(urls, taken, strict=True):
            began = time.perf_counter()
            answer = client.get(url)
            if answer.status_code != 200:
                raise RuntimeError(f"{url}: {answer.status_code}")
            if number >= 0:
                times.append(1000 * (time.perf_counter() - began))
        if number >= 0 and time.perf_counter() - first > enough:
            break
    return taken
