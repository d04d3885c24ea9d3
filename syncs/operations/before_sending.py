"""What a sender looks at before it claims: is this still what the person meant, and may it go now?"""

import logging
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from syncs.codat.budget import Purpose
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later
from syncs.codat.schemas import SyncStatus
from syncs.codat.statuses import status_of
from syncs.models import Merchant, SyncRequest
from syncs.operations import connections
from syncs.operations.gone import says_no_company
from syncs.operations.sync_rows import runs_still
from syncs.operations.transitions import hold_back, move
from syncs.rules.states import State

logger = logging.getLogger(__name__)

TOO_LATE = timedelta(minutes=60)
LOOK_AGAIN = timedelta(seconds=30)
# The news are read by then: the merchant was put first in line for a look.
LOOK_AGAIN_AFTER_NEWS = timedelta(seconds=5)


def look(request: SyncRequest, client: CodatClient, now: datetime) -> list[SyncStatus] | None:
    """What Codat lists now. None when the request must not be sent: it is held back or ended then, and says why."""
    if why := _too_late(request, now):
        _cancel(request, now, f"Too late: {why}")
        return None
    if unlinked := connections.unlinked(request.merchant):
        why = f"{unlinked.platform_name} is not linked. Waiting for the merchant to link it."
        hold_back(request, now=now, until=now + LOOK_AGAIN, why=why)
        return None
    try:
        listed = client.syncs(str(request.merchant.company_id), Purpose.SEND)
        if _held_back_by(listed, request, now):
            return None
        client.reserve_send()
    except CodatError as error:
        _hold_after(request, error, timezone.now())
        return None
    return listed


def _too_late(request: SyncRequest, now: datetime) -> str:
    merchant = request.merchant
    if merchant.is_archived:
        return "the merchant was archived before this was sent."
    if now - request.asked_at > TOO_LATE and request.bulk is None:
        return "this waited for over an hour. Ask again if it is still wanted."
    if merchant.connections.filter(gone_at__gt=request.asked_at).exists():
        return "a connection of the merchant was replaced since. Look again before you send."
    return _synced_since(request)


def _synced_since(request: SyncRequest) -> str:
    """What a success that we learned of after the press has done to these days; empty when there is none.

    An overlap that the person accepted was known before: it is not among these.
    """
    successes = request.merchant.syncs.succeeded().filter(final_seen__gt=request.asked_at)
    whole, part = successes.filter(window_finish__gte=request.window_finish), successes.none()
    if request.window_start:
        whole = whole.filter(window_start__lte=request.window_start)
        part = successes.filter(
            window_start__lt=request.window_finish, window_finish__gt=request.window_start
        )
    if sync := whole.newest_first().first():
        return f"a sync of {_clock(sync.started_at)} covered these days."
    if sync := part.newest_first().first():
        return f"a sync of {_clock(sync.started_at)} has written a part of these days. Look again before you ask."
    return ""


def _held_back_by(listed: list[SyncStatus], request: SyncRequest, now: datetime) -> bool:
    if running := next((sync for sync in listed if runs_still(sync.code, sync.sync_utc, now)), None):
        since = f" since about {_clock(running.sync_utc)}" if running.sync_utc else ""
        return hold_back(request, now=now, until=now + LOOK_AGAIN, why=f"A sync runs at Codat{since}.")
    if _ran_unseen(listed, request):
        why = "Codat lists a sync that we have not read yet. Its result is read first."
        first_in_line = {"next_refresh_at": now, "next_refresh_reason": "a sync request waits for its news"}
        Merchant.objects.registered().filter(pk=request.merchant_id).update(**first_in_line)
        return hold_back(request, now=now, until=now + LOOK_AGAIN_AFTER_NEWS, why=why)
    return False


def _ran_unseen(listed: list[SyncStatus], request: SyncRequest) -> bool:
    """Whether Codat lists a success that no refresh has stored: it may cover these days, whenever it ran."""
    ran = {sync.sync_id for sync in listed if sync.sync_id and status_of(sync.code).outcome.is_success}
    stored = request.merchant.syncs.final().filter(sync_id__in=ran).count() if ran else 0
    return stored < len(ran)


def _hold_after(request: SyncRequest, error: CodatError, now: datetime) -> None:
    """Codat could not be looked at, so nothing is sent yet. A company that Codat does not know never will be."""
    if says_no_company(error):
        _cancel(request, now, "Codat does not know this company any more. Nothing was sent.")
        return
    wait = timedelta(seconds=error.retry_after) if isinstance(error, Later) else LOOK_AGAIN
    logger.warning(
        "request %s waits: %s (correlation id %s)", request.pk, error.message, error.correlation_id
    )
    hold_back(request, now=now, until=now + wait, why=error.message)


def _cancel(request: SyncRequest, now: datetime, why: str) -> None:
    move(request, State.CANCELLED, now=now, what=why, result=why[:500], waiting_for="")


def _clock(moment: datetime) -> str:
    """The sentence is stored, and read in many zones."""
    return f"{moment.astimezone(UTC):%-d %b, %H:%M} UTC"
