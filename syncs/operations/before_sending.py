"""What a sender looks at before it claims: is this still what the person meant, and may it go now?"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Later
from syncs.codat.pace import Purpose
from syncs.codat.schemas import SyncStatus
from syncs.codat.shortening import shortened
from syncs.codat.statuses import Outcome, status_of
from syncs.models import Merchant, SyncRequest
from syncs.operations import (
    api_key,
    connections,
    coverage,
    empty_lists,
    freezing,
    gone,
    handing_out,
    outage_hold,
    pauses,
    waiting,
)
from syncs.operations.merchants import GONE_AT_CODAT, archive
from syncs.operations.sync_rows import MAY_RUN, RUNS_AT_MOST, is_thinned, told_start
from syncs.operations.transitions import hold_back, move
from syncs.rules.coverage import overlapping
from syncs.rules.health import Health
from syncs.rules.states import State
from syncs.rules.stored_moments import as_stored
from syncs.rules.windows import Window, without

logger = logging.getLogger(__name__)

TOO_LATE = timedelta(minutes=60)
LOOK_AGAIN = timedelta(seconds=30)
# The news are read by then: the merchant was put first in line for a look.
LOOK_AGAIN_AFTER_NEWS = timedelta(seconds=5)
# How long a request waits whose turn it is not; while sending is frozen nobody asks for it.
ON_TRIAL = timedelta(seconds=5)
# Minutes go by until an outage is over.
IN_AN_OUTAGE = timedelta(minutes=2)
LOOK_AGAIN_WHEN_MANY_ARE_GONE = timedelta(minutes=2)
MANY_ARE_GONE = (
    "Codat says that it does not know this company, as it says of many others: the key may be wrong."
)


def look(request: SyncRequest, client: CodatClient, now: datetime) -> list[SyncStatus] | None:
    """What Codat lists now. None when the request must not be sent: it is held back or ended then, and says why."""
    if is_too_late(request, now):
        return None
    if is_held_up(request, now):
        return None
    if unlinked := connections.unlinked(request.merchant):
        why = f"{unlinked.platform_name} is not linked. Waiting for the merchant to link it."
        hold_back(request, now=now, until=now + LOOK_AGAIN, why=why)
        return None
    try:
        purpose = Purpose.SEND if request.bulk is None else Purpose.BULK
        listed = client.syncs_before_send(str(request.merchant.company_id), purpose)
        if _held_back_by(listed, request, now):
            return None
        client.confirm_send(str(request.merchant.company_id))
    except CodatError as error:
        _hold_after(request, error, timezone.now())
        return None
    return listed


def is_too_late(request: SyncRequest, now: datetime) -> bool:
    """Whether it is no longer what the person meant; then it is cancelled, and says why.

    Asked before the look at Codat, and again under the merchant's lock: much may be stored while Codat answers.
    """
    why = changed_since(request) or _waited(request, now) or _synced_since(request)
    if why:
        _cancel(request, now, f"Too late: {why}")
    return bool(why)


def is_held_up(request: SyncRequest, now: datetime, *, claims: bool = False) -> bool:
    """Whether sending is frozen, on trial with another request, or held in an outage; asked before the look and again
    with the claim."""
    in_an_outage = outage_hold.in_the_way_of_the_claim if claims else outage_hold.in_the_way_of
    if why := freezing.in_the_way_of(request):
        hold_back(request, now=now, until=now + ON_TRIAL, why=why)
    elif why := in_an_outage(request, now):
        hold_back(request, now=now, until=now + IN_AN_OUTAGE, why=why)
    return bool(why)


def changed_since(request: SyncRequest) -> str:
    """Why these bytes must not be the first to reach this merchant any more; empty when they may."""
    merchant = request.merchant
    if merchant.is_archived:
        return "the merchant was archived before this was sent."
    if merchant.health == Health.SWITCHED_OFF:
        return "this sync was switched off at Codat. Only the merchant can switch it on again."
    if request.route and request.route != connections.route(merchant):
        return "a connection of the merchant was replaced since. Look again before you send."
    return ""


def _waited(request: SyncRequest, now: datetime) -> str:
    """Not counting a time in which nobody could call Codat: that says nothing of what the person meant."""
    waited = now - request.asked_at
    if request.bulk is not None or waited <= TOO_LATE:
        return ""
    waited -= pauses.within(request.asked_at, now)
    return "this waited for over an hour. Ask again if it is still wanted." if waited > TOO_LATE else ""


def _synced_since(request: SyncRequest) -> str:
    """What a success has done to these days that the person did not know of; empty when there is none."""
    if request.window_start is None:
        later = request.merchant.syncs.successful().filter(final_seen__gt=request.asked_at)
        reached = later.filter(window_finish__gte=request.window_finish).newest_first().first()
        return f"a sync of {as_stored(reached.started_at)} covered these days." if reached else ""
    wanted = Window(request.window_start, request.window_finish)
    writers = [sync for sync in coverage.touching(request.merchant, wanted) if sync.outcome.is_success]
    unseen = without(overlapping(wanted, writers), request.seen_windows)
    news = [sync for sync in writers if sync.window and any(map(sync.window.overlaps, unseen))]
    if not news:
        return ""
    newest = max(news, key=lambda sync: (sync.window is not None and sync.window.covers(wanted), sync.at))
    if newest.window and newest.window.covers(wanted):
        return f"a sync of {as_stored(newest.at)} covered these days."
    return f"a sync of {as_stored(newest.at)} has written a part of these days. Look again before you ask."


def _held_back_by(listed: list[SyncStatus], request: SyncRequest, now: datetime) -> bool:
    why, wait = _in_its_way(listed, request, now)
    if not why:
        return False
    if listed:
        _look_first(request, now)
    with transaction.atomic():
        if hold_back(request, now=now, until=now + wait, why=why) and not listed:
            empty_lists.note(request, why, now)
    return True


def _in_its_way(listed: list[SyncStatus], request: SyncRequest, now: datetime) -> tuple[str, timedelta]:
    """Why it waits for what Codat lists, and how long; empty when it may go."""
    if not listed:
        return empty_lists.doubt(request, now), LOOK_AGAIN
    if running := next((sync for sync in listed if _may_run(sync, request, now)), None):
        return _why_it_waits(running, now), LOOK_AGAIN
    if _ran_unseen(listed, request):
        why = "Codat lists a sync that we have not read yet. Its result is read first."
        # While a bulk takes all turns, its own looks cannot bring them: to ask sooner would only take more turns.
        return why, LOOK_AGAIN_AFTER_NEWS if request.bulk is None else LOOK_AGAIN
    return "", timedelta()


def _look_first(request: SyncRequest, now: datetime) -> None:
    merchants = Merchant.objects.registered().filter(pk=request.merchant_id)
    merchants.update(**handing_out.first_in_line(now, "a sync request waits for its news"))


def _why_it_waits(running: SyncStatus, now: datetime) -> str:
    if status_of(running.code).outcome is Outcome.UNKNOWN:
        return "Codat lists a sync without a state that we know. It may be running."
    began = told_start(running, now)
    return (
        f"A sync has been running at Codat since about {as_stored(began)}."
        if began
        else "A sync is running at Codat."
    )


def _may_run(sync: SyncStatus, request: SyncRequest, now: datetime) -> bool:
    """Also what tells no state that we know: until a day has passed, it may be running.

    Where Codat tells no date that can be, its age counts from when we first saw it.
    """
    if status_of(sync.code).outcome not in MAY_RUN:
        return False
    began = told_start(sync, now)
    if began is None:
        known = request.merchant.syncs.filter(sync_id=sync.sync_id).only("started_at").first()
        began = known.started_at if known else now
    return now - began < RUNS_AT_MOST


def _ran_unseen(listed: list[SyncStatus], request: SyncRequest) -> bool:
    """Whether Codat lists a success that we have not stored as one: it may cover these days, whenever it ran."""
    kept = [sync for sync in listed if sync.sync_id and not is_thinned(request.merchant, sync)]
    ran = {sync.sync_id for sync in kept if status_of(sync.code).outcome.is_success}
    stored = request.merchant.syncs.successful().values_list("sync_id", flat=True) if ran else []
    return not ran <= set(stored)


def _hold_after(request: SyncRequest, error: CodatError, now: datetime) -> None:
    """Codat could not be looked at, so nothing is sent yet. A company that Codat does not know never will be."""
    api_key.heard(error, now)
    wait, why = (
        timedelta(seconds=error.come_back_after) if isinstance(error, Later) else LOOK_AGAIN,
        waiting.why(error),
    )
    if gone.says_no_company(error, request.merchant):
        if _ended_as_gone(request, now):
            return
        wait, why = LOOK_AGAIN_WHEN_MANY_ARE_GONE, MANY_ARE_GONE
    logger.warning(
        "request %s waits: %s (correlation id %s)", request.pk, error.message, error.correlation_id
    )
    hold_back(request, now=now, until=now + wait, why=why)


def _ended_as_gone(request: SyncRequest, now: datetime) -> bool:
    """With its merchant, which a refresh would archive on the same evidence."""
    with transaction.atomic():
        if gone.are_many(now):
            return False
        _cancel(request, now, "Codat does not know this company any more. Nothing was sent.")
        archive(request.merchant, why=GONE_AT_CODAT, now=now)
    return True


def _cancel(request: SyncRequest, now: datetime, why: str) -> None:
    move(request, State.CANCELLED, now=now, what=why, result=shortened(why, 500), waiting_for="")
