"""By this the supervisor of `make run` knows that a process is not hung. Where there is no supervisor, nothing is done.

A line of its own and not the heartbeat in the database: that is one for all hosts, and away when the database is.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

# The end of a pipe, by its number.
LINE = "SIGN_OF_LIFE"
EVERY = 5.0


def give(well: Callable[[], bool] = lambda: True) -> None:
    """Begins to give signs in a thread of its own, and does so for as long as all is well."""
    # Taken out: what this process starts must not write to a number that means something else to it.
    if line := os.environ.pop(LINE, ""):
        threading.Thread(target=_give, args=(int(line), well), name="sign of life", daemon=True).start()


def _give(line: int, well: Callable[[], bool]) -> None:
    os.set_inheritable(line, False)
    # When the supervisor is gone there is nobody to tell.
    with suppress(OSError):
        while True:
            if well():
                os.write(line, b".")
            time.sleep(EVERY)
