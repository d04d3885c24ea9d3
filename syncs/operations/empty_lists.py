"""A list that shows no sync of a merchant where we know some: it is doubted for a time, and then taken as it is."""

from datetime import datetime, timedelta

from syncs.models import Activity, SyncRequest
from syncs.operations import log
from syncs.operations.sync_rows import MAY_RUN, RUNS_AT_MOST

READ_AGAIN_FOR = timedelta(minutes=10)
NOTED = "request.nothing_listed"
WHY = (
    "Codat lists no syncs, though it did before. Its list is read again for ten minutes before this is sent."
)
ONE_MAY_RUN = "Codat lists no syncs, though one was running when it last did. It may be running still."


def doubt(request: SyncRequest, now: datetime) -> str:
    """Why an empty list is not believed yet; empty when it is."""
    known = request.merchant.syncs
    if not known.exists():
        return ""
    if known.filter(outcome__in=MAY_RUN, started_at__gt=now - RUNS_AT_MOST).exists():
        return ONE_MAY_RUN
    first = _first_noted(request)
    return "" if first and now - first.at >= READ_AGAIN_FOR else WHY


def note(request: SyncRequest, why: str, now: datetime) -> None:
    """Once for a request, and by our clock: from then on the doubt is measured."""
    if not _first_noted(request):
        log.record(NOTED, f"Held back: {why}", request=request, at=now)


def _first_noted(request: SyncRequest) -> Activity | None:
    return request.activity.filter(verb=NOTED).order_by("pk").first()
