"""Signs of life. Kept in the database, so that they can be read when the queue is down."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import Exists
from django.utils import timezone

from syncs.models import Freeze, Heartbeat, Outage, Pulse
from syncs.models.activity import NewestEntry

logger = logging.getLogger(__name__)

QUEUES = ("sending", "refreshing")
CLOCK, QUEUE_TAKES = "clock", "queue"
# The clock, and the processes that work for each queue, whatever their hands do.
PARTS = (CLOCK, *(f"worker {queue}" for queue in QUEUES))
BEAT_EVERY = timedelta(seconds=10)
# A part that was silent for so long counts as gone. Not sooner: see docs/run-safely.md, "If a process dies or hangs".
SILENT = timedelta(seconds=60)
# A POST may take 75 s, and the message that finds a free hand may have waited for 30: this is far beyond both.
BUSY = timedelta(minutes=3)
# What goes on while the queue takes nothing.
WITHOUT_A_QUEUE = (
    "Refreshing has stopped. What is asked for is saved, sent one by one, and followed to its result."
)


def beat(name: str, *, host: str = "", pid: int = 0) -> None:
    """Of this process, unless another is named."""
    at, host = timezone.now(), (host or socket.gethostname())[:100]
    Heartbeat.objects.update_or_create(
        name=name, defaults={"at": at, "host": host, "pid": pid or os.getpid()}
    )


def free_hand(queue: str) -> str:
    """The sign that somebody took a message from this queue and did what it says."""
    return f"free {queue}"


@dataclass(frozen=True)
class Signs:
    """The last signs of all, as of one moment."""

    seen: Mapping[str, datetime]
    now: datetime
    may_be_frozen: bool
    """False where no stop to all sending stands."""
    may_be_out: bool
    """False where Codat is not known to be down for a platform."""

    @property
    def silent(self) -> dict[str, datetime | None]:
        """The parts that have not been heard of lately, with their last sign of life (None: never)."""
        return {name: self.seen.get(name) for name in PARTS if self._age(name) > SILENT}

    @property
    def is_queue_down(self) -> bool:
        """Not where nobody tries."""
        return self._age(CLOCK) <= SILENT < self._age(QUEUE_TAKES)

    @property
    def queue_took(self) -> datetime | None:
        """When the queue last took a message."""
        return self.seen.get(QUEUE_TAKES)

    @property
    def busy(self) -> dict[str, datetime]:
        """Since when the workers that live have had no hand free for the messages that the queue took."""
        if max(self._age(CLOCK), self._age(QUEUE_TAKES)) > SILENT:
            return {}
        alive = [queue for queue in QUEUES if self._age(f"worker {queue}") <= SILENT]
        last = {f"worker {queue}": self.seen.get(free_hand(queue)) for queue in alive}
        return {part: at for part, at in last.items() if at and self.now - at > BUSY}

    def _age(self, name: str) -> timedelta:
        return self.now - self.seen[name] if name in self.seen else timedelta.max


def signs(now: datetime) -> Signs:
    """One query."""
    rows = Heartbeat.objects.annotate(frozen=_frozen(), out=_out()).values_list("name", "at", "frozen", "out")
    return _told(list(rows), now)


def signs_and_pulse(now: datetime, pulse: type[Pulse | NewestEntry] = Pulse) -> tuple[Signs, int]:
    """One query too, but where no part of the house has ever given a sign."""
    known = Heartbeat.objects.annotate(frozen=_frozen(), out=_out(), pulse=pulse.total())
    rows = list(known.values_list("name", "at", "frozen", "out", "pulse"))
    return _told([row[:4] for row in rows], now), int(rows[0][4] if rows else pulse.now())


def _frozen() -> Exists:
    return Exists(Freeze.objects.standing())


def _out() -> Exists:
    return Exists(Outage.objects.standing())


def _told(rows: Sequence[tuple[str, datetime, bool, bool]], now: datetime) -> Signs:
    # Without a sign there was no clock yet, which notices outages.
    may_be_frozen, may_be_out = rows[0][2:4] if rows else (True, False)
    return Signs({name: at for name, at, *_ in rows}, now, may_be_frozen, may_be_out)


class Beating(threading.Thread):
    """In a thread of its own: a worker whose hands are all full with slow calls still lives.

    The first sign, of the one who begins, is the caller's.
    """

    def __init__(self, part: str, give_sign: Callable[[], None]) -> None:
        super().__init__(name=f"beating: {part}", daemon=True)
        self._part, self._give_sign, self._stopped = part, give_sign, threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(BEAT_EVERY.total_seconds()):
            try:
                self._give_sign()
            except DatabaseError as error:
                logger.warning("%s: its sign of life is not stored: %s", self._part, type(error).__name__)
            finally:
                connection.close()

    def stop(self) -> None:
        self._stopped.set()
        self.join()
