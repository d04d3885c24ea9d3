"""Delivers what is due, beside the answers and without holding them up; by the sandbox's own clock.

At least once: a process killed between a POST and its note sends the same message, with the same id, again.
"""

import asyncio
import traceback
from datetime import timedelta

from sandbox.exchange import JSON
from sandbox.webhooks import consumers
from sandbox.webhooks.consumers import Consumer
from sandbox.webhooks.outbox import Delivery, Outbox
from sandbox.webhooks.posting import Result, is_sent_to, post
from sandbox.webhooks.signing import signature
from sandbox.world import World

WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
)
"""From each failure to the next try (Codat docs)."""
PATIENCE = timedelta(days=5)
"""Of nothing but failures, after which a consumer is disabled (Codat docs)."""
TICK = 0.1
"""Seconds between two looks at the clock, which a test may have moved."""
AT_ONCE = 4
"""Deliveries in flight to one consumer."""
_MESSAGES_AT_ONCE = 200


class Courier:
    def __init__(self, world: World, tick: float = TICK) -> None:
        self._world = world
        self._tick = tick
        self._outbox = Outbox(world.store)
        self._flying: dict[int, tuple[str, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Until it is cancelled; what is in flight then is sent again after a restart."""
        try:
            while True:
                self._look()
                await asyncio.sleep(self._tick)
        finally:
            for _, task in self._flying.values():
                task.cancel()

    def _look(self) -> None:
        try:
            self._address()
            self._send_due()
        except Exception:
            # A courier that is dead would be silent.
            traceback.print_exc()
            self._world.store.rollback()

    def _address(self) -> None:
        messages = self._outbox.unaddressed(self._world.now(), _MESSAGES_AT_ONCE)
        known = consumers.everyone(self._world) if messages else []
        for message in messages:
            wanting = [each for each in known if each.wants(message.event_type, message.tags, message.at)]
            self._outbox.address(
                message,
                [each.id for each in wanting if is_sent_to(each.url)],
                unsent=[each.id for each in wanting if not is_sent_to(each.url)],
            )
        if messages:
            self._outbox.forget_old()
            self._world.store.commit()

    def _send_due(self) -> None:
        for consumer in consumers.everyone(self._world):
            flying = sum(consumer.id == other for other, _ in self._flying.values())
            if consumer.disabled or flying == AT_ONCE:
                continue
            for delivery in self._outbox.due(consumer.id, self._world.now(), AT_ONCE):
                if delivery.n not in self._flying and flying < AT_ONCE:
                    flying += 1
                    self._flying[delivery.n] = (
                        consumer.id,
                        asyncio.create_task(self._deliver(delivery, consumer)),
                    )

    async def _deliver(self, delivery: Delivery, consumer: Consumer) -> None:
        try:
            result = await post(consumer.url, self._headers(delivery, consumer), delivery.body)
            self._note(delivery, result)
        except Exception:
            traceback.print_exc()
            self._world.store.rollback()
        finally:
            self._flying.pop(delivery.n, None)

    def _headers(self, delivery: Delivery, consumer: Consumer) -> dict[str, str]:
        """The time of this try; the id of every try."""
        timestamp = int(self._world.now().timestamp())
        secrets = consumer.good_secrets(timestamp)
        three = {
            "id": delivery.message_id,
            "timestamp": str(timestamp),
            "signature": signature(secrets, delivery.message_id, timestamp, delivery.body),
        }
        switch = self._world.switches.webhook_headers
        prefixes = ("webhook", "svix") if switch == "both" else (switch,)
        named = {f"{prefix}-{name}": value for prefix in prefixes for name, value in three.items()}
        return {"Content-Type": JSON, **named}

    def _note(self, delivery: Delivery, result: Result) -> None:
        """What became of a try, counted from now; the consumer may have gone in the meantime."""
        now, tries = self._world.now(), len(delivery.attempts)
        attempt = {"at": now.isoformat(), "status": result.status, "error": result.error}
        consumer = consumers.found(self._world, delivery.consumer_id)
        if result.is_success:
            self._outbox.note(delivery, attempt, "delivered", now)
        elif consumer is None or tries == len(WAITS):
            self._outbox.note(delivery, attempt, "failed", now)
        else:
            self._outbox.note(delivery, attempt, "waiting", now + WAITS[tries])
        if consumer:
            self._judge(consumer, result)
        self._world.store.commit()

    def _judge(self, consumer: Consumer, result: Result) -> None:
        if result.is_success:
            consumers.succeeded(self._world, consumer)
            return
        consumers.failed(self._world, consumer, self._world.now(), PATIENCE)
        after = consumers.found(self._world, consumer.id)
        if after and after.disabled:
            self._outbox.drop(consumer.id)
