"""Both budgets, and time that passes for them: Redis keeps its own, so there its moments are set back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from redis import Redis

from syncs.codat.budget import Budget, LocalBudget
from syncs.codat.shared_budget import KEY, SharedBudget

Pass = Callable[[float], None]
MOMENTS = ("next", "paused_until", "told_until", "asked_at", "resets_at", "doubted_until")


class Clock:
    now = datetime.now(UTC).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["in memory", "in Redis"])
def timed(request: pytest.FixtureRequest) -> Iterator[tuple[Budget, Pass]]:
    """A budget, and how to let so many seconds pass."""
    if request.param == "in memory":
        clock = Clock()

        def pass_(seconds: float) -> None:
            clock.now += seconds

        yield LocalBudget(clock=clock), pass_
        return
    redis: Redis = request.getfixturevalue("redis")

    def set_back(seconds: float) -> None:
        for name in MOMENTS:
            if redis.hexists(KEY, name):
                redis.hincrby(KEY, name, -round(seconds * 1e6))

    yield SharedBudget(redis), set_back
