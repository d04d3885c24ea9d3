"""Codat's list of a merchant's syncs, brought into our rows."""

from collections.abc import Iterable
from datetime import datetime

from syncs.codat.schemas import SyncStatus
from syncs.codat.statuses import Outcome, status_of
from syncs.models import Cause, Merchant, Sync, SyncRequest
from syncs.rules.causes import normalise
from syncs.rules.states import State

REPORTED = (
    "code",
    "text",
    "message",
    "outcome",
    "cause_id",
    "data_pushed",
    "started_at",
    "commerce_sync_id",
    "raw",
)


def store(merchant: Merchant, reported: Iterable[SyncStatus], now: datetime) -> list[Sync]:
    """Writes what is new or changed and returns those rows. A final state is never left, whatever comes later."""
    known = {sync.sync_id: sync for sync in merchant.syncs.defer("raw")}
    fresh: dict[str, Sync] = {}
    changed: dict[str, Sync] = {}
    for report in reported:
        if not report.sync_id or report.sync_id in fresh:
            continue
        sync = known.get(report.sync_id)
        if sync is None:
            fresh[report.sync_id] = _apply(
                Sync(merchant=merchant, sync_id=report.sync_id, first_seen=now), report, now
            )
        elif _says_more(sync, report):
            changed[report.sync_id] = _apply(sync, report, now)
    created = Sync.objects.bulk_create(fresh.values(), batch_size=500)
    if changed:
        Sync.objects.bulk_update(changed.values(), [*REPORTED, "final_seen"], batch_size=200)
    return [*created, *changed.values()]


def link_requests(merchant: Merchant) -> list[SyncRequest]:
    """Ties requests to the syncs that Codat started for them; returns those newly tied."""
    linked = []
    open_requests = merchant.requests.filter(state__in=[State.ACCEPTED, State.NEEDS_REVIEW], sync=None)
    for request in open_requests.exclude(commerce_sync_id=""):
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


def _says_more(sync: Sync, report: SyncStatus) -> bool:
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
    sync.commerce_sync_id = (report.commerce_sync_id or sync.commerce_sync_id)[:100]
    if sync.final_seen and not outcome.is_final:
        return sync
    sync.code, sync.text, sync.message = report.code, report.text[:200], _message(report)
    sync.outcome, sync.data_pushed, sync.raw = outcome.value, report.data_pushed, report.raw
    sync.started_at = report.sync_utc or sync.started_at or now
    sync.cause = _cause(sync) if outcome is Outcome.FAILED else None
    if outcome.is_final and sync.final_seen is None:
        sync.final_seen = now
    return sync


def _message(report: SyncStatus) -> str:
    return report.error_message or report.exception_message


def _cause(sync: Sync) -> Cause:
    defaults = {"sample": sync.message[:1000]}
    key = normalise(sync.message)[:300]
    return Cause.objects.get_or_create(code=sync.code or 0, message=key, defaults=defaults)[0]
