"""How many syncs began on each day that a page of All syncs shows: asked for behind the page, which waits for none."""

from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from syncs.models import Sync
from syncs.models.sync import SyncQuerySet
from syncs.record_filters import as_day
from syncs.record_filters.syncs import SyncFilters, within
from syncs.rules.salesdays import day_window
from syncs.views import glances
from syncs.views.access import Signed
from syncs.views.syncs import COUNTED, asked_for

MOST_DAYS = 7
# Seconds: while a day goes on, and of one that is over.
KEPT, KEPT_LONG = 60, 600


@dataclass(frozen=True)
class DayCount:
    day: date
    among: int
    """Of those that pass the filters, one more than COUNTED at most."""
    total: int
    is_today: bool

    @property
    def is_all(self) -> bool:
        return self.among == self.total

    @property
    def is_many(self) -> bool:
        return COUNTED < self.among < self.total


@require_safe
@login_required
@never_cache
def day_counts(request: Signed) -> HttpResponse:
    """Of the first few `days` that the page names, in the reader's zone."""
    zone, filters = timezone.get_current_timezone(), asked_for(request).filters
    words = request.GET.get("days", "")[:200].split(",")[:MOST_DAYS]
    days = [day for word in words if (day := as_day(word))]
    counts = [_counted(day, filters, zone) for day in days]
    return render(request, "syncs/syncs/day_counts.html", {"counts": counts, "most": COUNTED})


def _counted(day: date, filters: SyncFilters, zone: ZoneInfo) -> DayCount:
    is_today = day == timezone.localdate()
    kept = KEPT if is_today else KEPT_LONG

    def total() -> int:
        return _of(Sync.objects.all(), day, zone).count()

    def among() -> int:
        return _of(filters.apply(zone), day, zone)[: COUNTED + 1].count()

    every = cache.get_or_set(f"syncs-of-{day}-{zone}", total, kept) or 0
    if not replace(filters, day="", until="").narrows:
        return DayCount(day, every, every, is_today)
    asked = glances.digest((filters.url(), str(zone), day))
    found = cache.get_or_set(f"syncs-among-{asked}", among, KEPT) or 0
    # The two may have been counted a few minutes apart.
    return DayCount(day, found, max(found, every), is_today)


def _of(rows: SyncQuerySet, day: date, zone: ZoneInfo) -> SyncQuerySet:
    return within(rows, day_window(day, zone)).order_by()
