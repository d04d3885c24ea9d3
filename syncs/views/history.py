"""A merchant's syncs, newest first, paged by key."""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from syncs import paging
from syncs.models import Merchant, Sync, SyncRequest
from syncs.rules.salesdays import day_of

PAGE_SIZE = 25
NEWEST_FIRST = paging.Order("started_at", descending=True)
SHOW = {"": "All", "failed": "Failed", "ours": "Asked by us"}


@dataclass(frozen=True)
class Row:
    sync: Sync
    is_open: bool

    @cached_property
    def request(self) -> SyncRequest | None:
        """The request that started it, from the prefetched rows."""
        return next(iter(self.sync.requests.all()), None)

    @cached_property
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
    newer_url: str
    older_url: str
    total: int


def page(merchant: Merchant, query: QueryDict) -> Page:
    show = query.get("show", "") if query.get("show", "") in SHOW else ""
    syncs = _shown(merchant, show)
    after, before = query.get("after", ""), query.get("before", "")
    found = paging.page(syncs, NEWEST_FIRST, after=after, before=before, size=PAGE_SIZE)
    for sync in found.rows:
        sync.merchant = merchant
    rows = [Row(sync, is_open=str(sync.pk) in query.getlist("open")) for sync in found.rows]
    newer = _address(merchant, show=show, before=found.before) if found.before else ""
    older = _address(merchant, show=show, after=found.after) if found.after else ""
    return Page(rows, show, newer, older, total=syncs.count())


def _address(merchant: Merchant, **query: str) -> str:
    return f"{reverse('merchant', args=[merchant.company_id])}?{urlencode(query)}#history"


def _shown(merchant: Merchant, show: str) -> QuerySet[Sync]:
    syncs = merchant.syncs.prefetch_related("requests__asked_by")
    if show == "failed":
        return syncs.filter(outcome="failed")
    return syncs.filter(initiator=Sync.Initiator.OURS) if show == "ours" else syncs
