"""The clock: sweeps, reconciles and hands out looks at Codat, all from the database.

It publishes nudges while the queue takes them. When it does not, the clock's slow path sends and looks.
"""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice, takewhile
from math import ceil
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.db.utils import InterfaceError, OperationalError
from django.utils import timezone
from redis import RedisError

from syncs import sign_of_life, tasks, watched
from syncs.alerts import digests, spreading
from syncs.clients import redis_client, shared_budget, slow_path_budget
from syncs.lately import Lately
from syncs.operations import (
    api_key,
    counting,
    deliveries,
    freezing,
    handing_out,
    heartbeats,
    host_time,
    import_runs,
    outages,
    pauses,
    reconciling,
    silence,
    tallies,
    troubles,
    turns,
    webhooks,
)
from syncs.slow_path import SlowPath
from syncs.unguarded import freeze_if_unguarded

logger = logging.getLogger(__name__)

TICK = 1.0
CONNECTIONS_EVERY = timedelta(minutes=10)
FORGET_EVERY = timedelta(minutes=10)
TALLY_EVERY = timedelta(minutes=1)
COUNT_EVERY = timedelta(seconds=3)
OUTAGES_EVERY = timedelta(minutes=1)
# How soon a snooze that is over is seen to be, and what happened is handed to the rules.
CARE_EVERY = TELL_EVERY = timedelta(seconds=5)
BURN_EVERY = timedelta(minutes=10)
DIGESTS_EVERY = timedelta(seconds=30)
# A request that was nudged is not nudged again before this: most are sent within a second.
NUDGE_AGAIN_AFTER = timedelta(seconds=10)
# Messages that wait in one queue: more would only grow old in it, and keep what is urgent waiting.
BACKLOG = 60
# Looks that wait there, in seconds of the call budget: enough until the next tick, also when that is late.
LOOKS_AHEAD = 2.0
# Requests of bulks that are under way, in seconds of the call budget; so many at most, since a worker has 16 hands.
BULK_AHEAD, BULK_AT_MOST = 1.0, 12
# Seconds after which a tick that has not ended counts as hung. The database may make it wait, which alone is no fault
# of this process; but a connection that died unnoticed would make it wait for hours.
HUNG = 120.0

Part = Callable[[datetime], None]


class Clock:
    """One tick a second. Several clocks do no harm: every claim is a conditional update."""

    def __init__(self) -> None:
        self._lately = Lately()
        self.queue_is_up = True
        # Until it was compared with the database's.
        self.time_is_right = False
        self.slow_path = SlowPath()
        self._tick_began = time.monotonic()

    def run(self, stopped: Callable[[], bool]) -> None:
        sign_of_life.give(well=self.is_well)
        while not stopped():
            self._tick_began = time.monotonic()
            close_old_connections()
            self.tick(timezone.now())
            time.sleep(max(0.0, TICK - (time.monotonic() - self._tick_began)))
        self.slow_path.stop()

    def is_well(self) -> bool:
        return time.monotonic() - self._tick_began < HUNG

    def tick(self, now: datetime) -> None:
        """Each part for itself: what goes wrong in one must not keep the others from their work."""
        for part in self._parts():
            try:
                part(now)
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database does not answer, trying again: %s", error)
                return
            except Exception:
                logger.exception("the clock's part %s went wrong", part.__name__)

    def _parts(self) -> Iterator[Part]:
        """On a host whose time is wrong, none that holds what other hosts wrote against it."""
        yield from (self._compare_time, self._beat, self._look_for_guards)
        if self.time_is_right:
            yield from (reconciling.give_up_on_lost_senders, reconciling.put_overdue_before_a_person)
        yield from (freezing.resume_when_answered, api_key.lift_when_accepted, silence.lift_when_answered)
        yield from (self._nudge_senders, self._nudge_lookers, self._nudge_imports)
        if self.time_is_right:
            yield from (self._hand_out_looks, self._read_connections)
        if self.time_is_right:
            yield from (self._end_care, self._tell, self._nudge_deliverers)
            yield from (self._count, self._notice_outages)
        yield from (self._forget_webhooks, self._tally_days, self._go_slowly)

    def _compare_time(self, now: datetime) -> None:
        if self._lately.is_time("time", heartbeats.BEAT_EVERY, now):
            ahead = host_time.ahead()
            if not host_time.is_right(ahead):
                logger.warning(
                    "this host's clock is wrong: %.0f s ahead of the database's", ahead.total_seconds()
                )
                host_time.tell(ahead)
            elif not self.time_is_right:
                host_time.take_back()
            self.time_is_right = host_time.is_right(ahead)

    def _beat(self, now: datetime) -> None:
        if self._lately.is_time("beat", heartbeats.BEAT_EVERY, now):
            heartbeats.beat(heartbeats.CLOCK)
            queues = heartbeats.QUEUES
            self._notice(
                is_up=all(tasks.nudge(tasks.beat, queue, queue=queue, expires=30) for queue in queues)
            )
            if self.queue_is_up:
                heartbeats.beat(heartbeats.QUEUE_TAKES)
            budget = shared_budget() if self.queue_is_up else slow_path_budget()
            pauses.put_back(budget, now)
            pauses.note_state(budget.state(), now, alone=not self.queue_is_up)

    def _look_for_guards(self, now: datetime) -> None:
        if self._lately.is_time("guards", heartbeats.BEAT_EVERY, now):
            freeze_if_unguarded(now)

    def _nudge_senders(self, now: datetime) -> None:
        of_bulks = min(BULK_AT_MOST, ceil(BULK_AHEAD * settings.CODAT_CALLS_PER_MINUTE / 60))
        self._nudge("sending", tasks.send, reconciling.ready_to_send(now, of_bulks=of_bulks), now)

    def _nudge_lookers(self, now: datetime) -> None:
        self._nudge("refreshing", tasks.look, reconciling.due_for_a_look(now), now)

    def _nudge_imports(self, now: datetime) -> None:
        """Only nudged: on the slow path a long list would keep everything else waiting."""
        self._nudge("refreshing", tasks.import_companies, import_runs.waiting(now), now)

    def _nudge(self, queue: str, task: Any, pks: list[int], now: datetime) -> None:
        """As many as the queue has room for: workers that are behind do not catch up by being told again."""
        spared = self._lately.spared(task.name, pks, NUDGE_AGAIN_AFTER, now)
        for pk in islice(spared, self._room(queue) if pks else 0):
            if not self._published(task, pk):
                return

    def _hand_out_looks(self, now: datetime) -> None:
        a_second = settings.CODAT_CALLS_PER_MINUTE / 60
        room = min(self._room("refreshing", ceil(LOOKS_AHEAD * a_second)), ceil(a_second))
        if not self.queue_is_up:
            return
        claimed = handing_out.claim_due_merchants(now, room, self._watched())
        published = list(takewhile(lambda pk: self._published(tasks.refresh, pk), claimed))
        handing_out.give_back(claimed[len(published) :], now)

    def _watched(self) -> list[int]:
        try:
            return watched.merchants(redis_client())
        except (RedisError, OSError, ValueError):  # what is due is handed out all the same
            return []

    def _read_connections(self, now: datetime) -> None:
        """By one clock for all; whether it is time is asked more often, since the one whose turn it was may be gone."""
        if not (self.queue_is_up and self._lately.is_time("connections", heartbeats.BEAT_EVERY, now)):
            return
        if turns.take("connections read", CONNECTIONS_EVERY, now):
            self._published(tasks.read_companies)

    def _end_care(self, now: datetime) -> None:
        """Before anything is told: who wakes is told of like anybody."""
        if self._lately.is_time("care", CARE_EVERY, now):
            troubles.end_due(now)
        if self._lately.is_time("fuses", BURN_EVERY, now):
            troubles.burn_down(now)

    def _tell(self, now: datetime) -> None:
        if self._lately.is_time("tell", TELL_EVERY, now):
            spreading.spread(now)
        if self._lately.is_time("digests", DIGESTS_EVERY, now):
            digests.make_due(now)

    def _nudge_deliverers(self, now: datetime) -> None:
        """Where there is no queue, the slow path does it."""
        self._nudge("refreshing", tasks.deliver, deliveries.due(now), now)

    def _forget_webhooks(self, now: datetime) -> None:
        if self._lately.is_time("webhooks", FORGET_EVERY, now):
            webhooks.forget_old(now)
            deliveries.forget_old(now)

    def _count(self, now: datetime) -> None:
        if self._lately.is_time("counts", COUNT_EVERY, now):
            counting.keep(now)

    def _tally_days(self, now: datetime) -> None:
        if self._lately.is_time("tallies", TALLY_EVERY, now):
            tallies.keep(now)

    def _notice_outages(self, now: datetime) -> None:
        if self._lately.is_time("outages", OUTAGES_EVERY, now):
            outages.notice(now)

    def _go_slowly(self, now: datetime) -> None:
        if not self.queue_is_up:
            self.slow_path.go_on(hands_out=self.time_is_right)

    def _published(self, task: Any, *args: int) -> bool:
        """A queue that did not take one message is offered no other until a beat finds it well again."""
        if self.queue_is_up:
            self._notice(is_up=tasks.nudge(task, *args))
        return self.queue_is_up

    def _notice(self, *, is_up: bool) -> None:
        if is_up != self.queue_is_up:
            self.queue_is_up = is_up
            logger.warning("the queue is %s", "back" if is_up else "down: working on the slow path")

    def _room(self, queue: str, backlog: int = BACKLOG) -> int:
        """For how many messages more; a queue that cannot tell takes none."""
        try:
            return max(0, backlog - int(redis_client().llen(queue))) if self.queue_is_up else 0
        except Exception:  # down or speaking nonsense
            self._notice(is_up=False)
            return 0
