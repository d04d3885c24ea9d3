"""Held in an outage: while Codat looks down for a platform, a sync of its merchants would probably fail with the rest.
None is asked for without a lead's word, and those of a bulk that were saved before it wait until it is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from syncs.models import Connection, Heartbeat, Merchant, Outage, SyncRequest
from syncs.operations import heartbeats
from syncs.rules.states import State

LEADS_ONLY = "Held until the outage is over. Only a lead may run it before."
SAY_WHY = "If it helps now, say why."


# An outage ends only where a clock sees that it does: after so long without one it forbids nothing.
FOLLOWED = timedelta(minutes=10)
TRIED_EVERY = timedelta(minutes=5)
NOBODY_KNOWS = (
    "None of them has run for half an hour, so nobody knows whether it is over. "
    "One of those that wait is tried every 5 minutes."
)


def standing() -> list[Outage]:
    """One query; the worst comes first."""
    return list(_followed().order_by("-failed", "pk"))


def _followed() -> QuerySet[Outage]:
    stopped = Heartbeat.objects.filter(name=heartbeats.CLOCK, at__lt=timezone.now() - FOLLOWED)
    return Outage.objects.standing().exclude(Exists(stopped))


def hold_on(merchant: Merchant, outages: Sequence[Outage]) -> Outage | None:
    """The outage that this merchant's platforms are in, if any. Asks nothing more while none stands."""
    if not outages:
        return None
    sides = (merchant.commerce, merchant.accounting)
    platforms = {(side.side, side.platform_name) for side in sides if side}
    return next((each for each in outages if (each.side, each.platform_name) in platforms), None)


def marked(connections: QuerySet[Connection]) -> QuerySet[Connection]:
    """With the number of the outage that each is in (`marked_of`): of many merchants that is no query of its own."""
    theirs = _followed().filter(side=OuterRef("side"), platform_name=OuterRef("platform_name"))
    return connections.annotate(outage=Subquery(theirs.values("pk")[:1]))


def marked_of(merchant: Merchant) -> Connection | None:
    """The connection of a merchant, as read with the marks, that is in an outage."""
    sides = (merchant.commerce, merchant.accounting)
    return next((side for side in sides if side and vars(side)["outage"]), None)


def in_the_way_of(request: SyncRequest, now: datetime) -> str:
    """Why this one of a bulk must not go now; empty when it may. A single press is somebody's who waits for its result,
    and was told; what bears a lead's word goes in spite of the outage that the word was about, and of no other."""
    if request.bulk is None:
        return ""
    outage = hold_on(request.merchant, [each for each in _others(request) if not _may_try(each, now)])
    return f"{looks_down(outage.platform_name)}." if outage else ""


def in_the_way_of_the_claim(request: SyncRequest, now: datetime) -> str:
    """The same in its transaction, and the last word: of those that may be tried one takes the turn, the next has
    one later."""
    if why := in_the_way_of(request, now):
        return why
    if request.bulk is None or not (outage := hold_on(request.merchant, _others(request))):
        return ""
    turn = Outage.objects.standing().filter(pk=outage.pk, try_from__lte=now)
    return "" if turn.update(try_from=now + TRIED_EVERY) else f"{looks_down(outage.platform_name)}."


def _others(request: SyncRequest) -> list[Outage]:
    return [each for each in standing() if each.pk != request.in_spite_of_id]


def _may_try(outage: Outage, now: datetime) -> bool:
    return outage.try_from is not None and outage.try_from <= now


def some_wait_for(outage: Outage) -> bool:
    """Whether one of a bulk would go if this one were over."""
    theirs = Connection.objects.filter(merchant=OuterRef("merchant"), gone_at=None)
    struck = theirs.filter(side=outage.side, platform_name=outage.platform_name, status="Linked")
    queued = SyncRequest.objects.filter(state=State.QUEUED, bulk__isnull=False).exclude(in_spite_of=outage)
    return queued.filter(Exists(struck), ~Exists(theirs.exclude(status="Linked"))).exists()


def looks_down(platform: str) -> str:
    return f"Codat looks down for {platform} merchants"


def known_of(outage: Outage) -> str:
    if outage.is_quiet:
        return NOBODY_KNOWS
    ran = f"Of the {outage.ran:,} that ran within the last hour"
    return f"{ran}, {outage.failed:,} failed with {outage.code}."
