"""Which messages come of what happens: laid out in the same transaction, so that neither is without the other.

A sync that was asked for is known to its end when it begins, and so is midnight: their messages wait for it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sandbox.cards import Card, Connection, Event
from sandbox.pulls import read_at
from sandbox.pushes import of_sync
from sandbox.reading import FIRST_READ
from sandbox.syncs import Sync
from sandbox.timeline import Timeline
from sandbox.webhooks import payloads
from sandbox.webhooks.outbox import Outbox
from sandbox.world import World

SEVERED = ("Unlinked", "Deauthorized")


class News(NamedTuple):
    event_type: str
    at: datetime
    payload: payloads.Json


def announce(world: World, company_id: str, event: Event, before: Card | None) -> None:
    """What the world tells its listeners. A deleted company's connections are not told of one by one: our guess."""
    card = before if before and event.what == "deleted" else _card(world, company_id, event)
    outbox = Outbox(world.store)
    for news in _news(world, event, before, card):
        outbox.put(news.at, payloads.message(news.event_type, news.at, news.payload), card.tags)


def announce_limit(world: World, quota: int, midnight: datetime) -> None:
    """That it is reached, and that it begins anew; told on a day on which it was reached only, our guess."""
    outbox, now, tomorrow = Outbox(world.store), world.now(), midnight + timedelta(days=1)
    reached = payloads.rate_limit(quota, 0, f"{midnight:%Y-%m-%dT%H:%M:%SZ}")
    outbox.put(now, payloads.message("client.rateLimit.reached", now, reached), {})
    expiry = f"{tomorrow:%Y-%m-%dT%H:%M:%SZ}"
    if world.switches.rate_limit_expiry == "verbatim":
        expiry = f"{midnight:%Y-%m-%d}T23:59:99Z"
    reset = payloads.rate_limit(quota, quota, expiry)
    outbox.put(midnight, payloads.message("client.rateLimit.reset", midnight, reset), {})


def _card(world: World, company_id: str, event: Event) -> Card:
    """As it is now; whoever asks for syncs all day has a long life to be read anew, but its history at hand."""
    return world.timeline(company_id).card if event.what == "sync" else world.card(company_id)


def _news(world: World, event: Event, before: Card | None, card: Card) -> Iterator[News]:
    at = event.at
    if event.what in ("created", "deleted"):
        yield News(f"company.{event.what}", at, payloads.company(card, at))
    elif event.what == "connection":
        link = card.connections[event.body["id"]]
        old = before.connections.get(link.id) if before else None
        word = _change(old, link)
        if word:
            yield News(f"connection.{word}", at, payloads.connection(card, link, at))
        if word == "connected":
            first = at + FIRST_READ
            yield News("read.completed.initial", first, payloads.read(card, read_at(link, first)))
    elif event.what == "connection failed":
        link = card.connections[event.body["id"]]
        yield News("connection.failed", at, payloads.connection(card, link, at))
    elif event.what == "connection deleted" and before and event.body["id"] in before.connections:
        link = before.connections[event.body["id"]]
        yield News("connection.deleted", at, payloads.connection(before, link, at))
    elif event.what == "sync":
        timeline = world.timeline(card.company_id)
        yield from _writes(timeline, card, next(timeline.history.backwards()))
    elif event.what == "pull":
        pull = card.pulls[-1]
        yield News("read.completed", pull.ends, payloads.read(card, [pull]))


def _change(old: Connection | None, new: Connection) -> str | None:
    """The transitions that the docs' guide from rules to event types names."""
    if old is None:
        return "created"
    if new.status == "Linked" and old.status != "Linked":
        return "connected" if old.status == "PendingAuth" else "reconnected"
    return "disconnected" if old.status == "Linked" and new.status in SEVERED else None


def _writes(timeline: Timeline, card: Card, sync: Sync) -> Iterator[News]:
    """A finished sync has no event of its own (docs); what it wrote has, and what never reached the books has none."""
    for push in of_sync(timeline, sync):
        word = "successful" if push.ends_as == "Success" else "unsuccessful"
        yield News(f"{push.data_type}.write.{word}", push.completes, payloads.write(card, push))
