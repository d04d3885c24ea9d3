"""The log: who did what, for which merchant, when and why."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from syncs import paging
from syncs.list_filters import SPANS
from syncs.models import Activity
from syncs.models.activity import ActivityQuerySet, NewestEntry
from syncs.paging import Order
from syncs.presentation import Look, look_of_move
from syncs.record_filters import SOURCES, SYNC_DESK, VERBS, ActivityFilters, as_key, people
from syncs.views import as_of, glances
from syncs.views.access import Signed

PAGE = "syncs/activity.html"
NEWEST_FIRST = Order("at", descending=True)
STANDING = as_of.Standing("activity", "activity-newer", PAGE, NEWEST_FIRST)
SIZE = 100
# Beyond it a number says no more than "many", and would read the whole table.
COUNTED = 10_000


@dataclass(frozen=True)
class Row:
    entry: Activity

    @property
    def look(self) -> Look | None:
        """The pill of the state that a request was moved to."""
        return look_of_move(self.entry.verb, self.entry.request)


@require_safe
@login_required
@never_cache
def activity(request: Signed) -> HttpResponse:
    """The page; for htmx only the list."""
    glance = glances.look(timezone.now(), NewestEntry)
    choices, zone = [*people(), (SYNC_DESK, "Sync Desk")], timezone.get_current_timezone()
    filters = ActivityFilters.read(request.GET).of_people(choices)
    entries = filters.apply(zone)
    page = paging.page(
        _from_entry(entries, filters).for_page(),
        NEWEST_FIRST,
        after=filters.after,
        before=filters.before,
        size=SIZE,
    )
    counted = entries.order_by()[: COUNTED + 1].count()
    context = {
        "filters": filters,
        "days": _by_day(page.rows),
        "today": timezone.localdate(),
        "counted": min(counted, COUNTED),
        "many": counted > COUNTED,
        "spans": SPANS,
        "whats": [(name, word) for name, (word, _) in VERBS.items()],
        "sources": [("", "Everything"), *((name, word) for name, (word, _) in SOURCES.items())],
        "people": choices,
        "older_url": filters.older(page.after),
        "newer_url": filters.newer(page.before),
    }
    return _answer(request, filters, context | STANDING.read(request, filters, page.rows, glance))


@require_safe
@login_required
@never_cache
def activity_newer(request: Signed) -> HttpResponse:
    """One poll: how many entries are newer than the page, or 204 when nothing was added."""
    filters, zone = ActivityFilters.read(request.GET), timezone.get_current_timezone()
    glance = glances.look(timezone.now(), NewestEntry)
    return STANDING.poll(request, filters, lambda: filters.apply(zone), glance)


def _answer(request: Signed, filters: ActivityFilters, context: dict[str, Any]) -> HttpResponse:
    if not request.htmx:
        return render(request, PAGE, context)
    return push_url(
        render(request, f"{PAGE}#results_and_export", context | {"oob": True}),
        reverse("activity") + filters.url(),
    )


def _from_entry(entries: ActivityQuerySet, filters: ActivityFilters) -> ActivityQuerySet:
    """A link to one entry shows it on top, with what was before it in time: pages move, entries do not."""
    key = as_key(filters.entry) if filters.first_page else None
    linked = None if key is None else entries.filter(pk=key).first()
    if linked is None:
        return entries
    return entries.filter(Q(at__lt=linked.at) | Q(at=linked.at, pk__lte=linked.pk))


def _by_day(entries: list[Activity]) -> list[tuple[date, list[Row]]]:
    days = groupby(entries, key=lambda entry: timezone.localdate(entry.at))
    return [(day, [Row(entry) for entry in group]) for day, group in days]
