"""What became of a bulk: counts by state, and the result of each merchant, those that need a person first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Value, When

from syncs import moments, paging, wording
from syncs.models import Bulk, SyncRequest
from syncs.models.request import SyncRequestQuerySet
from syncs.paging import Order
from syncs.views import bulk_meanings
from syncs.views.bulk_costs import minutes_to_send
from syncs.views.bulk_groups import Group, grouped
from syncs.views.bulk_tally import STATES_OF, Tally, of_bulks
from syncs.views.request_list import Row

# Of the list: what needs a person, what went wrong, what is on its way, what waits, what is well.
RANKS = ("unknown", "failed", "working", "unsent", "ended", "synced")
FIRST_FIRST = Order("asked_at", group="rank")


@dataclass(frozen=True)
class Result(Row):
    @property
    def sent_at(self) -> datetime | None:
        return self.request.sent_at

    @property
    def took(self) -> str:
        ended = self.request.finished_at
        return moments.length(ended - self.sent_at) if ended and self.sent_at else ""


def tally(bulk: Bulk) -> Tally:
    return of_bulks([bulk.pk]).get(bulk.pk) or Tally({})


def results(bulk: Bulk, show: str = "") -> SyncRequestQuerySet:
    """With what a row shows, at no query of its own."""
    found = SyncRequest.objects.filter(bulk=bulk.pk)
    if show:
        found = found.filter(state__in=STATES_OF[show])
    ranked = [When(state__in=STATES_OF[name], then=Value(rank)) for rank, name in enumerate(RANKS)]
    return found.for_page().with_last_try().annotate(rank=Case(*ranked, default=Value(len(RANKS))))


def page(bulk: Bulk, show: str, after: str, before: str) -> paging.Page[SyncRequest]:
    return paging.page(results(bulk, show), FIRST_FIRST, after=after, before=before)


def order(bulk: Bulk, show: str, after: str, before: str) -> list[int]:
    """Of the rows that the page would show by now."""
    return [row.pk for row in page(bulk, show, after, before).rows]


def shown(bulk: Bulk, keys: Sequence[int]) -> list[SyncRequest]:
    """The very rows that the poller's page shows, in their order there."""
    found = {row.pk: row for row in results(bulk).filter(pk__in=keys)}
    return [found[key] for key in keys if key in found]


def rows_of(requests: Sequence[SyncRequest]) -> list[Result]:
    usual, ended = wording.usual_lengths(requests), bulk_meanings.of_each(requests)
    return [
        Result(
            request,
            wording.what(request),
            ended.get(request.pk) or wording.sentence(request, usual.get(request.merchant_id, "")),
        )
        for request in requests
    ]


def still_to_send(counted: Tally) -> str:
    """About how long sending takes from here on, by the pace of the budget."""
    if not counted.unsent:
        return ""
    return f"about {minutes_to_send(counted.unsent):,} min more to send"


def not_asked(bulk: Bulk) -> list[Group]:
    refused = bulk.not_asked.select_related("merchant").order_by("pk")
    return grouped([(each.kind or each.why, each) for each in refused])


def digest_of(rows: Sequence[Result]) -> list[tuple[object, ...]]:
    """Changes with all that the rows say."""
    return [
        (row.request.pk, row.request.version, row.request.merchant.version, row.sentence, row.sent_at)
        for row in rows
    ]
