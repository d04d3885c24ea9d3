"""The clock: sweeps, reconciles and hands out looks at Codat, all from the database.

It publishes nudges while the queue takes them. When it does not, the clock sends and looks itself, slowly.
"""

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import close_old_connections
from django.db.utils import DatabaseError
from django.utils import timezone

from syncs import tasks
from syncs.clients import codat_client, redis_client, slow_path_client
from syncs.operations import handing_out, heartbeats, reconciling, sending
from syncs.operations.refresh import refresh

logger = logging.getLogger(__name__)

TICK = 1.0
BEAT_EVERY = timedelta(seconds=10)
CONNECTIONS_EVERY = timedelta(minutes=10)
# A request that was nudged is not nudged again before this: most are sent within a second.
NUDGE_AGAIN_AFTER = timedelta(seconds=10)
# Looks handed out and not yet begun: more would only grow old in the queue.
BACKLOG = 60


class Clock:
    """One tick a second. Several clocks do no harm: every claim is a conditional update."""

    def __init__(self) -> None:
        self._nudged: dict[int, datetime] = {}
        self._next: dict[str, datetime] = {}
        self.queue_is_up = True

    def run(self, stopped: Callable[[], bool]) -> None:
        while not stopped():
            started = time.monotonic()
            close_old_connections()
            try:
                self.tick(timezone.now())
            except DatabaseError as error:
                logger.warning("the database does not answer, trying again: %s", error)
            time.sleep(max(0.0, TICK - (time.monotonic() - started)))

    def tick(self, now: datetime) -> None:
        if self._is_time("beat", BEAT_EVERY, now):
            self._beat()
        reconciling.give_up_on_lost_senders(now)
        reconciling.put_overdue_before_a_person(now)
        self._nudge_senders(now)
        self._look_at_uncertain(now)
        self._hand_out_looks(now)
        if self._is_time("connections", CONNECTIONS_EVERY, now):
            tasks.nudge(tasks.read_companies)

    def _is_time(self, what: str, every: timedelta, now: datetime) -> bool:
        if now < self._next.get(what, now):
            return False
        self._next[what] = now + every
        return True

    def _beat(self) -> None:
        heartbeats.beat("clock", host=socket.gethostname(), pid=os.getpid())
        taken = [tasks.nudge(tasks.beat, queue, queue=queue, expires=30) for queue in tasks.QUEUES]
        if all(taken) != self.queue_is_up:
            self.queue_is_up = all(taken)
            logger.warning(
                "the queue is %s", "back" if self.queue_is_up else "down: working on the slow path"
            )

    def _nudge_senders(self, now: datetime) -> None:
        ready = reconciling.ready_to_send(now)
        self._nudged = {pk: at for pk, at in self._nudged.items() if pk in ready}
        for pk in ready:
            if now < self._nudged.get(pk, now - NUDGE_AGAIN_AFTER) + NUDGE_AGAIN_AFTER:
                continue
            self._nudged[pk] = now
            if not tasks.nudge(tasks.send, pk):
                sending.send(pk, slow_path_client())

    def _look_at_uncertain(self, now: datetime) -> None:
        for request in reconciling.due_for_a_look(now):
            reconciling.look(request, codat_client() if self.queue_is_up else slow_path_client(), now)

    def _hand_out_looks(self, now: datetime) -> None:
        if not self.queue_is_up:
            for pk in handing_out.claim_due_merchants(now, limit=1):
                refresh(pk, slow_path_client())
            return
        room = min(BACKLOG - self._backlog(), max(1, settings.CODAT_CALLS_PER_MINUTE // 60))
        for pk in handing_out.claim_due_merchants(now, limit=max(0, room)):
            tasks.nudge(tasks.refresh, pk)

    @staticmethod
    def _backlog() -> int:
        try:
            return int(redis_client().llen("refreshing"))
        except Exception:  # down or speaking nonsense: then nothing is handed out
            return BACKLOG
