"""What is done once in a while for the whole house: of several clocks, by whoever takes the turn.

Kept in the database, so that a clock that begins anew does not begin with all of it.
"""

import os
import socket
from datetime import datetime, timedelta

from syncs.models import Heartbeat


def take(what: str, every: timedelta, now: datetime) -> bool:
    """False where somebody took it lately. A moment that is further ahead than the next turn was never right."""
    mine = {"at": now, "host": socket.gethostname()[:100], "pid": os.getpid()}
    last, is_first = Heartbeat.objects.get_or_create(name=what, defaults=mine)
    if is_first or abs(now - last.at) < every:
        return is_first
    return Heartbeat.objects.filter(name=what, at=last.at).update(**mine) == 1
