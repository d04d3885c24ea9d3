"""Asking Codat for a merchant's newest state, and storing it in one transaction."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later, Refused
from syncs.codat.schemas import Configuration, Connection, SyncStatus
from syncs.models import Merchant, SyncRequest
from syncs.operations import connections, health, settling, sync_rows
from syncs.operations.merchants import GONE_AT_CODAT, archive
from syncs.rules.states import State

logger = logging.getLogger(__name__)

CONFIGURATION_GOOD_FOR = timedelta(hours=24)
LOOK_AGAIN_AFTER_PROBLEM = timedelta(minutes=2)
# The merchant's columns that a refresh writes; names, tags and the archive belong to people and the import.
OWN_COLUMNS = (
    *("time_zone", "sync_hour", "start_date", "enabled", "configured_at"),
    *("health", "last_code", "last_cause", "last_message", "last_final_at", "last_pushed", "running_since", "running_code"),
    *("last_success_at", "silent_since", "failing_since", "failed_days", "switches_off_on"),
    *(
        "last_days",
        "last_days_end",
        "refreshed_at",
        "refresh_problem",
        "next_refresh_at",
        "next_refresh_reason",
    ),
    *("usual_delay_mean", "usual_delay_spread"),
)


@dataclass(frozen=True)
class Seen:
    """What Codat answered in one refresh; None is what was not asked."""

    syncs: list[SyncStatus]
    configuration: Configuration | None
    connections: list[Connection] | None


def refresh(merchant_id: int, client: CodatClient, *, thorough: bool = False) -> None:
    """Asks Codat and stores what it says. Thorough: configuration and connections too, whatever their age."""
    merchant = Merchant.objects.registered().filter(pk=merchant_id).first()
    if merchant is None:
        return
    now = timezone.now()
    try:
        seen = _look(merchant, client, now, thorough)
    except CodatError as error:
        _looked_in_vain(merchant, error, now)
    else:
        _store(merchant.pk, seen, now)


def _look(merchant: Merchant, client: CodatClient, now: datetime, thorough: bool) -> Seen:
    company_id = str(merchant.company_id)
    stale = merchant.configured_at is None or now - merchant.configured_at > CONFIGURATION_GOOD_FOR
    syncs = client.syncs(company_id)
    syncs += [found for request in _untied(merchant) if (found := _find(request, syncs, client, company_id))]
    return Seen(
        syncs=syncs,
        configuration=client.configuration(company_id) if stale or thorough else None,
        connections=client.connections(company_id) if thorough else None,
    )


def _untied(merchant: Merchant) -> list[SyncRequest]:
    """Requests whose sync at Codat is not known yet; at most one, as long as one may be active."""
    requests = merchant.requests.filter(state__in=[State.ACCEPTED, State.NEEDS_REVIEW], sync=None)
    return list(requests.exclude(commerce_sync_id=""))


def _find(
    request: SyncRequest, listed: list[SyncStatus], client: CodatClient, company_id: str
) -> SyncStatus | None:
    """The answer to a POST names `commerceSyncId`, the list names `syncId`: only the newest sync shows both."""
    upstream = request.commerce_sync_id
    if any(sync.sync_id == upstream for sync in listed):
        return None
    newest = client.newest_sync(company_id)
    if newest and newest.commerce_sync_id == upstream:
        return newest
    return client.sync_by_id(company_id, upstream)


def _looked_in_vain(merchant: Merchant, error: CodatError, now: datetime) -> None:
    if isinstance(error, Refused) and error.http_status == 404:
        archive(merchant, why=GONE_AT_CODAT, now=now)
        return
    wait = timedelta(seconds=error.retry_after) if isinstance(error, Later) else LOOK_AGAIN_AFTER_PROBLEM
    logger.warning("merchant %s: %s (correlation id %s)", merchant.pk, error.message, error.correlation_id)
    Merchant.objects.filter(pk=merchant.pk).update(
        refresh_problem=error.message[:300],
        next_refresh_at=now + wait,
        next_refresh_reason=f"asked again: {error.message}"[:200],
    )


def _store(merchant_id: int, seen: Seen, now: datetime) -> None:
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        if seen.configuration:
            _apply_configuration(merchant, seen.configuration, now)
        if seen.connections is not None:
            connections.store(merchant, seen.connections, now)
        changed = sync_rows.store(merchant, seen.syncs, now)
        tied = sync_rows.link_requests(merchant)
        if health.update(merchant, changed, [request.sync for request in tied if request.sync], now):
            Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1)
        settling.settle(merchant, now)
        health.plan_next_look(merchant, now)
        merchant.save(update_fields=OWN_COLUMNS)


def _apply_configuration(merchant: Merchant, configuration: Configuration, now: datetime) -> None:
    merchant.enabled = configuration.enabled
    merchant.time_zone = (configuration.time_zone or "")[:64]
    merchant.sync_hour = configuration.sync_hour
    merchant.start_date = configuration.start_date
    merchant.configured_at = now
