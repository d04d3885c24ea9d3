"""Celery's doorways: an id comes in, one operation is called. A message is only a nudge; the row is the truth."""

import logging
import os
import socket
from typing import Any

from celery import Task, shared_task
from django.db import transaction

from syncs.clients import codat_client
from syncs.models import Merchant, SyncRequest
from syncs.operations import heartbeats, importing, sending
from syncs.operations.refresh import refresh as refresh_merchant

logger = logging.getLogger(__name__)

QUEUES = ("sending", "refreshing")


@shared_task
def send(request_id: int) -> None:
    sending.send(request_id, codat_client())


@shared_task
def refresh(merchant_id: int, thorough: bool = False) -> None:
    refresh_merchant(merchant_id, codat_client(), thorough=thorough)


@shared_task
def read_companies() -> None:
    importing.read_connections(codat_client())


@shared_task
def import_companies(run_id: int) -> None:
    importing.carry_out(run_id, codat_client())


@shared_task
def beat(queue: str) -> None:
    """Proves that somebody takes work from this queue, which a living process alone would not."""
    heartbeats.beat(f"worker {queue}", host=socket.gethostname(), pid=os.getpid())


def send_soon(request: SyncRequest) -> None:
    """On commit. A broker that is down is logged, not shown: the clock finds the row."""

    def nudge_sender() -> None:
        nudge(send, request.pk)

    transaction.on_commit(nudge_sender, robust=True)


def refresh_soon(merchant: Merchant) -> None:
    def nudge_refresher() -> None:
        nudge(refresh, merchant.pk, thorough=True)

    transaction.on_commit(nudge_refresher, robust=True)


def nudge(task: "Task[..., None]", *args: Any, queue: str = "", expires: float = 60, **kwargs: Any) -> bool:
    """Publishes, once and without waiting for a broker that is down; False when it is."""
    route = {"queue": queue} if queue else {}
    try:
        task.apply_async(args, kwargs, expires=expires, retry=False, **route)  # type: ignore[arg-type]
    except Exception as error:  # kombu and redis raise many kinds; none may reach a page
        logger.warning("the queue does not take %s: %s", task.name, type(error).__name__)
        return False
    return True
