"""One clock for all processes: how far it is ahead of the wall, in a file that each of them has mapped.

Only `timezone.now` is moved. Monotonic time is not: a socket's patience must stay real.
"""

import mmap
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

NAME = "ahead"
FORMAT = "d"


class Ahead:
    """Seconds. Written by the harness alone."""

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        if not path.exists():
            path.write_bytes(struct.pack(FORMAT, 0.0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), struct.calcsize(FORMAT))

    def get(self) -> float:
        return float(struct.unpack_from(FORMAT, self._map)[0])

    def set(self, seconds: float) -> None:
        struct.pack_into(FORMAT, self._map, 0, seconds)


def install(folder: Path, world: Path) -> None:
    """Of this process, from its own folder; and of the database, which stands in the world and not on a host."""
    from django.db import connection

    from syncs.operations import host_time

    if connection.vendor == "postgresql":
        host_time.database_time = _moved(host_time.database_time, Ahead(world))
    timezone.now = _moved(timezone.now, Ahead(folder))


def _moved(real: Callable[[], datetime], ahead: Ahead) -> Callable[[], datetime]:
    return lambda: real() + timedelta(seconds=ahead.get())
