"""F3: a poll of the health page while nothing changes, and while something changes that its page does not show."""

import re
from argparse import Namespace
from collections.abc import Iterator
from html import unescape

from bench import filling
from bench.results import Row, at_most, so

PART = "F3"
MILLISECONDS, QUERIES, ROUNDS = 5, 3, 300


add_options = filling.add_options


def measure(options: Namespace) -> Iterator[Row]:
    return filling.measured("bench.polls", options)


def rows() -> Iterator[Row]:
    from itertools import count

    from django.db.models import F

    from bench.visits import signed_in, visit
    from syncs.models import Merchant
    from syncs.operations import heartbeats

    heartbeats.beat(heartbeats.CLOCK)
    client = signed_in()

    def poll_of(url: str) -> str:
        [poll] = re.findall(r'id="poll" hx-get="([^"]+)"', client.get(url).text)
        return unescape(poll)

    for name, url in (
        ("first page", "/"),
        ("search", "/?q=coffee"),
        ("filter", "/?health=failing&commerce=Shopify"),
    ):
        found = visit(client, poll_of(url), rounds=ROUNDS)
        yield so(PART, f"{name}: answered 204", found.status == 204)
        yield at_most(PART, f"{name}: nothing new, p50", found.p50, "ms", MILLISECONDS)
        yield Row(PART, f"{name}: nothing new, p95", round(found.p95, 2), "ms")
        yield at_most(PART, f"{name}: queries, sign-in included", found.queries, "queries", QUERIES)

    last = Merchant.objects.filter(health="healthy").order_by("-silent_since")[0].pk
    moved = count()

    def elsewhere() -> None:
        """As in the hours in which most results come: before every poll, one of a merchant on another page."""
        next(moved)
        Merchant.objects.filter(pk=last).update(version=F("version") + 1)

    busy = visit(client, poll_of("/"), rounds=60, before=elsewhere)
    yield Row(
        PART, f"a result elsewhere before each poll: p50 ({busy.queries} queries)", round(busy.p50, 2), "ms"
    )
    yield Row(PART, "a result elsewhere before each poll: p95", round(busy.p95, 2), "ms")


if __name__ == "__main__":
    filling.tell(rows)
