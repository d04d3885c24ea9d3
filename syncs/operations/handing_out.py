"""Which merchants the workers look at next. Each is claimed, so that two clocks never hand out one twice."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from syncs.models import Merchant, SyncRequest

# A look that was handed out and then lost (a worker killed, a message gone) is handed out again after this.
LEASE = timedelta(minutes=2)
# Of so many looks, one is left to those that never had one.
NEW_ONE_IN = 4
HANDED_OUT = "being asked now"
# Who has a merchant's page open sees no older state; while a sync runs there, hardly any older.
WATCHED_EVERY, WATCHED_RUNNING_EVERY = timedelta(minutes=1), timedelta(seconds=5)


def claim_due_merchants(now: datetime, limit: int, watched: Collection[int] = ()) -> list[int]:
    """The most urgent merchants, as many as the budget allows; their next look is put off while they are held.

    The rows are locked, and those that another clock has just locked are passed over (SQLite has one writer anyway).
    """
    if limit < 1 or not any(rows.exists() for rows, _ in _most_urgent_first(now, limit, watched)):
        return []
    with transaction.atomic():
        claimed: list[int] = []
        for rows, at_most in _most_urgent_first(now, limit, watched):
            claimed += _lock(rows.exclude(pk__in=claimed), min(at_most, limit - len(claimed)))
        Merchant.objects.filter(pk__in=claimed).update(
            next_refresh_at=now + LEASE, next_refresh_reason=HANDED_OUT
        )
    return claimed


def give_back(pks: list[int], now: datetime) -> None:
    """What was claimed at this moment and could not be handed out: it is due, and nobody has to wait for the lease."""
    held = Merchant.objects.filter(pk__in=pks, next_refresh_at=now + LEASE, next_refresh_reason=HANDED_OUT)
    held.update(next_refresh_at=now, next_refresh_reason="asked again: the queue was down")


def _most_urgent_first(
    now: datetime, limit: int, watched: Collection[int]
) -> Iterator[tuple[QuerySet[Merchant], int]]:
    """Each with how many at most: who waits for a sync of ours, archived or not; who is looked at by a person; and
    then the most overdue. Who was never looked at, thousands after an import, leaves most to those who were.
    """
    awaited = SyncRequest.objects.active().values("merchant")
    of_ours = Merchant.objects.filter(pk__in=awaited, next_refresh_at__lte=now)
    yield of_ours.order_by("next_refresh_at", "pk"), limit
    if watched:
        yield _watched(now, watched), limit
    due = Merchant.objects.due_for_a_look(now)
    yield due.exclude(refreshed_at=None), limit - limit // NEW_ONE_IN
    yield due, limit


def _watched(now: datetime, pks: Collection[int]) -> QuerySet[Merchant]:
    old = Q(refreshed_at__lt=now - WATCHED_EVERY)
    old |= Q(refreshed_at__lt=now - WATCHED_RUNNING_EVERY, running_since__isnull=False)
    held = Q(next_refresh_at__gt=now, next_refresh_reason=HANDED_OUT)
    return Merchant.objects.registered().filter(old, pk__in=pks).exclude(held).order_by("refreshed_at", "pk")


def _lock(rows: QuerySet[Merchant], count: int) -> list[int]:
    return (
        list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:count]) if count else []
    )
