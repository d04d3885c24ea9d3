"""What the messages say (Platform OpenAPI, webhooks): the fields of its examples, and no others."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox import wire
from sandbox.cards import Card, Connection
from sandbox.pushes import Push
from sandbox.reading import Pull

Json = dict[str, Any]
_COMPANY = ("id", "name", "description", "redirect", "lastSync", "created", "tags")
_CONNECTION = (
    "id", "integrationId", "integrationKey", "sourceId", "platformName", "linkUrl", "status", "lastSync", "created",
    "sourceType",
)  # fmt: skip


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


def write(card: Card, push: Push) -> Json:
    """The end of a write request, which is also called a push operation and bears the same id."""
    told = {
        "id": push.key,
        "type": "Create",
        "referenceCompany": reference(card),
        "connectionId": push.connection_id,
        "requestedOnDate": wire.whole_seconds(push.requested),
        "completedOnDate": wire.whole_seconds(push.completes),
        "status": push.ends_as,
    }
    return {**told, "record": {"id": push.record_id}} if push.ends_as == "Success" else told


def read(card: Card, pulls: Iterable[Pull]) -> Json:
    """What was read into Codat, a row for each data type; whether anything was new in it is made up."""
    summaries = [
        {
            "connectionId": pull.connection_id,
            "dataType": pull.data_type,
            "recordsModified": pull.ends_as == "Complete",
            "status": pull.ends_as,
            "issues": [],
        }
        for pull in pulls
    ]
    return {"referenceCompany": reference(card), "modifiedFromDate": None, "dataTypes": summaries}


def rate_limit(quota: int, remaining: int, expiry: str) -> Json:
    return {"dailyQuota": quota, "quotaRemaining": remaining, "expiryDate": expiry}
