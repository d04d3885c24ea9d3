"""F1: the health page and All syncs with a hundred thousand merchants and ten million syncs, however they are asked."""

import re
from collections.abc import Iterator, Sequence
from html import unescape
from urllib.parse import urlencode

from bench import filling
from bench.results import Row, at_most, percentile

PART = "F1"
MILLISECONDS, KILOBYTES = 60, 30
DEEP = 30
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


def measure(words: Sequence[str]) -> list[Row]:
    return filling.measured("bench.pages", words)


def rows() -> Iterator[Row]:
    """In a process that has Django at hand, on the filled database."""
    from django.core.cache import cache

    from bench.visits import Visit, signed_in, visit

    client = signed_in()
    seen: dict[str, list[Visit]] = {"health": [], "syncs": []}

    def told(page: str, name: str, found: Visit, *, weighed: bool = False) -> Iterator[Row]:
        if found.status != 200:
            raise RuntimeError(f"{name}: {found.status}")
        seen[page].append(found)
        yield at_most(PART, f"{name}, p95 ({found.queries} queries)", found.p95, "ms", MILLISECONDS)
        if weighed:
            yield at_most(PART, f"{name}, compressed", found.packed / 1000, "kB", KILOBYTES)

    for name, url in health_pages():
        yield from told("health", f"health: {name}", visit(client, url), weighed=not url.strip("/"))
    recounted = visit(client, "/", before=lambda: cache.delete("counts"))
    yield from told("health", "health: first page, tiles counted anew", recounted)
    first = visit(client, "/", before=cache.clear)
    yield Row(PART, "health: first page of a process, nothing kept, p95", round(first.p95, 3), "ms")
    for sort in ("success", "name", "fuse"):
        url = f"/?sort={sort}"
        for _ in range(DEEP):
            url = following(client.get(url).text, "Next") or url
        yield from told("health", f"health: page {DEEP + 1} by {sort}", visit(client, url))
    for name, url in sync_pages():
        yield from told("syncs", f"syncs: {name}", visit(client, url))
    for page, visits in seen.items():
        worst = percentile([taken for found in visits for taken in found.milliseconds], 0.95)
        yield at_most(PART, f"{page}: all of these, p95", worst, "ms", MILLISECONDS)
        yield Row(PART, f"{page}: most queries", max(found.queries for found in visits), "queries")


def health_pages() -> list[tuple[str, str]]:
    name = filling.a_word()
    asked: list[tuple[str, dict[str, str]]] = [
        ("first page", {}),
        *((f"filter {health}", {"health": health}) for health in HEALTHS),
        ("filter code 5130", {"code": "5130"}),
        ("filter commerce, common", {"commerce": "Shopify"}),
        ("filter commerce, rare", {"commerce": "Lightspeed"}),
        ("filter accounting", {"accounting": "NetSuite"}),
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


def following(html: str, word: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>\s*(?:<[^>]+>\s*)*{word}', html)
    return unescape(found[1]) if found else ""


if __name__ == "__main__":
    filling.tell(rows)
