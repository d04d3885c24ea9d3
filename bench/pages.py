"""F1: the health page and All syncs with a hundred thousand merchants and ten million syncs, however they are asked."""

import re
from argparse import Namespace
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urlencode

from bench import filling
from bench.results import Row, at_most, percentile
from syncs.processes.errors import CannotRun

PART = "F1"
MILLISECONDS, KILOBYTES = 60, 30
# That one sync may take in the database.
BYTES = 1_000
SORTS = ("success", "name", "fuse", "-success", "-name", "-fuse")
HEALTHS = (
    "healthy",
    "failing",
    "needs_reconnect",
    "never_synced",
    "running",
    "soon",
    "unseen",
    "switched_off",
    "archived",
)


add_options = filling.add_options


def measure(options: Namespace) -> Iterator[Row]:
    yield from filling.measured("bench.pages", options)
    yield Row(PART, "storage: the database was filled in", round(filling.minutes(), 1), "min")


def rows() -> Iterator[Row]:
    """In a process that has Django at hand, on the filled database."""
    from django.core.cache import cache
    from django.utils import timezone

    from bench.visits import Visit, both_visits, forget_everything, signed_in, visit
    from syncs.models import HealthTally
    from syncs.operations import counting

    def results_came_in() -> None:
        counting.keep(timezone.now())
        cache.delete("counts")

    def no_clock() -> None:
        HealthTally.objects.all().delete()
        cache.delete("counts")

    client = signed_in()
    seen: dict[tuple[str, str], list[Visit]] = {}

    def told(page: str, name: str, url: str, *, before: Callable[[], None] = lambda: None) -> Iterator[Row]:
        for when, found in both_visits(client, url, before=before):
            if found.status != 200:
                raise CannotRun(f"{url}: answered {found.status}.")
            seen.setdefault((page, when), []).append(found)
            row = f"{page}: {name}, {when}"
            yield at_most(PART, f"{row}, p95 ({found.queries} queries)", found.p95, "ms", MILLISECONDS)
            if not url.strip("/"):
                yield at_most(PART, f"{row}, compressed", found.packed / 1000, "kB", KILOBYTES)

    for name, url in health_pages():
        yield from told("health", name, url)
    yield from told("health", "first page, its numbers read anew", "/", before=results_came_in)
    for name, before in (
        ("of a process, nothing kept", forget_everything),
        ("where no clock counts", no_clock),
    ):
        first = visit(client, "/", before=before)
        yield Row(PART, f"health: first page {name}, p95", round(first.p95, 3), "ms")
    for sort in SORTS:
        yield from told("health", f"a page in the middle of all, by {sort}", halfway(sort))
    for name, found in ids():
        hit = visit(client, f"/?q={found}")
        if hit.status != 302:
            raise CannotRun(f"/?q={found}: answered {hit.status}, and does not lead to its merchant.")
        row = f"health: by its {name} ID, straight to the merchant, p95 ({hit.queries} queries)"
        yield at_most(PART, row, hit.p95, "ms", MILLISECONDS)
    for name, url in sync_pages():
        yield from told("syncs", name, url)
    yield from storage()
    for name in ("first page", "commerce, rare", "result failed", "a part of many names"):
        counts = visit(client, counts_of(client.get(dict(sync_pages())[name]).text), before=forget_everything)
        yield Row(PART, f"syncs: {name}, the counts of its days, behind it, p95", round(counts.p95, 3), "ms")
    for (page, when), visits in seen.items():
        worst = percentile([taken for found in visits for taken in found.milliseconds], 0.95)
        yield at_most(PART, f"{page}: all of these, {when}, p95", worst, "ms", MILLISECONDS)
        yield Row(PART, f"{page}: most queries, {when}", max(found.queries for found in visits), "queries")


def health_pages() -> list[tuple[str, str]]:
    name = filling.a_word()
    asked: list[tuple[str, dict[str, str]]] = [
        ("first page", {}),
        *((f"filter {health}", {"health": health}) for health in HEALTHS),
        ("filter code 5130", {"code": "5130"}),
        ("filter commerce, common", {"commerce": "Shopify"}),
        ("filter commerce, rare", {"commerce": "Lightspeed"}),
        ("filter accounting", {"accounting": "NetSuite"}),
        *((f"began to fail, {since}", {"began": since}) for since in ("today", "31d")),
        *((f"began to fail today by {sort}", {"began": "today", "sort": sort}) for sort in ("name", "fuse")),
        ("two filters and a name", {"health": "failing", "commerce": "Square", "q": "harbour"}),
        ("a filter that few pass", {"health": "healthy", "commerce": "Lightspeed", "accounting": "NetSuite"}),
        *((f"by {sort}", {"sort": sort}) for sort in ("name", "fuse")),
        *(
            (f"{health} by {sort}", {"health": health, "sort": sort})
            for health in ("healthy", "failing", "running", "soon")
            for sort in ("name", "fuse")
        ),
        ("search, one merchant", {"q": name.lower()[:5]}),
        ("search, many merchants", {"q": "offee"}),
        ("search, two letters", {"q": "ar"}),
        ("search, nobody", {"q": "no such merchant"}),
        ("search by name order", {"q": "garden", "sort": "name"}),
        ("an id that nobody has", {"q": "0f8fad5b-d9cb-469f-a165-70867728950e"}),
    ]
    return [(name, f"/?{urlencode(pairs)}" if pairs else "/") for name, pairs in asked]


def halfway(sort: str) -> str:
    """Where the link to the next page leads that stands on the page in the middle of all."""
    from django.utils import timezone

    from syncs import paging
    from syncs.filters import HealthFilters

    filters = HealthFilters(sort=sort)
    merchants, order = filters.apply(timezone.localdate()), filters.order
    last = merchants.order_by(*order.columns(backwards=False))[merchants.count() // 2]
    return f"/?{urlencode({'sort': sort, 'after': paging.cursor(last, order)})}"


def ids() -> list[tuple[str, str]]:
    """Of one merchant in the middle of all."""
    from syncs.models import Connection, Merchant, Sync

    merchant = Merchant.objects.registered().order_by("pk")[Merchant.objects.registered().count() // 2]
    sync = Sync.objects.filter(merchant=merchant).exclude(commerce_sync_id="").newest_first()[0]
    connection = Connection.objects.filter(merchant=merchant, gone_at=None)[0]
    return [
        ("company", str(merchant.company_id)),
        ("sync", sync.sync_id),
        ("commerce sync", sync.commerce_sync_id),
        ("connection", connection.codat_id),
    ]


def storage() -> Iterator[Row]:
    """With all indexes, as the database tells."""
    from django.db import connection

    from syncs.models import MerchantDay, Sync

    def size(table: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_total_relation_size(%s)", [table])
            return int(cursor.fetchone()[0])

    syncs = Sync.objects.count()
    yield at_most(PART, "storage: a sync", size(Sync._meta.db_table) / syncs, "bytes", BYTES)
    days = size(MerchantDay._meta.db_table) / syncs
    yield Row(PART, "storage: what its merchant's days add", round(days, 3), "bytes")


def sync_pages() -> list[tuple[str, str]]:
    from datetime import timedelta

    from django.utils import timezone

    from syncs.models import Cause

    day = str(timezone.localdate() - timedelta(days=20))
    asked: list[tuple[str, dict[str, str]]] = [
        ("first page", {}),
        *(
            (f"result {result}", {"result": result})
            for result in ("failed", "synced", "empty", "running", "unknown")
        ),
        ("code 5080", {"code": "5080"}),
        ("code that nobody had", {"code": "4999"}),
        ("cause", {"cause": str(Cause.objects.order_by("pk")[100].pk)}),
        ("message", {"message": "is archived"}),
        ("message, nothing", {"message": "no such words"}),
        ("a day", {"day": day}),
        ("a day's failures", {"day": day, "result": "failed"}),
        ("up to a day", {"until": day}),
        ("commerce, common", {"commerce": "Shopify"}),
        ("commerce, rare", {"commerce": "Lightspeed"}),
        ("commerce, rare, failed", {"commerce": "Lightspeed", "result": "failed"}),
        *((f"by {by}", {"by": by}) for by in ("anybody here", "the schedule", "not known", "bench")),
        *((f"written {written}", {"written": written}) for written in ("yes", "no", "untold")),
        ("a merchant's name", {"merchant": filling.a_word()}),
        ("a part of many names", {"merchant": "offee"}),
        ("nobody's name", {"merchant": "no such merchant"}),
    ]
    return [(name, f"/syncs/?{urlencode(pairs)}" if pairs else "/syncs/") for name, pairs in asked]


def counts_of(html: str) -> str:
    """Where the page asks for what it does not wait for."""
    found = re.search(r'hx-get="(/syncs/day-counts/[^"]+)"', html)
    if found is None:
        raise CannotRun("A page of All syncs asks for no counts of its days.")
    return unescape(found[1])


if __name__ == "__main__":
    filling.tell(rows)
