"""All syncs: every sync that Codat has told us about, across merchants, newest first."""

from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from syncs import paging
from syncs.filters import Platforms
from syncs.list_filters import SPANS
from syncs.models import Cause, Connection, Sync, SyncRequest
from syncs.models.sync import SyncQuerySet
from syncs.record_filters import people
from syncs.record_filters.syncs import INITIATORS, RESULTS, WRITTEN, SyncFilters
from syncs.views import as_of, glances, health_summary, saved_views, shared_causes, sync_row
from syncs.views.access import Signed

PAGE = "syncs/syncs.html"
NEWEST_FIRST = paging.Order("started_at", descending=True)
STANDING = as_of.Standing("syncs", "syncs-newer", PAGE, NEWEST_FIRST)
SIZE = 50
# Beyond it a number says no more than "many", and would read the whole table.
COUNTED = 1_000
# Seconds.
ROWS_KEPT = 600
# Of a merchant with its forty columns a row shows these.
SHOWN_OF_A_MERCHANT = ("company_id", "name", "time_zone", "archived_at", "version")


@require_safe
@login_required
@never_cache
def syncs(request: Signed) -> HttpResponse:
    """The page; for htmx only the list."""
    glance = glances.look(timezone.now())
    asked = asked_for(request)
    filters = asked.filters
    zone = timezone.get_current_timezone()
    rows = filters.apply(zone)
    listed = with_merchants(rows)
    page = paging.page(listed, NEWEST_FIRST, after=filters.after, before=filters.before, size=SIZE)
    is_all = not page.before and not page.after
    counted = len(page.rows) if is_all else rows.order_by()[: COUNTED + 1].count()
    days = _by_day(page.rows)
    context = {
        "filters": filters,
        "days": days,
        "counts_url": _counts_url(filters, [day for day, _ in days]),
        "today": timezone.localdate(),
        "counted": min(counted, COUNTED),
        "many": counted > COUNTED,
        "causes": shared_causes.of(rows, filters) if filters.first_page and not filters.cause else None,
        "cause": asked.cause,
        "may_ask": request.user.has_perm("syncs.ask_sync"),
        "query_of_all_causes": filters.url(causes="all"),
        "query_without_cause": filters.url(cause=""),
        "results": _choices(RESULTS),
        "written": _choices(WRITTEN),
        "initiators": asked.initiators,
        "spans": SPANS,
        "views": saved_views.menu_of_syncs(filters),
        "codes": health_summary.code_choices(*([int(filters.code)] if filters.code else [])),
        "platforms": asked.platforms,
        "older_url": filters.older(page.after),
        "newer_url": filters.newer(page.before),
    }
    return _answer(request, filters, context | STANDING.read(request, filters, page.rows, glance))


@require_safe
@login_required
@never_cache
def syncs_newer(request: Signed) -> HttpResponse:
    """One poll: how many syncs are newer than the page, or 204 when nothing has changed."""
    filters, zone = SyncFilters.read(request.GET), timezone.get_current_timezone()
    return STANDING.poll(request, filters, lambda: filters.apply(zone), glances.look(timezone.now()))


class Asked(NamedTuple):
    """What the address asks for, and what it may ask for."""

    filters: SyncFilters
    cause: Cause | None
    initiators: list[tuple[str, str]]
    platforms: Platforms


def asked_for(request: Signed) -> Asked:
    platforms = health_summary.platforms(request.GET)
    initiators = [*_choices(INITIATORS), *people()]
    found = SyncFilters.read(request.GET).among(platforms.commerce, platforms.accounting)
    filters, cause = found.of_people(initiators).of_cause()
    return Asked(filters, cause, initiators, platforms)


def _answer(request: Signed, filters: SyncFilters, context: dict[str, Any]) -> HttpResponse:
    if not request.htmx:
        return render(request, PAGE, context)
    return push_url(
        render(request, f"{PAGE}#results_and_export", context | {"oob": True}),
        reverse("syncs") + filters.url(),
    )


def _counts_url(filters: SyncFilters, days: list[date]) -> str:
    told = ",".join(day.isoformat() for day in days)
    return f"{reverse('syncs-day-counts')}{filters.url()}&days={told}"


def with_merchants(rows: SyncQuerySet) -> SyncQuerySet:
    """Codat's own words of each are on the sync's own page."""
    own = [field.attname for field in Sync._meta.concrete_fields if field.name != "raw"]
    shown = (f"merchant__{name}" for name in SHOWN_OF_A_MERCHANT)
    return rows.select_related("merchant").only(*own, *shown)


def around_them() -> "tuple[Prefetch[Any], ...]":
    """What a row shows of other tables."""
    requests = Prefetch("requests", SyncRequest.objects.select_related("asked_by"))
    return requests, Prefetch("merchant__connections", Connection.objects.for_rows())


def _by_day(found: list[Sync]) -> list[tuple[date, list[SafeString]]]:
    rows = _drawn(found)
    days = groupby(found, key=lambda sync: timezone.localdate(sync.started_at))
    return [(day, [rows[sync.pk] for sync in group]) for day, group in days]


def _drawn(found: list[Sync]) -> dict[int, SafeString]:
    """By the syncs' numbers; two queries where there are some that nobody has seen drawn lately."""
    kept = cache.get_many([_key(sync) for sync in found])
    missing = [sync for sync in found if _key(sync) not in kept]
    prefetch_related_objects(missing, *around_them())
    fresh = {_key(sync): sync_row.draw(sync) for sync in missing}
    cache.set_many(fresh, ROWS_KEPT)
    return {sync.pk: (kept | fresh)[_key(sync)] for sync in found}


def _key(sync: Sync) -> str:
    """The merchant's version moves with its syncs and all that is told of them. Days name their year when it is not
    this one."""
    told_in = f"{timezone.get_current_timezone_name()}-{timezone.localdate().year}"
    return f"sync-row-{sync.pk}-{sync.merchant.version}-{told_in}"


def _choices(known: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, word) for name, (word, _) in known.items()]
