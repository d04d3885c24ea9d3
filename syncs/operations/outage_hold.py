"""Held in an outage: while Codat looks down for a platform, a sync of its merchants would probably fail with the rest.
None is asked for without a lead's word, and those of a bulk that were saved before it wait until it is over."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from syncs.models import Connection, Heartbeat, Merchant, Outage, SyncRequest
from syncs.operations import heartbeats

LEADS_ONLY = "Held until the outage is over. Only a lead may run it before."
SAY_WHY = "If it helps now, say why."


# An outage ends only where a clock sees that it does: after so long without one it forbids nothing.
FOLLOWED = timedelta(minutes=10)


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


def in_the_way_of(request: SyncRequest) -> str:
    """Why this one of a bulk must not go now; empty when it may. A single press is somebody's who waits for its result,
    and was told; what bears a word of why it helps now goes too."""
    if request.bulk is None or request.override_reason:
        return ""
    outage = hold_on(request.merchant, standing())
    return f"{looks_down(outage.platform_name)}." if outage else ""


def looks_down(platform: str) -> str:
    return f"Codat looks down for {platform} merchants"


def known_of(outage: Outage) -> str:
    ran = f"Of the {outage.ran:,} that ran within the last hour"
    return f"{ran}, {outage.failed:,} failed with {outage.code}."
