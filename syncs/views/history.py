"""A merchant's syncs, newest first, paged by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from syncs import paging
from syncs.models import Merchant, Sync
from syncs.operations.repairs import covered_since
from syncs.views.folding import Fold, folded
from syncs.views.history_rows import Row

PAGE_SIZE = 25
NEWEST_FIRST = paging.Order("started_at", descending=True)
SHOW = {"": "All", "failed": "Failed", "ours": "Asked by us"}


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    lines: list[Row | Fold]
    show: str
    here: str
    """Its address without what is open or unfolded on it."""
    newer_url: str
    older_url: str
    total: int


def page(merchant: Merchant, query: QueryDict) -> Page:
    """`open` are the rows with their details, `unfold` the stretches that are shown row by row, but for `fold`."""
    show = query.get("show", "") if query.get("show", "") in SHOW else ""
    syncs = _shown(merchant, show)
    after, before = query.get("after", ""), query.get("before", "")
    found = paging.page(syncs, NEWEST_FIRST, after=after, before=before, size=PAGE_SIZE)
    for sync in found.rows:
        sync.merchant = merchant
    recoveries = covered_since(merchant, found.rows)
    rows = [
        Row(sync, is_open=str(sync.pk) in query.getlist("open"), recovery=recoveries.get(sync.pk))
        for sync in found.rows
    ]
    unfolded = set(query.getlist("unfold")) - set(query.getlist("fold"))
    # Among the failed alone, neighbours in the list may be no neighbours.
    lines: Sequence[Row | Fold] = rows if show else folded(rows, unfolded, is_end=not found.after)
    return Page(
        rows,
        list(lines),
        show,
        here=_address(merchant, show=show, after=after, before="" if after else before),
        newer_url=_url(merchant, show=show, before=found.before) if found.before else "",
        older_url=_url(merchant, show=show, after=found.after) if found.after else "",
        total=syncs.count(),
    )


def address_of(sync: Sync) -> str:
    """The page that shows it, with its details open."""
    newer = sync.merchant.syncs.filter(
        Q(started_at__gt=sync.started_at) | Q(started_at=sync.started_at, pk__gt=sync.pk)
    ).order_by("started_at", "pk")[:PAGE_SIZE]
    nearest = list(newer.only("pk", "started_at"))
    after = paging.cursor(nearest[0], NEWEST_FIRST) if len(nearest) == PAGE_SIZE else ""
    return f"{_address(sync.merchant, after=after)}open={sync.pk}#sync-{sync.pk}"


def _address(merchant: Merchant, **query: str) -> str:
    said = urlencode({name: value for name, value in query.items() if value})
    return f"{reverse('merchant', args=[merchant.company_id])}?{said}{'&' if said else ''}"


def _url(merchant: Merchant, **query: str) -> str:
    return f"{_address(merchant, **query).rstrip('&')}#history"


def _shown(merchant: Merchant, show: str) -> QuerySet[Sync]:
    syncs = merchant.syncs.prefetch_related("requests__asked_by")
    if show == "failed":
        return syncs.filter(outcome="failed")
    return syncs.filter(initiator=Sync.Initiator.OURS) if show == "ours" else syncs
