"""What the messages say (Platform OpenAPI, webhooks): the fields of its examples, and no others."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox import wire
from sandbox.cards import Card, Connection
from sandbox.dice import digest, guid
from sandbox.syncs import Sync

Json = dict[str, Any]
_COMPANY = ("id", "name", "description", "redirect", "lastSync", "created", "tags")
_CONNECTION = (
    "id", "integrationId", "integrationKey", "sourceId", "platformName", "linkUrl", "status", "lastSync", "created",
    "sourceType",
)  # fmt: skip
WRITTEN = "journalEntries"
"""What a sync writes into the books: the configuration's outputFormat is JournalEntry."""


def message(event_type: str, at: datetime, payload: Json) -> Json:
    """With milliseconds, as most examples have them. Its id is the event's, not the delivery's `webhook-id`."""
    generated = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    return {"id": str(uuid4()), "eventType": event_type, "generatedDate": generated, "payload": payload}


def company(card: Card, now: datetime) -> Json:
    told = wire.company(card, now)
    return {name: told[name] for name in _COMPANY}


def connection(card: Card, link: Connection, now: datetime) -> Json:
    """Errors only where there are any; no lastSync before the first read."""
    told = wire.connection(card, link, now)
    shown = {name: told[name] for name in _CONNECTION if told[name] is not None}
    if told["dataConnectionErrors"]:
        shown["dataConnectionErrors"] = told["dataConnectionErrors"]
    return {"referenceCompany": reference(card), "connection": shown}


def reference(card: Card) -> Json:
    return {
        "id": card.company_id,
        "name": card.name,
        "description": card.description,
        "links": {"portal": f"https://app.codat.io/companies/{card.company_id}/summary"},
        "tags": card.tags,
    }


def write(card: Card, link: Connection, sync: Sync, *, succeeded: bool) -> Json:
    """One write into the books, whose id is that of the push operation."""
    status = "Success" if succeeded else "Failed"
    operation = guid(digest(sync.sync_id, "push", WRITTEN, status))
    told = {
        "id": operation,
        "type": "Create",
        "referenceCompany": reference(card),
        "connectionId": link.id,
        "requestedOnDate": wire.whole_seconds(sync.pushed),
        "completedOnDate": wire.whole_seconds(sync.ended),
        "status": status,
    }
    return {**told, "record": {"id": guid(digest(operation, "record"))}} if succeeded else told


def rate_limit(quota: int, remaining: int, expiry: str) -> Json:
    return {"dailyQuota": quota, "quotaRemaining": remaining, "expiryDate": expiry}
