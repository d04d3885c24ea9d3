"""What a merchant's page has to be told anew for: its version, what looks at Codat leave behind, until when its
sentences are true, and the address of its poll. All of it from one query: a poll without news takes no other."""

import uuid
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from syncs import context_processors, meter, wording
from syncs.codat.statuses import status_of
from syncs.models import Activity, Connection, Merchant, SyncRequest
from syncs.operations import api_key, heartbeats, pauses, surroundings
from syncs.operations.heartbeats import Signs
from syncs.rules import salesdays
from syncs.rules.health import Health
from syncs.rules.salesdays import next_due
from syncs.views import glances
from syncs.views.access import Signed

REFRESHING = "worker refreshing"


def find(company_id: uuid.UUID) -> Merchant | None:
    """With all that a poll has to know. One query."""
    return next(iter(_rows().filter(company_id=company_id)), None)


@cache
def _rows() -> QuerySet[Merchant]:
    """Made once in each process: to make it takes longer than to ask."""
    connections = Connection.objects.filter(merchant=OuterRef("pk")).order_by("-seen_at")
    entries = Activity.objects.filter(merchant=OuterRef("pk")).order_by("-at")
    told: dict[str, Any] = {
        "connections_seen_at": Subquery(connections.values("seen_at")[:1]),
        "newest_entry": Subquery(entries.values("pk")[:1]),
    }
    return surroundings.read_with(Merchant.objects.annotate(**told))


def next_sync(merchant: Merchant, now: datetime) -> datetime | None:
    """About when the next scheduled sync ends; None where Codat has stopped trying, or has not begun."""
    if merchant.health in {Health.SWITCHED_OFF, Health.UNSEEN} or merchant.is_archived:
        return None
    linked = all(side and side.is_linked for side in (merchant.commerce, merchant.accounting))
    if merchant.health in {Health.NEVER_SYNCED, Health.NEEDS_RECONNECT} and not linked:
        return None
    if merchant.health == Health.NEEDS_RECONNECT and not status_of(merchant.last_code).plan_expired:
        return None
    due = next_due(now, merchant.zone, merchant.sync_hour or 0)
    return due + timedelta(seconds=merchant.usual_delay_mean or 0)


def true_until(merchant: Merchant, active: SyncRequest | None, now: datetime) -> datetime | None:
    """When something that the page says has to be told anew though nothing is written."""
    due = next_due(now, merchant.zone, merchant.sync_hour or 0) if next_sync(merchant, now) else None
    said = wording.true_until(active) if active else None
    return min((moment for moment in (due, said) if moment), default=None)


def version(merchant: Merchant, now: datetime) -> str:
    """Changes with what the page shows, its notices too, and with the days that the time makes pass. What else is told
    in words grows old in the browser, or is told `until` a moment; for the rest all is told anew every ten minutes, of
    each merchant at its own second."""
    checking = "checking" if merchant.is_being_checked(now) else ""
    tenth_minute = (int(now.timestamp()) + 37 * merchant.pk) // 600
    days = timezone.localdate(now), salesdays.today(merchant.zone, now)
    notices = context_processors.version(surroundings.of(merchant), now)
    facts = (notices, merchant.newest_entry, merchant.link_url, tenth_minute, days)
    return f"{merchant.version}-{glances.digest(facts)}{checking}"


def looks(merchant: Merchant, now: datetime) -> dict[str, Any]:
    """When Codat was asked, and why it will be again: all that a look changes which brings no news."""
    told = {
        "looked_at": merchant.looked_at(now),
        "is_being_checked": merchant.is_being_checked(now),
        "connections_seen_at": merchant.connections_seen_at,
        "is_refreshed": _is_refreshed(surroundings.of(merchant).signs(now)),
    }
    facts = (told, merchant.refreshed_at, merchant.next_refresh_reason, meter.trouble())
    return told | {"looks_version": glances.digest(facts)}


def _is_refreshed(signs: Signs) -> bool:
    """Whether the house looks at merchants just now, for whatever reason it would not."""
    stops = pauses.shown(signs.seen), pauses.kept(signs.seen)
    return not (
        {heartbeats.CLOCK, REFRESHING} & {*signs.silent, *signs.busy}
        or signs.is_queue_down
        or any(stop and signs.now < stop.until for stop in stops)
        or api_key.refused_since(signs.seen)
    )


def is_over(request: Signed, now: datetime) -> bool:
    """Whether a moment that the page told of has passed; the page says until when its sentences are true."""
    until = request.GET.get("until", "")
    return until.isdecimal() and float(until) <= now.timestamp()


def query(request: Signed) -> str:
    """The page's own address without the version, so that a poll finds the history as it was left.

    Which rows are open, and whether a form is, the poller reads from the page: they change in place.
    """
    query = request.GET.copy()
    for name in (
        "v",
        "looks",
        "until",
        "open",
        "unfold",
        "fold",
        "form_token",
        "aside",
        "first_day",
        "last_day",
        "month",
    ):
        query.pop(name, None)
    return f"{query.urlencode()}&" if query else ""
