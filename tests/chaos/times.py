"""The product's clock and Codat's, moved together."""

import time
from datetime import UTC, datetime

from tests.chaos.clock import Ahead
from tests.chaos.ground import Ground


class Times:
    """Codat's goes first: what is sent is never ahead of it."""

    def __init__(self, ground: Ground) -> None:
        self._ground, self._ahead = ground, Ahead(ground.chaos)

    def on(self, seconds: float) -> None:
        to = self._ahead.get() + seconds
        self._ground.sandbox.move_clock(ahead=to)
        self._ahead.set(to)

    def today(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self._ahead.get(), UTC)
