"""A list that stands as it was read: it says as of when, and offers what is newer. No row of it moves by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from syncs import context_processors, paging
from syncs.context_processors import Banner
from syncs.paging import Order
from syncs.record_filters import Filters
from syncs.views import glances
from syncs.views.access import Signed

Row = TypeVar("Row", bound=Model)

# Seconds between two polls: nobody waits for a number.
EVERY = 30
# So many are looked at for those that pass the filters.
NEWEST = 1_000


@dataclass(frozen=True)
class AsOf:
    """`path` is of the list, `live` of its poll, by their names."""

    path: str
    live: str
    filters: Filters
    top: str
    """Where its first row stands: a cursor, empty where there is none."""
    at: datetime
    newer: int
    banners: list[Banner]
    glance: glances.Glance

    @property
    def is_many(self) -> bool:
        return self.newer == NEWEST

    @property
    def url(self) -> str:
        return reverse(self.path) + self.filters.url()

    @property
    def mark(self) -> str:
        """Of all that a poll tells."""
        return glances.digest((self.newer, self.banners))

    @property
    def live_url(self) -> str:
        """Empty where what is newer is on another page."""
        if not self.filters.begins_with_the_newest:
            return ""
        glance, read = self.glance, str(int(self.at.timestamp()))
        seen = glance.pairs(glance.pulse, self.mark, glance.signs.now)
        return f"{reverse(self.live)}?{urlencode([*self.filters.pairs(), ('top', self.top), ('read', read), *seen])}"

    # What is remembered of a poll that brings nothing.
    @property
    def pulse(self) -> int:
        return self.glance.pulse

    @property
    def read_at(self) -> datetime:
        return self.glance.signs.now


@dataclass(frozen=True)
class Standing:
    """A list that has such a line."""

    path: str
    live: str
    template: str
    order: Order

    def read(
        self, request: HttpRequest, filters: Filters, rows: list[Any], glance: glances.Glance
    ) -> dict[str, Any]:
        """What its page needs for the line."""
        top = paging.cursor(rows[0], self.order) if rows else ""
        banners = context_processors.banners(request, glance.signs)
        line = AsOf(self.path, self.live, filters, top, glance.signs.now, 0, banners, glance)
        return {"as_of": line, "every": EVERY, "banners": banners}

    def poll(
        self,
        request: Signed,
        filters: Filters,
        rows: Callable[[], QuerySet[Row]],
        glance: glances.Glance,
    ) -> HttpResponse:
        """204 while nothing came, else the line anew. `rows` are all that pass the filters."""
        reader = request.user.pk
        if glance.shows_nothing_new(request, reader):
            return HttpResponse(status=204)
        top = request.GET.get("top", "")
        newer = above(rows(), self.order, top).count()
        banners = context_processors.banners(request, glance.signs)
        line = AsOf(self.path, self.live, filters, top, _read_at(request, glance), newer, banners, glance)
        if glances.shown(request) == line.mark and not glance.is_to_tell_the_budget(request):
            glance.found_nothing_new(request, line, reader)
            return HttpResponse(status=204)
        return render(
            request, f"{self.template}#news", {"as_of": line, "every": EVERY, "banners": banners, "oob": True}
        )


def above(rows: QuerySet[Row], order: Order, top: str) -> QuerySet[Row]:
    """Of the newest of all: to look for one that hardly any passes would read everything."""
    every: QuerySet[Any] = rows.model._default_manager.all()
    newest = paging.above(every, order, top).order_by(*order.columns(backwards=False))
    return rows.filter(pk__in=newest.values("pk")[:NEWEST]).order_by()


def _read_at(request: HttpRequest, glance: glances.Glance) -> datetime:
    """When the page was; a moment that cannot be is now."""
    text, now = request.GET.get("read", "")[:12], glance.signs.now
    seconds = int(text) if text.isdecimal() and text.isascii() else now.timestamp()
    return datetime.fromtimestamp(min(seconds, now.timestamp()), UTC)
