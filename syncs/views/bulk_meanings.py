"""What became of each merchant of a bulk, beyond its pill: how many days it covered, whether its error is new, and who
must act."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import OuterRef, Subquery, prefetch_related_objects

from syncs.codat.statuses import Outcome
from syncs.models import MerchantDay, Sync, SyncRequest
from syncs.operations.diagnosing import diagnose_sync, entries
from syncs.rules.entries import Entry
from syncs.rules.states import RAN, State

TURN = {
    "merchant": "The merchant must act.",
    "us": "It is for us to act.",
    "codat": "It is for Codat to mend.",
    "nobody": "Nobody has to act.",
}


def of_each(requests: Sequence[SyncRequest]) -> dict[int, str]:
    """By request, of those whose sync has ended. At most four queries, however many; none where none has."""
    ended = {request.pk: request for request in requests if State(request.state) in RAN and request.sync}
    failed = [request for request in ended.values() if _outcome(request) is Outcome.FAILED]
    well = [request for request in ended.values() if _outcome(request).is_success]
    before, days = _before(failed), _covered(well)
    prefetch_related_objects([request.merchant for request in failed], "connections")
    told, book = {}, entries() if failed else ()
    for request in failed:
        if sync := request.sync:
            sync.merchant = request.merchant
            told[request.pk] = _failure(sync, book, before.get(request.pk))
    return told | {request.pk: _success(request, days.get(request.sync_id, [])) for request in well}


def _outcome(request: SyncRequest) -> Outcome:
    return request.sync.status.outcome if request.sync else Outcome.UNKNOWN


def _failure(sync: Sync, book: tuple[Entry, ...], before: tuple[int | None, int | None] | None) -> str:
    told = diagnose_sync(sync, book)
    is_known = before == (sync.code, sync.cause_id)
    written = " Some sales may be written." if sync.data_pushed else ""
    return f"{'As before' if is_known else 'New error'}: {told.lead} {TURN[told.owner]}{written}"


def _success(request: SyncRequest, covered: Sequence[date]) -> str:
    is_empty = _outcome(request) is Outcome.EMPTY
    if not covered:
        return "There were no sales to write." if is_empty else "It ran to its end."
    days = "1 day" if len(covered) == 1 else f"{len(covered)} days"
    return f"No sales on {days}." if is_empty else f"Synced {days}."


def _before(requests: Iterable[SyncRequest]) -> dict[int, tuple[int | None, int | None]]:
    """Code and cause of the last result before its own, by request."""
    earlier = Sync.objects.results().filter(
        merchant=OuterRef("merchant"), started_at__lt=OuterRef("sync__started_at")
    )
    last = earlier.newest_first()
    asked = SyncRequest.objects.filter(pk__in=[request.pk for request in requests]).order_by()
    found = asked.values_list("pk", Subquery(last.values("code")[:1]), Subquery(last.values("cause")[:1]))
    return {pk: (code, cause) for pk, code, cause in found}


def _covered(requests: Iterable[SyncRequest]) -> dict[int | None, list[date]]:
    """By sync, the days that it covers."""
    merchants = {request.sync_id: request.merchant_id for request in requests if request.sync_id}
    rows = MerchantDay.objects.filter(merchant__in=merchants.values(), covered_by__in=merchants)
    days: dict[int | None, list[date]] = defaultdict(list)
    for sync, day in rows.order_by("day").values_list("covered_by", "day"):
        days[sync].append(day)
    return days
