"""What is to be told and what became of it, in the store: a restart goes on where the last run ended."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox.exchange import dump
from sandbox.store import Store

KEPT = 1_000
"""How many deliveries that have ended can be looked at."""


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    at: float
    event_type: str
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one consumer; its states: waiting, delivered, failed, not sent, dropped."""

    n: int
    message_id: str
    consumer_id: str
    body: bytes
    attempts: list[dict[str, Any]]


class Outbox:
    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, at: datetime, told: Mapping[str, Any], tags: Mapping[str, str]) -> None:
        """To be told at this moment, now or later, within the transaction of what it tells."""
        row = (f"msg_{uuid4().hex[:27]}", at.timestamp(), told["eventType"], json.dumps(tags), dump(told))
        question = "INSERT INTO webhook_message (id, at, event_type, tags, body) VALUES (?, ?, ?, ?, ?)"
        self._store.execute(question, row)

    def unaddressed(self, now: datetime, limit: int) -> list[Message]:
        question = (
            "SELECT id, at, event_type, tags FROM webhook_message"
            " WHERE NOT addressed AND at <= ? ORDER BY at, n LIMIT ?"
        )
        rows = self._store.execute(question, (now.timestamp(), limit))
        return [Message(key, at, event_type, json.loads(tags)) for key, at, event_type, tags in rows]

    def address(self, message: Message, consumers: Iterable[str], *, unsent: Iterable[str] = ()) -> None:
        """Nobody's message is forgotten."""
        self._store.execute("UPDATE webhook_message SET addressed = 1 WHERE id = ?", (message.id,))
        rows = [(each, "waiting") for each in consumers] + [(each, "not sent") for each in unsent]
        for consumer_id, state in rows:
            question = (
                "INSERT INTO webhook_delivery (message_id, consumer_id, state, due, attempts)"
                " VALUES (?, ?, ?, ?, '[]')"
            )
            self._store.execute(question, (message.id, consumer_id, state, message.at))
        if not rows:
            self._store.execute("DELETE FROM webhook_message WHERE id = ?", (message.id,))

    def due(self, consumer_id: str, now: datetime, limit: int) -> list[Delivery]:
        question = (
            "SELECT webhook_delivery.n, message_id, consumer_id, body, attempts FROM webhook_delivery"
            " JOIN webhook_message ON webhook_message.id = message_id"
            " WHERE state = 'waiting' AND consumer_id = ? AND due <= ? ORDER BY due, webhook_delivery.n LIMIT ?"
        )
        rows = self._store.execute(question, (consumer_id, now.timestamp(), limit))
        return [Delivery(n, key, consumer, body, json.loads(tries)) for n, key, consumer, body, tries in rows]

    def note(self, delivery: Delivery, attempt: dict[str, Any], state: str, due: datetime) -> None:
        question = "UPDATE webhook_delivery SET attempts = ?, state = ?, due = ? WHERE n = ?"
        attempts = json.dumps([*delivery.attempts, attempt])
        self._store.execute(question, (attempts, state, due.timestamp(), delivery.n))

    def drop(self, consumer_id: str) -> None:
        """Its consumer is gone or disabled."""
        question = "UPDATE webhook_delivery SET state = 'dropped' WHERE state = 'waiting' AND consumer_id = ?"
        self._store.execute(question, (consumer_id,))

    def told(self, limit: int) -> list[dict[str, Any]]:
        """The newest deliveries, for people to look at."""
        question = (
            "SELECT message_id, consumer_id, event_type, state, due, attempts, body FROM webhook_delivery"
            " JOIN webhook_message ON webhook_message.id = message_id ORDER BY webhook_delivery.n DESC LIMIT ?"
        )
        names = ("messageId", "webhookId", "eventType", "state", "due", "attempts", "body")
        found = [dict(zip(names, row, strict=True)) for row in self._store.execute(question, (limit,))]
        return [
            {**row, "attempts": json.loads(row["attempts"]), "body": json.loads(row["body"])} for row in found
        ]

    def forget_old(self) -> None:
        """Deliveries that have ended, beyond the newest thousand."""
        ended = "SELECT n FROM webhook_delivery WHERE state != 'waiting' ORDER BY n DESC LIMIT -1 OFFSET ?"
        for (n,) in self._store.execute(ended, (KEPT,)).fetchall():
            (message_id,) = self._store.execute(
                "DELETE FROM webhook_delivery WHERE n = ? RETURNING message_id", (n,)
            ).fetchone()
            question = (
                "DELETE FROM webhook_message WHERE id = ?"
                " AND NOT EXISTS (SELECT 1 FROM webhook_delivery WHERE message_id = ?)"
            )
            self._store.execute(question, (message_id, message_id))
