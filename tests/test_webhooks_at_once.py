"""Codat sends four at a time, and the same one twice: each counts once, and all move one look."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from syncs.codat.webhooks import Event
from syncs.models import Merchant, Webhook
from syncs.operations import webhooks
from tests.factories import make_merchant

pytestmark = [pytest.mark.slow, pytest.mark.race, pytest.mark.django_db(transaction=True)]
THREADS = 8


def at_once(work: Callable[[int], Any]) -> list[Any]:
    done: list[Any] = []
    ready = threading.Barrier(THREADS)

    def run(number: int) -> None:
        try:
            ready.wait()
            done.append(work(number))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_one_message_that_comes_many_times_at_once_counts_once() -> None:
    merchant = make_merchant()
    for number in range(20):
        event = Event(f"msg_{number}", "connection.deleted", str(merchant.company_id))
        heard = at_once(lambda _, event=event: webhooks.hear(event, timezone.now()))  # type: ignore[misc]
        assert sorted(heard) == [False] * (THREADS - 1) + [True]
    assert Webhook.objects.count() == 20


def test_many_messages_about_one_merchant_move_its_look_once() -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    merchant = make_merchant(refreshed_at=long_ago, next_refresh_at=None)
    now = timezone.now()
    heard = at_once(
        lambda number: webhooks.hear(
            Event(f"msg_{number}", "connection.deleted", str(merchant.company_id)), now
        )
    )
    assert heard == [True] * THREADS
    after = Merchant.objects.get()
    # The look that the first one asked for meets the others too.
    assert (after.next_refresh_at, after.told_at) == (now, now)
