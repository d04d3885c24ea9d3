"""A sync request takes the final result of the sync it started."""

from datetime import datetime

from syncs.codat.statuses import Outcome
from syncs.models import Merchant, Sync, SyncRequest
from syncs.operations import answered_windows
from syncs.operations.transitions import move
from syncs.rules.states import State
from syncs.rules.stored_moments import as_stored

ENDS = {Outcome.SYNCED: State.SUCCEEDED, Outcome.EMPTY: State.SUCCEEDED_EMPTY, Outcome.FAILED: State.FAILED}


def settle(merchant: Merchant, now: datetime) -> None:
    waiting = merchant.requests.filter(state__in=[State.ACCEPTED, State.NEEDS_REVIEW], sync__isnull=False)
    for request in waiting.select_related("sync", "merchant"):
        if request.sync and Outcome(request.sync.outcome).is_final:
            sentence = result_of(request, request.sync)
            end = ENDS[Outcome(request.sync.outcome)]
            move(request, end, now=now, what=sentence, result=sentence, waiting_for="")


def result_of(request: SyncRequest, sync: Sync) -> str:
    instead = answered_windows.ran_instead(request)
    if sync.outcome == Outcome.FAILED:
        return _failure(sync) + (f". Codat ran {instead}" if instead else "")
    if instead:
        return f"Finished, but Codat ran {instead}" + (": no sales" if sync.outcome == Outcome.EMPTY else "")
    return f"Finished: {_without_sales(request) if sync.outcome == Outcome.EMPTY else f'synced {_days(request)}'}"


def _failure(sync: Sync) -> str:
    again = _failed_the_same_before(sync)
    return (
        f"Failed again with the same error ({sync.code})"
        if again
        else f"Failed with “{sync.status.word}” ({sync.code})"
    )


def _without_sales(request: SyncRequest) -> str:
    if request.first_day is None:
        return f"no new sales {_days(request)}"
    return f"no sales on {'this day' if request.first_day == request.last_day else 'these days'}"


def _days(request: SyncRequest) -> str:
    if request.last_day is None:
        return f"up to {as_stored(request.window_finish)}"
    if request.first_day is None:
        return f"up to {request.last_day:%-d %b %Y}"
    count = (request.last_day - request.first_day).days + 1
    return "1 day" if count == 1 else f"{count} days"


def _failed_the_same_before(sync: Sync) -> bool:
    earlier = sync.merchant.syncs.results().filter(started_at__lt=sync.started_at)
    before = earlier.newest_first().first()
    return before is not None and before.cause_id == sync.cause_id
