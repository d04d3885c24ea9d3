"""The clock's own hand while there is no queue: it sends one, looks at one, follows one, and begins anew.

Each waits for its turn in the small budget of this clock (`longest_turn`), so that a long bulk keeps no result waiting.

Nobody counts the calls of all hosts then, so nothing is asked but what a request waits for: refreshing stands still.

In a thread, because calls take their time when Codat is slow: the clock goes on to sweep and to give signs of life.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from syncs import channels
from syncs.clients import slow_path_client
from syncs.lately import Lately
from syncs.operations import deliveries, handing_out, reconciling, sending
from syncs.operations.refresh import refresh

logger = logging.getLogger(__name__)

# What went wrong and is still due lets the others have their turn first.
AGAIN_AFTER = timedelta(seconds=10)


class SlowPath:
    def __init__(self) -> None:
        self._lately = Lately()
        self._hand: threading.Thread | None = None
        self._is_to_stop = False

    def go_on(self, *, hands_out: bool) -> None:
        """Begins a round, unless one is under way; one that only sends and looks where it may not hand out."""
        if self._hand is None or not self._hand.is_alive():
            parts = (self._send, self._look, self._deliver, self._follow)[: 4 if hands_out else 3]
            self._hand = threading.Thread(target=self._round, args=parts, name="slow path", daemon=True)
            self._hand.start()

    def finish(self) -> None:
        if self._hand:
            self._hand.join()

    def stop(self) -> None:
        """What was begun is ended, and nothing else begun."""
        self._is_to_stop = True
        self.finish()

    def _round(self, *parts: Callable[[datetime], None]) -> None:
        try:
            for part in parts:
                if self._is_to_stop:
                    return
                try:
                    part(timezone.now())
                except Exception:
                    logger.exception("the slow path's part %s went wrong", part.__name__)
        finally:
            connection.close()

    def _send(self, now: datetime) -> None:
        if pk := next(self._lately.spared("send", reconciling.ready_to_send(now), AGAIN_AFTER, now), None):
            sending.send(pk, slow_path_client())

    def _look(self, now: datetime) -> None:
        if pk := next(self._lately.spared("look", reconciling.due_for_a_look(now), AGAIN_AFTER, now), None):
            reconciling.look(pk, slow_path_client())

    def _deliver(self, now: datetime) -> None:
        if pk := next(self._lately.spared("deliver", deliveries.due(now), AGAIN_AFTER, now), None):
            deliveries.deliver(pk, channels.deliver)

    def _follow(self, now: datetime) -> None:
        """What Codat makes of a request that was sent."""
        for pk in handing_out.claim_awaited(now, limit=1):
            refresh(pk, slow_path_client())
