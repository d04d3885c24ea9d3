"""What became of each merchant of a bulk, beyond its pill: how many days it covered; whether its error is new, who must
act, and why, or where that is not known, whether a re-run helps. What the row cuts off comes last."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import OuterRef, Subquery, prefetch_related_objects

from syncs.codat.statuses import Outcome
from syncs.models import MerchantDay, Sync, SyncRequest
from syncs.operations import outage_hold
from syncs.operations.diagnosing import diagnose_sync, entries
from syncs.rules.playbook import HELD, Diagnosis
from syncs.rules.states import RAN, State
from syncs.views import in_outage

TURN = {
    "merchant": "the merchant must act",
    "us": "we must act",
    "codat": "Codat must act",
    "nobody": "nobody must act",
}


def of_each(requests: Sequence[SyncRequest]) -> dict[int, str]:
    """By request, of those whose sync has ended. At most five queries, however many; none where none has."""
    ended = {request.pk: request for request in requests if State(request.state) in RAN and request.sync}
    failed = [request for request in ended.values() if _outcome(request) is Outcome.FAILED]
    well = [request for request in ended.values() if _outcome(request).is_success]
    before, days = _before(failed), _covered(well)
    prefetch_related_objects([request.merchant for request in failed], "connections")
    told = {}
    if failed:
        book, outages = entries(), outage_hold.standing()
    for request in failed:
        if sync := request.sync:
            sync.merchant = request.merchant
            outage = outage_hold.hold_on(request.merchant, outages)
            diagnosis = diagnose_sync(sync, book)
            diagnosis = in_outage.told(diagnosis, request.merchant, outage) or diagnosis
            is_known = before.get(request.pk) == (sync.code, sync.cause_id)
            told[request.pk] = _failure(diagnosis, is_known=is_known, written=bool(sync.data_pushed))
    return told | {request.pk: _success(request, days.get(request.sync_id, [])) for request in well}


def _outcome(request: SyncRequest) -> Outcome:
    return request.sync.status.outcome if request.sync else Outcome.UNKNOWN


def _failure(told: Diagnosis, *, is_known: bool, written: bool) -> str:
    turn = f"{'As before' if is_known else 'New'}, {TURN[told.owner]}"
    # What is general, and a fault of Codat's, says no more than the pill.
    is_told = told.is_general or told.owner == "codat"
    rerun = "Not before the outage is over" if told.rerun_words == HELD else told.rerun_words
    words = f"{turn}. Re-run now? {rerun}." if is_told else f"{turn}: {told.lead}"
    return f"{words} Some sales may be written." if written else words


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
