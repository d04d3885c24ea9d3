"""Asking Codat for a merchant's newest state, and storing it in one transaction."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later, NotSent, Refused
from syncs.codat.schemas import Configuration, Connection, SyncStatus
from syncs.codat.shortening import shortened
from syncs.models import Merchant, SyncRequest
from syncs.operations import (
    api_key,
    connections,
    corrections,
    handing_out,
    health,
    settling,
    silence,
    sync_rows,
    webhooks,
)
from syncs.operations.gone import archive_unless_many, says_no_company
from syncs.rules import attention

logger = logging.getLogger(__name__)

CONNECTIONS_GOOD_FOR = timedelta(hours=1)
SOUGHT_AFTER_ITS_END = timedelta(hours=24)
# Seconds of a look in which it begins calls; what is left to ask then waits for the next look. So it ends while its
# merchant is held for it (handing_out.LEASE), also where Codat takes all the time that each call may have.
CALLS_BEGIN_WITHIN = 150.0
# Our pace keeps nobody waiting for longer; a pause of all calls does.
A_MOMENT = timedelta(seconds=10)
# Nulls for everything: that Codat told no schedule is not the same as that there is none.
NOTHING_TOLD = (None, "", None, None)
# The merchant's columns that a refresh writes; names, tags and the archive belong to people and the import.
OWN_COLUMNS = (
    *("time_zone", "sync_hour", "start_date", "enabled", "switched_on_at", "configured_at"),
    *health.SAVED,
    *("refreshed_at", "refresh_problem"),
    *("next_refresh_at", "next_refresh_reason", "told_at", "usual_delay_mean", "usual_delay_spread"),
)


@dataclass(frozen=True)
class Seen:
    """What Codat answered in one refresh; None is what was not asked, or not answered."""

    syncs: list[SyncStatus]
    configuration: Configuration | None
    connections: list[Connection] | None


def refresh(merchant_id: int, client: CodatClient) -> None:
    """Asks Codat and stores what it says. Where a person asked for it: configuration and connections too.

    An archived merchant is looked at only as long as a request of it is active.
    """
    merchant = Merchant.objects.filter(pk=merchant_id).first()
    if merchant is None:
        return
    now = timezone.now()
    if merchant.is_archived and not merchant.requests.active().exists():
        _end_without_a_look(merchant, now)
        return
    try:
        seen = _look(merchant, client, now)
    except CodatError as error:
        _looked_in_vain(merchant, error, now, timezone.now())
    else:
        _store(merchant.pk, seen, now)


def _look(merchant: Merchant, client: CodatClient, now: datetime) -> Seen:
    is_asked_for = merchant.is_asked_for(now)
    until = time.monotonic() + CALLS_BEGIN_WITHIN
    syncs = client.syncs(str(merchant.company_id))
    found = [_find(request, syncs, merchant, client, until) for request in _sought(merchant, now)]
    stale = attention.is_stale(merchant.configured_at, health.facts_of(merchant), now)
    return Seen(
        # What was found was asked for later than the list, so it comes first: the newest word counts.
        syncs=[*(sync for sync in found if sync), *syncs],
        configuration=_configuration(merchant, client, until) if stale or is_asked_for else None,
        connections=(
            _connections(merchant, client, until) if is_asked_for or _is_wanted(merchant, now) else None
        ),
    )


def _is_wanted(merchant: Merchant, now: datetime) -> bool:
    """Codat told of a change, or it was registered or restored by hand, without a recent word about its connections.

    An import brings one.
    """
    if webhooks.is_news(merchant, now):
        return True
    lately = merchant.connections.filter(seen_at__gt=now - CONNECTIONS_GOOD_FOR)
    return merchant.refreshed_at is None and not lately.exists()


def _sought(merchant: Merchant, now: datetime) -> list[SyncRequest]:
    """Those whose sync is asked for by its id: the active one, and for a day what a lead says never ran."""
    untied = sync_rows.untied(merchant)
    return [
        each for each in untied if each.finished_at is None or now - each.finished_at < SOUGHT_AFTER_ITS_END
    ]


def _find(
    request: SyncRequest, listed: list[SyncStatus], merchant: Merchant, client: CodatClient, until: float
) -> SyncStatus | None:
    """The answer to a POST names `commerceSyncId`, the list names `syncId`: only the newest sync shows both."""
    company_id, upstream = str(merchant.company_id), request.commerce_sync_id
    if any(upstream in (sync.sync_id, sync.commerce_sync_id) for sync in listed):
        return None
    try:
        _refuse_after(until)
        newest = client.newest_sync(company_id)
        if newest and newest.commerce_sync_id == upstream:
            return newest
        _refuse_after(until)
        return client.sync_by_id(company_id, upstream)
    except CodatError as error:
        logger.warning("request %s: its sync was looked for in vain: %s", request.pk, error.message)
        return None


def _refuse_after(until: float) -> None:
    if time.monotonic() >= until:
        raise NotSent("Codat answers so slowly that not all could be asked.")


def _configuration(merchant: Merchant, client: CodatClient, until: float) -> Configuration | None:
    """What is known already stays when Codat does not answer. A first look needs the zone, or fails."""
    try:
        _refuse_after(until)
        return client.configuration(str(merchant.company_id))
    except CodatError as error:
        if merchant.configured_at is None and not isinstance(error, Refused):
            raise
        logger.warning("merchant %s: its configuration stays as it was: %s", merchant.pk, error.message)
        return None


def _connections(merchant: Merchant, client: CodatClient, until: float) -> list[Connection] | None:
    try:
        _refuse_after(until)
        return client.connections(str(merchant.company_id))
    except CodatError as error:
        logger.warning("merchant %s: its connections stay as they were: %s", merchant.pk, error.message)
        return None


def _looked_in_vain(merchant: Merchant, error: CodatError, began: datetime, now: datetime) -> None:
    api_key.heard(error, now)
    silence.heard(error, merchant, now)
    is_gone = says_no_company(error, merchant) and not merchant.is_archived
    if is_gone and archive_unless_many(merchant, now):
        _end_without_a_look(merchant, now)
        return
    logger.warning("merchant %s: %s (correlation id %s)", merchant.pk, error.message, error.correlation_id)
    # What our own budget holds back is nobody's problem here. Every page says so when all calls are paused.
    problem = {} if error.is_ours else {"refresh_problem": shortened(error.message, 300)}
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant.pk)
        why_again = handing_out.wanted_again(merchant)
        _plan_after(error, merchant, now)
        _ask_again(merchant, why_again, now)
        webhooks.keep_in_line(merchant, began)
        if problem.items() - {"refresh_problem": merchant.refresh_problem}.items():
            Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1, **problem)
        merchant.save(update_fields=["next_refresh_at", "next_refresh_reason", "told_at"])


def _plan_after(error: CodatError, merchant: Merchant, now: datetime) -> None:
    """Whose looks fail is asked ever more rarely from when it was due; who was only turned away by our own pace keeps
    its place in the line.
    """
    health.plan_next_look(merchant, now)
    due = merchant.next_refresh_at
    wait = timedelta(seconds=error.come_back_after) if isinstance(error, Later) else timedelta(0)
    if due is None or (error.is_ours and wait <= A_MOMENT and due <= now):
        return
    if not error.is_ours:
        is_new = merchant.refreshed_at is None
        failing_for = now - (merchant.registered_at if is_new else due)
        is_first = not merchant.refresh_problem
        wait = max(wait, attention.after_a_look_in_vain(failing_for, is_first=is_first, is_new=is_new))
    merchant.next_refresh_at = now + wait
    # Codat's words are the merchant's problem already, and stand where that is told.
    words = f": {error.message}" if error.is_ours else ""
    merchant.next_refresh_reason = f"{handing_out.IN_VAIN}{words}"[:200]


def _store(merchant_id: int, seen: Seen, now: datetime) -> None:
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        why_again = handing_out.wanted_again(merchant)
        are_news_left = webhooks.is_news(merchant, now) and seen.connections is None
        news = seen.configuration is not None and _apply_configuration(merchant, seen.configuration, now)
        if seen.connections is not None:
            news |= connections.store(merchant, seen.connections, now)
        changed = sync_rows.store(merchant, seen.syncs, now)
        is_awaited = (merchant.requests.active() | sync_rows.untied(merchant)).exists()
        linked = sync_rows.link_requests(merchant) if is_awaited else []
        tied = [request.sync for request in linked if request.sync]
        news |= health.update(merchant, changed, tied, now)
        if news:
            Merchant.objects.filter(pk=merchant.pk).update(version=F("version") + 1)
        if is_awaited:
            settling.settle(merchant, now)
        corrections.tell_of_what_ran(merchant, changed, tied)
        health.plan_next_look(merchant, now)
        _ask_again(merchant, why_again, now)
        if not webhooks.keep_in_line(merchant, now) and are_news_left:
            webhooks.ask_again(merchant, now + attention.AFTER_A_PROBLEM)
        merchant.save(update_fields=OWN_COLUMNS)


def _ask_again(merchant: Merchant, why: str, now: datetime) -> None:
    """Wanted while this look was under way: its answer may be older than the wish."""
    if why and merchant.next_refresh_at is not None:
        merchant.next_refresh_at, merchant.next_refresh_reason = now, why


def _end_without_a_look(merchant: Merchant, now: datetime) -> None:
    """Archived meanwhile, or by this look. Nobody holds it any more."""
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant.pk)
        why_again = handing_out.wanted_again(merchant)
        health.plan_next_look(merchant, now)
        _ask_again(merchant, why_again, now)
        merchant.save(update_fields=["next_refresh_at", "next_refresh_reason"])


def _apply_configuration(merchant: Merchant, configuration: Configuration, now: datetime) -> bool:
    """True when it says something new. Zone, hour and start date decide windows and days: all are decided anew.
    Where it does not say whether the sync is on, the last word on that stands: the next may be that it is on again."""
    before = merchant.enabled, merchant.time_zone, merchant.sync_hour, merchant.start_date
    after = (
        configuration.enabled,
        (configuration.time_zone or "")[:64],
        configuration.sync_hour,
        configuration.start_date,
    )
    if merchant.configured_at and after == NOTHING_TOLD:
        return False
    if after[0] is None:
        after = before[0], *after[1:]
    if before[0] is False and after[0]:
        merchant.switched_on_at = now
    if before[1:] != after[1:] or merchant.switched_on_at == now:
        merchant.last_days_end = None
    merchant.enabled, merchant.time_zone, merchant.sync_hour, merchant.start_date = after
    merchant.configured_at = now
    return before != after
