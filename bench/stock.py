"""F2: the same questions asked of the stock Django admin over the same tables, in turns with ours."""

from argparse import Namespace
from collections.abc import Iterator
from statistics import median
from typing import Any

from bench import filling
from bench.results import Row, at_most

PART = "F2"
# Rounds of each, and seconds after which no further round is begun: a search in all syncs takes the admin many of them.
ROUNDS, ENOUGH = 20, 30.0
# What is asked, of us and of the admin, and the part of the admin's time that ours may take.
QUESTIONS = (
    ("merchants, first page", "/", "/stock/syncs/stockmerchant/", 0.6),
    ("merchants, search", "/?q=coffee", "/stock/syncs/stockmerchant/?q=coffee", 0.4),
    ("merchants, search that finds few", "/?q={word}", "/stock/syncs/stockmerchant/?q={word}", 0.4),
    ("syncs, first page", "/syncs/", "/stock/syncs/stocksync/", 0.05),
    ("syncs, search by message", "/syncs/?message=archived", "/stock/syncs/stocksync/?q=archived", 0.05),
    ("syncs, search by merchant", "/syncs/?merchant={word}", "/stock/syncs/stocksync/?q={word}", 0.05),
)


add_options = filling.add_options


def measure(options: Namespace) -> Iterator[Row]:
    return filling.measured("bench.stock", options)


def rows() -> Iterator[Row]:
    from bench.visits import AGAIN, FIRST, signed_in, take_turns

    open_stock_admin()
    client = signed_in(superuser=True)
    word = filling.a_word()
    for name, ours, stock, bound in QUESTIONS:
        first, again, theirs = take_turns(
            client, ours.format(word=word), stock.format(word=word), rounds=ROUNDS, enough=ENOUGH
        )
        yield Row(PART, f"{name}: stock admin, median of {len(theirs)}", round(median(theirs), 2), "ms")
        for when, mine in ((FIRST, first), (AGAIN, again)):
            yield Row(PART, f"{name}: ours, {when}", round(median(mine), 2), "ms")
            share = median(mine) / median(theirs)
            yield at_most(PART, f"{name}: ours, {when} / stock admin", share, "", bound)


def open_stock_admin() -> None:
    """A site of its own with the least that a list is of use with; only here, beside the product's own addresses."""
    import sys
    import types

    from django.conf import settings
    from django.contrib import admin
    from django.urls import clear_url_caches, include, path

    from syncs.models import Merchant, Sync

    # Under a name of their own: the product's templates for its own admin are not theirs.
    class StockMerchant(Merchant):
        class Meta:
            app_label, proxy, verbose_name = "syncs", True, "merchant"

    class StockSync(Sync):
        class Meta:
            app_label, proxy, verbose_name = "syncs", True, "sync"

    class MerchantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
        list_display = ("name", "company_id", "health", "last_code", "last_success_at", "switches_off_on")
        search_fields = ("name", "company_id")
        list_per_page = 50

    class SyncAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
        list_display = ("sync_id", "merchant", "code", "outcome", "started_at", "message")
        list_select_related = ("merchant",)
        search_fields = ("sync_id", "message", "merchant__name")
        ordering = ("-started_at",)
        list_per_page = 50

    class StockSite(admin.AdminSite):
        """Without the product's notices, which its frame of the admin shows."""

        def each_context(self, request: Any) -> dict[str, Any]:
            return super().each_context(request) | {"banners": []}

    site = StockSite(name="stock")
    site.register(StockMerchant, MerchantAdmin)
    site.register(StockSync, SyncAdmin)
    urls = types.ModuleType("bench.stock_urls")
    urls.urlpatterns = [path("stock/", site.urls), path("", include("codat_admin.urls"))]  # type: ignore[attr-defined]
    sys.modules["bench.stock_urls"] = urls
    settings.ROOT_URLCONF = "bench.stock_urls"
    clear_url_caches()


if __name__ == "__main__":
    filling.tell(rows)
