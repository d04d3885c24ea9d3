"""How many requests stand in each other's way in this process, lately: its own memory, and no more than that."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

# Seconds over which the mean is taken: longer than a burst, shorter than what one poll asks of the next.
LATELY = 10.0
# Requests beside another one, on average: from here on some are put off, and from there on all.
FEW, MANY = 0.1, 0.3


class Crowd:
    def __init__(self) -> None:
        self._lock = Lock()
        self.inside, self._mean, self._since = 0, 0.0, time.monotonic()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        self._move(1)
        try:
            yield
        finally:
            self._move(-1)

    @property
    def share_to_put_off(self) -> float:
        """Of those who ask again anyway, from 0 to 1."""
        self._move(0)
        return min(1.0, max(0.0, (self._mean - FEW) / (MANY - FEW)))

    def _move(self, by: int) -> None:
        """The mean over time, in which what was long ago counts ever less. Who is alone is in nobody's way."""
        with self._lock:
            now = time.monotonic()
            kept = math.exp((self._since - now) / LATELY)
            self._mean = kept * self._mean + (1 - kept) * max(0, self.inside - 1)
            self.inside, self._since = self.inside + by, now


here = Crowd()
