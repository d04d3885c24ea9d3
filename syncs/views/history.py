"""A merchant's syncs, newest first, paged by key."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from syncs.models import Merchant, Sync, SyncRequest
from syncs.rules.salesdays import day_of

PAGE_SIZE = 25
SHOW = {"": "All", "failed": "Failed", "ours": "Asked by us"}


@dataclass(frozen=True)
class Row:
    sync: Sync
    is_open: bool

    @property
    def request(self) -> SyncRequest | None:
        """The request that started it, from the prefetched rows."""
        return next(iter(self.sync.requests.all()), None)

    @property
    def days(self) -> tuple[object, object] | None:
        """First and last sales day that its window touches."""
        if self.sync.window_start is None or self.sync.window_finish is None:
            return None
        zone = self.sync.merchant.zone
        return (
            day_of(self.sync.window_start, zone),
            day_of(self.sync.window_finish - timedelta(microseconds=1), zone),
        )

    @property
    def took(self) -> timedelta | None:
        """Only where we watched it from the start: Codat tells no end."""
        if self.request is None or self.sync.final_seen is None:
            return None
        return self.sync.final_seen - self.sync.started_at

    @property
    def json(self) -> str:
        return json.dumps(self.sync.raw, indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    show: str
    older: str
    total: int


def page(merchant: Merchant, query: QueryDict) -> Page:
    show = query.get("show", "") if query.get("show", "") in SHOW else ""
    syncs = _shown(merchant, show)
    total = syncs.count()
    if before := _key(query.get("before", "")):
        at, pk = before
        syncs = syncs.filter(Q(started_at__lt=at) | Q(started_at=at, pk__lt=pk))
    found = list(syncs[: PAGE_SIZE + 1])
    for sync in found:
        sync.merchant = merchant
    rows = [Row(sync, is_open=str(sync.pk) in query.getlist("open")) for sync in found[:PAGE_SIZE]]
    last = rows[-1].sync if len(found) > PAGE_SIZE else None
    return Page(rows, show, f"{last.started_at:%Y-%m-%dT%H:%M:%S.%fZ}_{last.pk}" if last else "", total)


def _shown(merchant: Merchant, show: str) -> QuerySet[Sync]:
    syncs = merchant.syncs.newest_first().prefetch_related("requests__asked_by")
    if show == "failed":
        return syncs.filter(outcome="failed")
    return syncs.filter(initiator=Sync.Initiator.OURS) if show == "ours" else syncs


def _key(text: str) -> tuple[datetime, int] | None:
    """The last row of the page before; None for anything else somebody may have typed."""
    moment, _, pk = text.partition("_")
    try:
        at = parse_datetime(moment)
    except ValueError:
        return None
    if at is None or at.tzinfo is None or not pk.isascii() or not pk.isdigit() or len(pk) > 18:
        return None
    return at, int(pk)
