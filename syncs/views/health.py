"""The sync health page: every merchant's last result, worst first, live."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect, push_url

from syncs import context_processors, paging
from syncs.filters import HealthFilters, read_health_filters
from syncs.models import Merchant
from syncs.models.merchant import MerchantQuerySet
from syncs.search import owners_of
from syncs.views import daily_results, glances, health_summary, polling
from syncs.views.access import Signed
from syncs.views.merchant_rows import MerchantRow, for_rows

# Of a search or a filter; beyond it a number says no more than "many", and would read all merchants.
COUNTED = 2_000


@require_safe
@login_required
@never_cache
def health(request: Signed) -> HttpResponse:
    """The page; for htmx only the list, with the tiles beside it. A pasted id goes straight to its merchant."""
    glance = glances.look(timezone.now())
    platforms = health_summary.platforms(request.GET)
    filters = read_health_filters(request.GET, platforms)
    owners = owners_of(filters.q)
    if len(owners) == 1:
        return _go_to(owners[0], request)
    listing = _listing(filters, owners, request, glance)
    context = listing.context(listing.page.rows) | {
        "platforms": platforms,
        "codes": health_summary.code_choices(filters.code),
    }
    if request.htmx:
        response = render(request, "syncs/health.html#results_and_tiles", context | {"oob": True})
        return push_url(response, filters.url())
    return render(request, "syncs/health.html", context)


@require_safe
@login_required
@never_cache
def health_live(request: Signed) -> HttpResponse:
    """One poll: 204 while nothing on the page changed, else its rows in the order in which they were shown."""
    glance = glances.look(timezone.now())
    if glance.shows_nothing_new(request):
        return HttpResponse(status=204)
    filters = read_health_filters(request.GET)
    listing = _listing(filters, owners_of(filters.q), request, glance)
    rows = _read_ids(request.GET.get("ids", ""))
    versions = dict(Merchant.objects.filter(pk__in=rows).values_list("pk", "version"))
    version = listing.version([(pk, versions[pk]) for pk in rows if pk in versions])
    if glances.shown(request) == version:
        glance.found_nothing_new(request, listing.counted_at)
        return HttpResponse(status=204)
    merchants = for_rows(Merchant.objects.all()).in_bulk(rows)
    context = listing.context([merchants[pk] for pk in rows if pk in merchants])
    context["has_new_chart"] = request.GET.get("chart", "") != listing.drawn
    return render(request, "syncs/health.html#rows_and_tiles", context | {"oob": True})


def _go_to(merchant: Merchant, request: Signed) -> HttpResponse:
    url = resolve_url("merchant", company_id=merchant.company_id)
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _listing(
    filters: HealthFilters, owners: Sequence[Merchant], request: Signed, glance: glances.Glance
) -> "Listing":
    """An id that several merchants share lists them; anything else in the box is part of a name."""
    now = timezone.now()
    keys = [owner.pk for owner in owners]
    merchants = Merchant.objects.filter(pk__in=keys) if keys else filters.apply(now.date())
    page = paging.page(for_rows(merchants), filters.order, after=filters.after, before=filters.before)
    counts, counted_at = health_summary.counts(now, glance.pulse)
    banners = context_processors.banners(request, glance.signs)
    return Listing(filters, merchants, page, counts, counted_at, banners, glance, now)


@dataclass(frozen=True)
class Listing:
    """What the page lists now; what it shows may be older, because a poll never moves a row."""

    filters: HealthFilters
    merchants: MerchantQuerySet
    page: paging.Page[Merchant]
    counts: health_summary.Counts
    counted_at: int
    banners: list[context_processors.Banner]
    glance: glances.Glance
    now: datetime

    def context(self, shown: list[Merchant]) -> dict[str, Any]:
        filters, page = self.filters, self.page
        rows = [MerchantRow(merchant, self.now) for merchant in shown]
        return {
            "filters": filters,
            "counts": self.counts,
            "tiles": health_summary.tiles(self.counts),
            "overlapping": health_summary.overlapping_tiles(self.counts),
            "chart": self.chart,
            "reasons": health_summary.reasons(self.counts),
            "rows": rows,
            "total": self.total,
            "many": self.many,
            "page_summary": self._summary(len(rows)),
            "empty_lead": f"No merchant matches “{filters.q}”.",
            "moved": self._moved([merchant.pk for merchant in shown]),
            "banners": self.banners,
            "here": filters.url(page=True),
            "previous_url": filters.url(page=True, before=page.before, after="") if page.before else "",
            "next_url": filters.url(page=True, after=page.after, before="") if page.after else "",
            "every": polling.seconds(moving=any(row.is_moving for row in rows)),
            "live_url": self._live_url(shown),
        }

    @cached_property
    def chart(self) -> daily_results.Chart | None:
        """A poll without news does not ask for it."""
        return daily_results.chart(self.now)

    @property
    def drawn(self) -> str:
        """Tells one chart from another."""
        return self.chart.digest if self.chart else ""

    def _summary(self, shown: int) -> str:
        """Positions are known on the first page only: pages go by key."""
        total = f"{'over ' if self.many else ''}{self.total:,}"
        return f"{shown:,} of {total}" if self.page.before else f"1–{shown:,} of {total}"

    @cached_property
    def many(self) -> bool:
        """Whether there are more than `total` says."""
        return self.filters.narrows and self._narrowed > COUNTED

    @property
    def total(self) -> int:
        if self.filters.narrows:
            return min(self._narrowed, COUNTED)
        return self.counts.of_scope(self.filters.health)

    @cached_property
    def _narrowed(self) -> int:
        return self.merchants.order_by()[: COUNTED + 1].count()

    def version(self, shown: list[tuple[int, int]]) -> str:
        """A digest of all that the page shows. The minute is part of it, so that "14 min ago" stays true."""
        order = [merchant.pk for merchant in self.page.rows]
        facts = (shown, order, self.counts, self.banners, self.glance.minute)
        return glances.digest(facts)

    def _live_url(self, shown: list[Merchant]) -> str:
        version = self.version([(merchant.pk, merchant.version) for merchant in shown])
        ids = ",".join(str(merchant.pk) for merchant in shown)
        pairs = [
            *self.filters.pairs(page=True),
            ("ids", ids),
            ("chart", self.drawn),
            ("v", f"{self.glance.of(self.counted_at)}-{version}"),
        ]
        return f"{reverse('health-live')}?{urlencode(pairs)}"

    def _moved(self, shown: list[int]) -> int:
        """How many rows a fresh look at the same page would bring, take or move."""
        order = [merchant.pk for merchant in self.page.rows]
        kept = sum(block.size for block in SequenceMatcher(None, shown, order).get_matching_blocks())
        return max(len(shown), len(order)) - kept


def _read_ids(text: str) -> list[int]:
    """At most a page of keys; what is none is left out."""
    words = text[:2000].split(",")[: paging.SIZE]
    return [int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= 18]
