"""Whether a program that should be heard of has fallen silent: hung, or stopped."""

import os
from contextlib import suppress

# As `syncs.sign_of_life` calls it.
LINE = "SIGN_OF_LIFE"
# Seconds without a sign, of which one is due each five.
SILENT_AFTER = 25.0
# For the first one: a machine that has much to do takes long to start a program, and to start it again helps nobody.
STARTS_WITHIN = 120.0
# Whoever did not look for so long was away: the machine slept, and the others slept with us.
AWAY = 5.0


class Hearing:
    """Of one life of a program. `now` is the supervisor's own monotonic clock."""

    def __init__(self, now: float) -> None:
        self._looked = self._heard = now
        self._patience = STARTS_WITHIN

    def is_lost(self, now: float, *, heard: bool) -> bool:
        """Told at each look whether a sign has come since the one before."""
        if heard:
            self._patience = SILENT_AFTER
        if heard or now - self._looked > AWAY:
            self._heard = now
        self._looked = now
        return now - self._heard > self._patience


class Line:
    """From a program to its supervisor: a pipe that serves for all its lives."""

    def __init__(self) -> None:
        self._ours, self.theirs = os.pipe()
        os.set_blocking(self._ours, False)

    def heard(self) -> bool:
        """Since it was asked before."""
        with suppress(BlockingIOError):
            return bool(os.read(self._ours, 4096))
        return False
