"""What we learn of a request after a lead has decided it: the state is not left, and nothing untrue is left there."""

import logging
from collections.abc import Sequence
from typing import Any

from django.db.models import F

from syncs.codat.shortening import shortened
from syncs.codat.statuses import Outcome
from syncs.models import Merchant, Sync, SyncRequest
from syncs.operations import log
from syncs.operations.settling import result_of
from syncs.rules.states import State

logger = logging.getLogger(__name__)

NEVER_RAN = "A lead decided that this never ran."


def tell(request: SyncRequest, verb: str, sentence: str, **changes: Any) -> None:
    """For a caller who holds the merchant's lock."""
    logger.error("request %s: %s", request.pk, sentence)
    SyncRequest.objects.filter(pk=request.pk).update(version=F("version") + 1, **changes)
    Merchant.objects.filter(pk=request.merchant_id).update(version=F("version") + 1)
    log.record(verb, sentence, request=request)


def tell_of_what_ran(merchant: Merchant, changed: Sequence[Sync], tied: Sequence[Sync]) -> None:
    """What Codat reports of its own sync beats the verdict that a request never ran.

    That its sync still runs is news only where it was not known when the lead decided.
    """
    ended = [sync for sync in changed if Outcome(sync.outcome).is_final]
    told = {sync.pk for sync in (*ended, *tied)}
    if not told:
        return
    never_ran = merchant.requests.filter(state=State.NOT_RUN, sync__isnull=False)
    for request in never_ran.select_related("merchant", "sync"):
        if request.sync and request.sync.pk in told:
            sentence = shortened(f"{NEVER_RAN} {_after_all(request, request.sync)}", 500)
            if sentence != request.result:
                tell(request, "request.ran_after_all", sentence, result=sentence)


def _after_all(request: SyncRequest, sync: Sync) -> str:
    if Outcome(sync.outcome).is_final:
        return f"Codat ran it after all: sync {sync.sync_id}. {result_of(request, sync)}"
    return f"Codat lists it after all: sync {sync.sync_id}"
