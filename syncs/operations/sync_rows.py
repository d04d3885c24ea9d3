"""Codat's list of a merchant's syncs, brought into our rows."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import models

from syncs.codat.schemas import SyncStatus
from syncs.codat.statuses import Outcome, status_of
from syncs.models import Cause, Merchant, Sync, SyncRequest
from syncs.models.updating import update_each
from syncs.rules.causes import normalise
from syncs.rules.states import State

REPORTED = (
    *("code", "text", "message", "outcome", "cause_id", "data_pushed"),
    *("started_at", "commerce_sync_id", "raw", "final_seen"),
)
# What a look at a merchant with many syncs reads of them all.
COMPARED = ("pk", "commerce_sync_id", "outcome", "code", "text", "message", "data_pushed")
# A sync that is told as running for longer was lost at Codat. It must not block its merchant for ever.
RUNS_AT_MOST = timedelta(hours=24)
# Also what tells no state that we know.
MAY_RUN = (Outcome.RUNNING, Outcome.UNKNOWN)


def runs_still(sync: Sync, now: datetime) -> bool:
    return sync.outcome == Outcome.RUNNING and now - sync.started_at < RUNS_AT_MOST


def told_start(report: SyncStatus, now: datetime) -> datetime | None:
    """None for a start in the future: such a sync would be a merchant's newest one for as long as it lies ahead."""
    return report.sync_utc if report.sync_utc and report.sync_utc <= now else None


def store(merchant: Merchant, reported: Iterable[SyncStatus], now: datetime) -> list[Sync]:
    """Writes what is new or changed and returns those rows. A final state is never left, whatever comes later."""
    known = {sync.sync_id: sync for sync in merchant.syncs.values_list("sync_id", *COMPARED, named=True)}
    fresh: list[Sync] = []
    news: dict[int, SyncStatus] = {}
    for sync_id, report in _once_each(reported):
        stood = known.get(sync_id)
        if stood is None and is_thinned(merchant, report):
            continue
        if stood is None:
            fresh.append(_apply(Sync(merchant=merchant, sync_id=sync_id, first_seen=now), report, now))
        elif _says_more(stood, report):
            news[stood.pk] = report
    rows = merchant.syncs.defer("raw").in_bulk(list(news))
    changed = [_apply(rows[pk], report, now) for pk, report in news.items()]
    _tie_to_causes([*fresh, *changed])
    Sync.objects.bulk_create(fresh, batch_size=500)
    update_each(changed, REPORTED)
    return [*fresh, *changed]


def untied(merchant: Merchant) -> models.QuerySet[SyncRequest]:
    """Requests under an id that Codat answered, whose sync is not known yet; also those that a lead says never ran."""
    may_have_one = [State.ACCEPTED, State.NEEDS_REVIEW, State.NOT_RUN]
    return merchant.requests.filter(state__in=may_have_one, sync=None).exclude(commerce_sync_id="")


def is_thinned(merchant: Merchant, report: SyncStatus) -> bool:
    """So old that it is not kept here, if it ever was; Codat lists it for ever."""
    before = merchant.thinned_before
    return before is not None and report.sync_utc is not None and report.sync_utc < before


def link_requests(merchant: Merchant) -> list[SyncRequest]:
    """Ties requests to the syncs that Codat started for them; returns those newly tied."""
    linked = []
    for request in untied(merchant):
        if sync := _sync_of(request):
            request.sync = sync
            request.save(update_fields=["sync"])
            know_window(sync, request)
            linked.append(request)
    return linked


def _sync_of(request: SyncRequest) -> Sync | None:
    upstream = request.commerce_sync_id
    syncs = request.merchant.syncs.filter(requests=None)
    return syncs.filter(commerce_sync_id=upstream).first() or syncs.filter(sync_id=upstream).first()


def know_window(sync: Sync, request: SyncRequest) -> None:
    sync.initiator = Sync.Initiator.OURS
    if request.window_start:
        sync.window_start, sync.window_finish = request.window_start, request.window_finish
        sync.window_known = Sync.Known.ANSWERED if request.window_answered else Sync.Known.REQUESTED
    sync.save(update_fields=["initiator", "window_start", "window_finish", "window_known"])


def _once_each(reported: Iterable[SyncStatus]) -> list[tuple[str, SyncStatus]]:
    """The oldest first, so that rows are made in that order. What Codat tells twice is told once, with all of it."""
    merged: dict[str, SyncStatus] = {}
    for report in reported:
        if report.sync_id:
            kept = merged.get(report.sync_id)
            merged[report.sync_id] = _both(kept, report) if kept else report
    return list(reversed(merged.items()))


def _both(one: SyncStatus, other: SyncStatus) -> SyncStatus:
    final = status_of(other.code).outcome.is_final and not status_of(one.code).outcome.is_final
    told = other if final else one
    return replace(told, commerce_sync_id=one.commerce_sync_id or other.commerce_sync_id)


def _says_more(sync: Any, report: SyncStatus) -> bool:
    if report.commerce_sync_id and not sync.commerce_sync_id:
        return True
    outcome = status_of(report.code).outcome
    if Outcome(sync.outcome).is_final and not outcome.is_final:
        return False
    return (sync.code, sync.text, sync.message, sync.data_pushed) != (
        report.code,
        report.text[:200],
        _message(report),
        report.data_pushed,
    )


def _apply(sync: Sync, report: SyncStatus, now: datetime) -> Sync:
    outcome = status_of(report.code).outcome
    sync.commerce_sync_id = sync.commerce_sync_id or report.commerce_sync_id or ""
    if sync.final_seen and not outcome.is_final:
        return sync
    sync.code, sync.text, sync.message = report.code, report.text[:200], _message(report)
    sync.outcome, sync.data_pushed, sync.raw = outcome.value, report.data_pushed, report.raw
    sync.moved_from = sync.started_at
    sync.started_at = told_start(report, now) or sync.started_at or now
    if outcome.is_final and sync.final_seen is None:
        sync.final_seen = now
    return sync


def _message(report: SyncStatus) -> str:
    return report.error_message or report.exception_message


def _tie_to_causes(syncs: Iterable[Sync]) -> None:
    """Each cause is read or made once: a first look finds the same one on many days."""
    known: dict[tuple[int, str], Cause] = {}
    for sync in syncs:
        if Outcome(sync.outcome) is not Outcome.FAILED:
            sync.cause = None
            continue
        key = (sync.code or 0, normalise(sync.message)[:300])
        if key not in known:
            known[key] = _cause(*key, sample=sync.message[:1000])
        sync.cause = known[key]


def _cause(code: int, message: str, *, sample: str) -> Cause:
    return Cause.objects.get_or_create(code=code, message=message, defaults={"sample": sample})[0]
