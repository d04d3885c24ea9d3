"""How long a decision stands: a claim that a process slept over gives no right to send any more."""

import time
from dataclasses import dataclass

# On Linux, time.monotonic() stands still while the machine is suspended, and this one does not; on macOS the second.
_COUNTS_SLEEP: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


@dataclass(frozen=True)
class Until:
    """A moment soon, on the wall's clock and on one that nobody can set; it is over when either says so.

    A machine that was moved while it stood still may find only the wall's clock ahead.
    """

    counted: float
    wall: float

    @classmethod
    def after(cls, seconds: float) -> "Until":
        return cls(_counted() + seconds, time.time() + seconds)

    def left(self) -> float:
        """Seconds; none, or less, when it is over."""
        return min(self.counted - _counted(), self.wall - time.time())


def _counted() -> float:
    return time.monotonic() if _COUNTS_SLEEP is None else time.clock_gettime(_COUNTS_SLEEP)
