"""Webhook consumers: list, create, delete (Platform OpenAPI); and behind the scenes what became of each message."""

import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.exchange import NOT_VALID, Answer, Refusal, Request, dump, ok
from sandbox.webhooks import consumers
from sandbox.webhooks.consumers import MOST, Consumer
from sandbox.webhooks.outbox import Outbox
from sandbox.world import World

_MOST_TAGS, _LONGEST_TAG = 10, 128
_LIMIT = re.compile(r"[0-9]{1,9}")


def list_consumers(world: World, request: Request) -> Answer:
    """All of them: no pages, no links."""
    return ok({"results": [_told(each) for each in consumers.everyone(world)]})


def create_consumer(world: World, request: Request) -> Answer:
    """At most 50; that the next is a 400, and what of a body is refused, is our guess.

    The OpenAPI requires nothing and its own examples name events that it does not list: unknown names are taken.
    """
    body = request.json_object()
    given = {
        "url": _url(body.get("url")),
        "eventTypes": _texts(body.get("eventTypes")),
        "companyTags": _company_tags(body.get("companyTags")),
        "disabled": _flag(body.get("disabled")),
    }
    if len(consumers.everyone(world)) >= MOST:
        raise Refusal(400, f"The number of webhook consumers is limited to {MOST}.")
    return Answer(201, dump(_told(_found(world, consumers.add(world, given)))))


def delete_consumer(world: World, request: Request) -> Answer:
    consumer = _found(world, request.params["webhookId"])
    consumers.remove(world, consumer.id)
    Outbox(world.store).drop(consumer.id)
    return Answer(204)


def look_behind(world: World, request: Request) -> Answer:
    """Consumers with their secrets, deliveries with their tries: the newest `?limit=`, 100 if it does not say."""
    limit = request.query.get("limit", "100")
    if not _LIMIT.fullmatch(limit):
        raise Refusal(400, NOT_VALID)
    shown = [_secretly_told(world, each) for each in consumers.everyone(world)]
    return ok({"consumers": shown, "deliveries": Outbox(world.store).told(min(int(limit), 10_000))})


def rotate_secret(world: World, request: Request) -> Answer:
    """As in the Portal: the old secret signs for another day beside the new one."""
    consumer = _found(world, request.params["webhookId"])
    consumers.rotate(world, consumer)
    world.store.commit()
    return ok(_secretly_told(world, _found(world, consumer.id)))


def _found(world: World, consumer_id: str) -> Consumer:
    consumer = consumers.found(world, consumer_id)
    if consumer is None:
        raise Refusal(404, f"No webhook consumer was found with ID {consumer_id}")
    return consumer


def _told(consumer: Consumer) -> dict[str, Any]:
    return {
        "id": consumer.id,
        "url": consumer.url,
        "disabled": consumer.disabled,
        "eventTypes": list(consumer.event_types),
        "companyTags": list(consumer.company_tags),
    }


def _secretly_told(world: World, consumer: Consumer) -> dict[str, Any]:
    return {**_told(consumer), "secrets": consumer.good_secrets(world.now().timestamp())}


def _url(value: object) -> str:
    if isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value:
        try:
            parts = urlsplit(value)
            if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
                return value
        except ValueError:
            pass
    raise Refusal(400, NOT_VALID)


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(text, str) for text in value):
        return value
    raise Refusal(400, NOT_VALID)


def _company_tags(value: object) -> list[str]:
    """`key:value`, at most ten of at most 128 characters (OpenAPI)."""
    tags = _texts(value)
    if len(tags) > _MOST_TAGS or not all(":" in tag and len(tag) <= _LONGEST_TAG for tag in tags):
        raise Refusal(400, NOT_VALID)
    return tags


def _flag(value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise Refusal(400, NOT_VALID)
