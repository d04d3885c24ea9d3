"""Which merchants the workers look at next. Each is claimed, so that two clocks never hand out one twice."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from syncs.models import Merchant, SyncRequest

# A look that was handed out and then lost (a worker killed, a message gone) is handed out again after this.
LEASE = timedelta(minutes=2)


def claim_due_merchants(now: datetime, limit: int) -> list[int]:
    """The most urgent merchants, as many as the budget allows; their next look is put off while they are held."""
    claimed = []
    due = Merchant.objects.due_for_a_look(now).values_list("pk", "next_refresh_at")
    for pk, due_at in [*_left_running(now), *due[:limit]][:limit]:
        mine = Merchant.objects.filter(pk=pk, next_refresh_at=due_at).update(next_refresh_at=now + LEASE)
        if mine == 1:
            claimed.append(pk)
    return claimed


def give_back(pks: list[int], now: datetime) -> None:
    """What was claimed at this moment and could not be handed out: it is due, and nobody has to wait for the lease."""
    Merchant.objects.filter(pk__in=pks, next_refresh_at=now + LEASE).update(next_refresh_at=now)


def _left_running(now: datetime) -> Iterable[tuple[int, datetime | None]]:
    """Archived, with a request that is not at its end: its result is worth knowing all the same. They are few."""
    running = SyncRequest.objects.active().filter(merchant__archived_at__isnull=False)
    merchants = Merchant.objects.filter(pk__in=running.values("merchant"), next_refresh_at__lte=now)
    return merchants.values_list("pk", "next_refresh_at")
