"""Held in an outage: while Codat looks down for a platform, a sync of its merchants would probably fail with the rest.
None is asked for without a lead's word, and those of a bulk that were saved before it wait until it is over.

Where none has run for so long that nobody knows whether it is over, a press may be made again, and of those of a bulk
that wait one after the other is tried.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from syncs.models import Connection, Heartbeat, Merchant, Outage, SyncRequest
from syncs.operations import heartbeats, sides
from syncs.rules.states import State

LEADS_ONLY = "Held until the outage is over. Only a lead may run it before."
SAY_WHY = "If it helps now, say why."
# An outage ends only where a clock sees that it does: after so long without one it forbids nothing.
FOLLOWED = timedelta(minutes=10)
TRIED_EVERY = timedelta(minutes=5)
NOBODY_KNOWS = (
    "None of them has run for half an hour, so nobody knows whether it is over. "
    "Of a bulk that waits, one is tried every 5 minutes."
)


class Mark(NamedTuple):
    """Of a merchant in an outage, or in two of them."""

    platform: str
    number: int
    """Of the newest; a word that lifts it lifts those before it too."""


def standing() -> list[Outage]:
    """One query; the worst comes first."""
    return list(_followed().order_by("-failed", "pk"))


def forbidding() -> list[Outage]:
    """The same, but those that are quiet."""
    return list(_followed().filter(try_from=None).order_by("-failed", "pk"))


def _followed() -> QuerySet[Outage]:
    stopped = Heartbeat.objects.filter(name=heartbeats.CLOCK, at__lt=timezone.now() - FOLLOWED)
    return Outage.objects.standing().exclude(Exists(stopped))


def is_followed(seen: Mapping[str, datetime], now: datetime) -> bool:
    """The same from the signs of life that are read already."""
    clock = seen.get(heartbeats.CLOCK)
    return clock is None or clock >= now - FOLLOWED


def hold_on(merchant: Merchant, outages: Sequence[Outage]) -> Outage | None:
    """The worst outage that this merchant's platforms are in, if any. Asks nothing more while none stands."""
    return next(iter(_all_on(merchant, outages)), None)


def number_of(merchant: Merchant, outages: Sequence[Outage]) -> int:
    return max((outage.pk for outage in _all_on(merchant, outages)), default=0)


def _all_on(merchant: Merchant, outages: Sequence[Outage]) -> list[Outage]:
    if not outages:
        return []
    theirs = (merchant.commerce, merchant.accounting)
    platforms = {(each.side, each.platform_name) for each in theirs if each}
    return [each for each in outages if (each.side, each.platform_name) in platforms]


def marked(connections: QuerySet[Connection]) -> QuerySet[Connection]:
    """With the number of the outage that each is in (`mark_of`): of many merchants that is no query of its own."""
    theirs = _followed().filter(side=OuterRef("side"), platform_name=OuterRef("platform_name"), try_from=None)
    return connections.annotate(outage=Subquery(theirs.values("pk")[:1]))


def mark_of(merchant: Merchant) -> Mark | None:
    """Of a merchant whose connections were read with the marks."""
    theirs = [each for each in (merchant.commerce, merchant.accounting) if each and vars(each)["outage"]]
    return Mark(theirs[0].platform_name, max(vars(each)["outage"] for each in theirs)) if theirs else None


def in_the_way_of(request: SyncRequest, now: datetime) -> str:
    """Why this one of a bulk must not go now; empty when it may. A single press is somebody's who waits for its result,
    and was told; what bears a lead's word goes in spite of the outages that stood when it was given."""
    if request.bulk is None:
        return ""
    outage = hold_on(request.merchant, [each for each in _later(request) if not _may_try(each, now)])
    return _why_held(outage) if outage else ""


def in_the_way_of_the_claim(request: SyncRequest, now: datetime) -> str:
    """The same in its transaction, and the last word: of those that may be tried one takes the turn, the next has
    one later."""
    if why := in_the_way_of(request, now):
        return why
    if request.bulk is None or not (outage := hold_on(request.merchant, _later(request))):
        return ""
    turn = Outage.objects.standing().filter(pk=outage.pk, try_from__lte=now)
    return "" if turn.update(try_from=now + TRIED_EVERY) else _why_held(outage)


def _later(request: SyncRequest) -> list[Outage]:
    return [each for each in standing() if each.pk > (request.in_spite_of_id or 0)]


def _may_try(outage: Outage, now: datetime) -> bool:
    return outage.try_from is not None and outage.try_from <= now


def some_wait_for(outage: Outage) -> bool:
    """Whether one of a bulk would go if this one were over."""
    other = next(
        side for side in (Connection.Side.COMMERCE, Connection.Side.ACCOUNTING) if side != outage.side
    )
    queued = SyncRequest.objects.filter(
        state=State.QUEUED, bulk__isnull=False, merchant__running_since=None
    ).exclude(in_spite_of__gte=outage.pk)
    linked = queued.annotate(
        theirs=sides.platform(outage.side, linked=True), other=sides.platform(other, linked=True)
    )
    return linked.filter(theirs=outage.platform_name, other__isnull=False).exists()


def looks_down(platform: str) -> str:
    return f"Codat looks down for {platform} merchants"


def _why_held(outage: Outage) -> str:
    if outage.is_quiet:
        return f"Codat was down for {outage.platform_name} merchants: one is tried at a time."
    return f"{looks_down(outage.platform_name)}."


def known_of(outage: Outage) -> str:
    ran = f"Of the {outage.ran:,} that ran within the last hour"
    return f"{ran}, {outage.failed:,} failed with {outage.code}."
