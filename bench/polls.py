"""F3: a poll while nothing changes, of lists, of a merchant's page and of a request's; and one of the health page while
something changes that it does not show."""

from argparse import Namespace
from collections.abc import Iterator

from bench import filling
from bench.browser import Poll, poll_of
from bench.results import Row, at_most, so
from syncs.processes.errors import CannotRun

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

    def polled(url: str) -> Poll:
        if poll := poll_of(client.get(url).text):
            return poll
        raise CannotRun(f"{url}: does not poll.")

    for name, url in pages():
        poll = polled(url)
        found = visit(client, poll.path, rounds=ROUNDS, headers=poll.headers)
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

    poll = polled("/")
    busy = visit(client, poll.path, rounds=60, before=elsewhere, headers=poll.headers)
    yield Row(
        PART, f"a result elsewhere before each poll: p50 ({busy.queries} queries)", round(busy.p50, 2), "ms"
    )
    yield Row(PART, "a result elsewhere before each poll: p95", round(busy.p95, 2), "ms")


def pages() -> list[tuple[str, str]]:
    """Of merchants one that fails, of requests one that waits to be sent."""
    from syncs.models import Merchant, SyncRequest

    failing = Merchant.objects.registered().filter(health="failing", requests=None).order_by("pk")[0]
    waiting = SyncRequest.objects.active().select_related("merchant").order_by("pk")[0]
    return [
        ("first page", "/"),
        ("search", "/?q=coffee"),
        ("filter", "/?health=failing&commerce=Shopify"),
        ("requests", "/requests/"),
        ("a merchant's page", f"/merchants/{failing.company_id}/"),
        ("a merchant's page, with a request", f"/merchants/{waiting.merchant.company_id}/"),
        ("a request's page", f"/requests/{waiting.pk}/"),
    ]


if __name__ == "__main__":
    filling.tell(rows)
