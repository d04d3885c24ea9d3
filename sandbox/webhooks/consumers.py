"""Webhook consumers: which URLs want to be told of which events (Platform OpenAPI, WebhookConsumer)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.dice import digest, guid
from sandbox.webhooks.signing import new_secret
from sandbox.world import World

MOST = 50
OLD_SECRET_LIVES = timedelta(hours=24)
_COLUMNS = "id, since, url, event_types, company_tags, disabled, secrets, failing_since"


@dataclass(frozen=True, slots=True)
class Consumer:
    id: str
    since: float
    url: str
    event_types: tuple[str, ...]
    company_tags: tuple[str, ...]
    disabled: bool
    secrets: tuple[tuple[str, float | None], ...]
    """The newest first; an older one is good for a day beside it."""
    failing_since: float | None

    def wants(self, event_type: str, tags: Mapping[str, str], at: float) -> bool:
        """No event types mean all, as at Svix: our guess. Tags: any that matches, case-sensitive (OpenAPI)."""
        if self.disabled or at < self.since:
            return False
        if self.company_tags and not {f"{key}:{value}" for key, value in tags.items()} & {*self.company_tags}:
            return False
        return not self.event_types or event_type in self.event_types

    def good_secrets(self, now: float) -> list[str]:
        return [secret for secret, until in self.secrets if until is None or now < until]


def everyone(world: World) -> list[Consumer]:
    rows = world.store.execute(f"SELECT {_COLUMNS} FROM webhook_consumer ORDER BY n")  # noqa: S608
    return [_consumer(row) for row in rows]


def found(world: World, consumer_id: str) -> Consumer | None:
    question = f"SELECT {_COLUMNS} FROM webhook_consumer WHERE id = ?"  # noqa: S608
    row = world.store.execute(question, (consumer_id,)).fetchone()
    return _consumer(row) if row else None


def add(world: World, given: Mapping[str, Any]) -> str:
    """Of checked `url`, `eventTypes`, `companyTags` and `disabled`; returns the id."""
    last = world.store.execute("SELECT seq FROM sqlite_sequence WHERE name = 'webhook_consumer'").fetchone()
    consumer_id = guid(digest(world.seed, "webhook consumer", last[0] if last else 0))
    row = (
        consumer_id,
        world.now().timestamp(),
        given["url"],
        json.dumps(given["eventTypes"]),
        json.dumps(given["companyTags"]),
        given["disabled"],
        json.dumps([[new_secret(world.seed, consumer_id), None]]),
        None,
    )
    marks = ", ".join("?" * len(row))
    world.store.execute(f"INSERT INTO webhook_consumer ({_COLUMNS}) VALUES ({marks})", row)  # noqa: S608
    return consumer_id


def remove(world: World, consumer_id: str) -> None:
    world.store.execute("DELETE FROM webhook_consumer WHERE id = ?", (consumer_id,))


def rotate(world: World, consumer: Consumer) -> None:
    """A new secret; deliveries are signed with the one before as well, for a day (Svix)."""
    now = world.now()
    last = (consumer.secrets[0][0], (now + OLD_SECRET_LIVES).timestamp())
    secrets = [[new_secret(world.seed, consumer.id, now), None], last]
    _set(world, consumer.id, "secrets", json.dumps(secrets))


def failed(world: World, consumer: Consumer, now: datetime, patience: timedelta) -> None:
    """Nothing but failures for as long as this ends in its being disabled (Codat docs: five days)."""
    since = consumer.failing_since or now.timestamp()
    _set(world, consumer.id, "failing_since", since)
    if now.timestamp() - since >= patience.total_seconds():
        _set(world, consumer.id, "disabled", True)


def succeeded(world: World, consumer: Consumer) -> None:
    if consumer.failing_since is not None:
        _set(world, consumer.id, "failing_since", None)


def _set(world: World, consumer_id: str, column: str, value: object) -> None:
    question = f"UPDATE webhook_consumer SET {column} = ? WHERE id = ?"  # noqa: S608
    world.store.execute(question, (value, consumer_id))


def _consumer(row: tuple[Any, ...]) -> Consumer:
    key, since, url, event_types, company_tags, disabled, secrets, failing_since = row
    return Consumer(
        id=key,
        since=since,
        url=url,
        event_types=tuple(json.loads(event_types)),
        company_tags=tuple(json.loads(company_tags)),
        disabled=bool(disabled),
        secrets=tuple((secret, until) for secret, until in json.loads(secrets)),
        failing_since=failing_since,
    )
