"""Which merchants the workers look at next. Each is claimed, so that two clocks never hand out one twice."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Q, QuerySet, Value, When

from syncs.models import Merchant, SyncRequest
from syncs.models.merchant import CLOCKS_DIFFER

# A look that was handed out and then lost (a worker killed, a message gone) is handed out again after this. No look
# takes so long: a minute in the queue at most; calls begun within 150 seconds (refresh.CALLS_BEGIN_WITHIN), the last of
# which takes at most 75 (client.LONGEST_CALL); then storing, where a first look at a flood takes some twenty seconds.
LEASE = timedelta(minutes=6)
# Of so many looks, one is left to those for whom nobody waits; and of those, one to those that never had one.
LEFT_ONE_IN = 3
HANDED_OUT = "being asked now"
# What follows is why: somebody wanted a look while another one was under way, whose answer may be older than the wish.
AND_AGAIN = f"{HANDED_OUT}, and again after that: "
IN_VAIN = "asked again after a look in vain"
# Who has a merchant's page open sees no older state; while a sync runs there, hardly any older.
WATCHED_EVERY, WATCHED_RUNNING_EVERY = timedelta(minutes=1), timedelta(seconds=5)


def claim_due_merchants(now: datetime, limit: int, watched: Collection[int] = ()) -> list[int]:
    """The most urgent merchants, as many as the budget allows; their next look is put off while they are held.

    First who waits for a sync of ours, archived or not, and who is looked at by a person; then the most overdue. But
    nobody takes it all: some turns are left to the overdue, and of these some to those that were never looked at.
    """
    urgent = [_of_ours(now), _watched(now, watched)] if watched else [_of_ours(now)]
    due = Merchant.objects.due_for_a_look(now).exclude(pk__in=_awaited())
    if limit < 1 or not any(rows.exists() for rows in (*urgent, due)):
        return []
    second = int(now.timestamp())
    with transaction.atomic():
        claimed: list[int] = []
        for rows in urgent:
            _claim(rows, claimed, limit - _turns(limit, second))
        known, new = due.exclude(refreshed_at=None), due.filter(refreshed_at=None)
        _claim(known, claimed, limit - _turns(limit - len(claimed), second // LEFT_ONE_IN))
        for rows in (new, known, *urgent):
            _claim(rows, claimed, limit)
        Merchant.objects.filter(pk__in=claimed).update(**claim(now))
    return claimed


def claim_awaited(now: datetime, limit: int) -> list[int]:
    """Only merchants that wait for a sync of ours: all that may be asked about while no budget is shared."""
    claimed: list[int] = []
    if not _of_ours(now).exists():
        return claimed
    with transaction.atomic():
        _claim(_of_ours(now), claimed, limit)
        Merchant.objects.filter(pk__in=claimed).update(**claim(now))
    return claimed


def claim(now: datetime) -> dict[str, Any]:
    """What to write into the row of a merchant that nobody holds, and that is handed out now."""
    return {"next_refresh_at": now + LEASE, "next_refresh_reason": HANDED_OUT}


def first_in_line(now: datetime, why: str) -> dict[str, Any]:
    """What to write into the row of a merchant that is to be asked at once, whether or not somebody holds it.

    Who is being asked is handed to nobody else, and asked again after that look.
    """
    at = Case(
        When(held(now), then=F("next_refresh_at")),
        default=Value(now, output_field=DateTimeField()),
    )
    reason = Case(When(held(now), then=Value(f"{AND_AGAIN}{why}"[:200])), default=Value(why[:200]))
    return {"next_refresh_at": at, "next_refresh_reason": reason}


def wanted_again(merchant: Merchant) -> str:
    """Why this merchant is to be asked again after the look that ends now; empty when it is not."""
    return merchant.next_refresh_reason.partition(AND_AGAIN)[2]


def give_back(pks: list[int], now: datetime) -> None:
    """What was claimed at this moment and could not be handed out: it is due, and nobody has to wait for the lease."""
    theirs = Merchant.objects.filter(held(now), pk__in=pks, next_refresh_at=now + LEASE)
    theirs.update(next_refresh_at=now, next_refresh_reason="asked again: the queue was down")


def leave_alone(pk: int, now: datetime) -> None:
    """Nobody is to ask about it. Who is asking just now keeps it until that look ends, also where it is then wanted."""
    rest = Merchant.objects.filter(pk=pk).exclude(held(now))
    rest.update(next_refresh_at=None, next_refresh_reason="")


def held(now: datetime) -> Q:
    """Those that somebody is looking at."""
    return Q(next_refresh_at__gt=now, next_refresh_reason__startswith=HANDED_OUT)


def is_held(merchant: Merchant, now: datetime) -> bool:
    at = merchant.next_refresh_at
    return at is not None and at > now and merchant.next_refresh_reason.startswith(HANDED_OUT)


def _awaited() -> QuerySet[SyncRequest, Any]:
    return SyncRequest.objects.active().values("merchant")


def _of_ours(now: datetime) -> QuerySet[Merchant]:
    rows = Merchant.objects.filter(pk__in=_awaited(), next_refresh_at__lte=now)
    return rows.order_by("next_refresh_at", "pk")


def _watched(now: datetime, pks: Collection[int]) -> QuerySet[Merchant]:
    """An open page is no reason to ask again and again where the last look failed."""
    old = Q(refreshed_at__lt=now - WATCHED_EVERY)
    # Nobody knows how old these are, and the next look may be dated by the same wrong clock: each has its second.
    in_turn = [pk for pk in pks if (pk + int(now.timestamp())) % WATCHED_EVERY.seconds == 0]
    old |= Q(refreshed_at__gt=now + CLOCKS_DIFFER, pk__in=in_turn)
    old |= Q(refreshed_at__lt=now - WATCHED_RUNNING_EVERY, running_since__isnull=False)
    failed = Q(next_refresh_at__gt=now, next_refresh_reason__startswith=IN_VAIN)
    rows = Merchant.objects.registered().filter(old, pk__in=pks).exclude(held(now) | failed)
    return rows.order_by("refreshed_at", "pk")


def _turns(count: int, number: int) -> int:
    """How many of these are left in the turn of this number: one in so many, also where each turn has but one."""
    return (number + 1) * count // LEFT_ONE_IN - number * count // LEFT_ONE_IN


def _claim(rows: QuerySet[Merchant], claimed: list[int], up_to: int) -> None:
    """More of these, until so many are claimed in all."""
    if (count := up_to - len(claimed)) > 0:
        free = rows.exclude(pk__in=claimed).select_for_update(skip_locked=True)
        claimed += free.values_list("pk", flat=True)[:count]
