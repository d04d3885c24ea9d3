"""What a request's page has to be told anew for. All of it from one query: a poll without news takes no other."""

from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from syncs import context_processors, wording
from syncs.models import Activity, Attempt, SyncRequest
from syncs.models.gathered import gathered
from syncs.operations import surroundings
from syncs.operations.evidence import is_list_read
from syncs.rules.states import State
from syncs.views import glances

# As many as `version` needs: a request with its merchant, reader and sync has a hundred.
POLLED = (
    *("state", "state_since", "version", "looks", "not_before", "sync_id", "candidates"),
    *("merchant__version", "merchant__refreshed_at", "merchant__running_since"),
)


def find(pk: int) -> SyncRequest | None:
    """For the page, with all that its poll has to know."""
    return next(iter(_with_what_is_told(SyncRequest.objects.for_page().filter(pk=pk))), None)


def find_for_poll(pk: int) -> SyncRequest | None:
    """With what `version` needs and no more. One query."""
    return next(iter(_polled().filter(pk=pk)), None)


@cache
def _polled() -> QuerySet[SyncRequest]:
    """Made once in each process: to make it takes longer than to ask."""
    return _with_what_is_told(SyncRequest.objects.select_related("merchant").only(*POLLED))


def _with_what_is_told(requests: QuerySet[SyncRequest]) -> QuerySet[SyncRequest]:
    tries = Attempt.objects.filter(request=OuterRef("pk"))
    entries = Activity.objects.filter(request=OuterRef("pk")).order_by().values("request")
    told: dict[str, Any] = {
        "told_tries": gathered(tries, "number", "outcome"),
        "told_entries": Subquery(entries.annotate(count=Count("pk")).values("count")),
    }
    return surroundings.read_with(requests.annotate(**told))


def version(request: SyncRequest, now: datetime) -> str:
    """Changes with what the page shows, its notices too, and at the moments that its sentences name. What Codat lists
    moves the merchant's version; a look that brought no news may have read the list that was waited for."""
    facts = (
        (request.version, request.looks, request.not_before, request.sync_id, request.candidates),
        request.merchant.version,
        (sorted(request.told_tries or []), request.told_entries),
        (request.state == State.NEEDS_REVIEW and is_list_read(request), wording.is_not_found(request)),
        wording.true_until(request),
        (context_processors.version(surroundings.of(request), now), glances.clock()),
    )
    return glances.digest(facts)
