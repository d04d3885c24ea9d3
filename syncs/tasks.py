"""Celery's doorways: an id comes in, one operation is called. A message is only a nudge; the row is the truth."""

import logging
from datetime import datetime
from functools import cache, partial
from typing import Any

from celery import Task, current_app, shared_task
from celery.signals import worker_init, worker_ready
from django.db import DatabaseError, transaction
from django.utils import timezone
from kombu.pools import producers

from syncs import sign_of_life
from syncs.channels import deliver as by_its_channel
from syncs.clients import codat_client
from syncs.models import Delivery, Merchant, SyncRequest
from syncs.operations import deliveries, handing_out, heartbeats, importing, reconciling, sending
from syncs.operations.refresh import refresh as refresh_merchant
from syncs.unguarded import freeze_if_unguarded

logger = logging.getLogger(__name__)

# Seconds that a page may wait for a broker that does not answer.
PATIENCE = 1
IMPATIENT = {
    "socket_timeout": PATIENCE,
    "socket_connect_timeout": PATIENCE,
    "connect_retries_timeout": PATIENCE,
    "retry_on_timeout": False,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}


@shared_task
def send(request_id: int) -> None:
    sending.send(request_id, codat_client())


@shared_task
def look(request_id: int) -> None:
    reconciling.look(request_id, codat_client())


@shared_task
def refresh(merchant_id: int) -> None:
    refresh_merchant(merchant_id, codat_client())


@shared_task
def read_companies() -> None:
    importing.read_connections(codat_client())


@shared_task
def import_companies(run_id: int) -> None:
    importing.carry_out(run_id, codat_client())


@shared_task
def deliver(delivery_id: int) -> None:
    deliveries.deliver(delivery_id, by_its_channel)


@shared_task
def beat(queue: str) -> None:
    """Proves that a worker has a hand free for this queue, which a living process alone would not."""
    heartbeats.beat(heartbeats.free_hand(queue))


@worker_init.connect
def begin_to_live(**_: Any) -> None:
    """Before the queue is found: a worker that waits for it is not hung."""
    sign_of_life.give()


@worker_init.connect
def send_nothing_unguarded(**_: Any) -> None:
    """Before the first message: the clock looks too, but may be away."""
    try:
        freeze_if_unguarded(timezone.now())
    except DatabaseError as error:
        logger.warning("cannot look for the database's guards: %s", type(error).__name__)


@worker_ready.connect
def begin_to_beat(sender: Any, **_: Any) -> None:
    """Comes again whenever the worker finds the queue again. It begins with all hands free."""
    for queue in set(heartbeats.QUEUES).intersection(sender.app.amqp.queues.consume_from):
        _beating(f"worker {queue}")
        heartbeats.beat(f"worker {queue}")
        heartbeats.beat(heartbeats.free_hand(queue))


@cache
def _beating(part: str) -> heartbeats.Beating:
    thread = heartbeats.Beating(part, partial(heartbeats.beat, part))
    thread.start()
    return thread


def send_soon(request: SyncRequest) -> None:
    """On commit. A broker that is down is logged, not shown: the clock finds the row."""

    def nudge_sender() -> None:
        nudge(send, request.pk)

    transaction.on_commit(nudge_sender, robust=True)


def refresh_soon(merchant: Merchant, claimed_at: datetime) -> None:
    """On commit. What a broker that is down does not take is due again, for whoever hands out next."""

    def nudge_refresher() -> None:
        if not nudge(refresh, merchant.pk):
            handing_out.give_back([merchant.pk], claimed_at)

    transaction.on_commit(nudge_refresher, robust=True)


def deliver_soon(delivery: Delivery) -> None:
    """On commit. A broker that is down is logged, not shown: the clock finds the row."""

    def nudge_deliverer() -> None:
        nudge(deliver, delivery.pk)

    transaction.on_commit(nudge_deliverer, robust=True)


def nudge(task: "Task[..., None]", *args: Any, queue: str = "", expires: float = 60, **kwargs: Any) -> bool:
    """Publishes, once and without waiting for a broker that is down; False when it is."""
    route = {"queue": queue} if queue else {}
    try:
        with _producers().acquire(block=True, timeout=PATIENCE) as producer:
            task.apply_async(args, kwargs, expires=expires, retry=False, producer=producer, **route)  # type: ignore[arg-type]
    except Exception as error:  # kombu and redis raise many kinds; none may reach a page
        logger.warning("the queue does not take %s: %s", task.name, type(error).__name__)
        return False
    return True


@cache
def _producers() -> Any:
    """Connections of our own: with the patience that workers need, a press would wait for half a minute."""
    return producers[current_app.connection_for_write(transport_options=IMPATIENT)]
