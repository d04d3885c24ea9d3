"""Whether a host's clock can be trusted. What one host writes, others compare with their own time: claims above all.

All of them have the database's clock to compare theirs with. What is wrong is noted, so that every page can say so.
"""

import socket
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from syncs.models import Heartbeat
from syncs.operations.heartbeats import SILENT

MAY_DIFFER = timedelta(seconds=20)
# Of each host that is wrong, what its own clock said and what the database's did, as two signs of life.
OWN, TRUE = "time of ", "time at "
# What a sign's name has left for the host's. Those of machines that come and go differ at their end.
LONGEST = 32


def database_time() -> datetime:
    """SQLite has no clock but that of its one host."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
    return told


def ahead() -> timedelta:
    """By how much this host's clock is ahead of the database's, at least; negative when it is behind.

    A database that is slow to answer makes nobody wrong: its time has to lie outside of the question's.
    """
    before, told, after = timezone.now(), database_time(), timezone.now()
    return before - told if told < before else min(after - told, timedelta())


def is_right(ahead: timedelta) -> bool:
    return abs(ahead) <= MAY_DIFFER


def tell(ahead: timedelta) -> None:
    """Of this host, which is wrong."""
    now, host = timezone.now(), socket.gethostname()
    with transaction.atomic():
        for name, at in ((OWN, now), (TRUE, now - ahead)):
            noted = {"at": at, "host": host[:100], "pid": 0}
            Heartbeat.objects.update_or_create(name=f"{name}{host[-LONGEST:]}", defaults=noted)


def take_back() -> None:
    """Of this host, which is right."""
    host = socket.gethostname()[-LONGEST:]
    Heartbeat.objects.filter(name__in=(f"{OWN}{host}", f"{TRUE}{host}")).delete()


def wrong(seen: Mapping[str, datetime], now: datetime) -> dict[str, timedelta]:
    """The hosts that said so lately, and by how much they are ahead; `seen` are all signs of life.

    Lately by either clock: the reader may be on a host that is wrong.
    """
    said = {}
    for name, own in seen.items():
        true = seen.get(f"{TRUE}{name.removeprefix(OWN)}") if name.startswith(OWN) else None
        if true and min(abs(now - own), abs(now - true)) <= SILENT:
            said[name.removeprefix(OWN)] = own - true
    return said
