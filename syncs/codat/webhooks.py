"""Messages that Codat sends us: whether it was Codat, and of which company they tell.

Signed as Standard Webhooks has it (Codat docs, webhooks: the service behind is Svix), over id, timestamp and the raw
body. What a message says is never taken for the state: it only tells when to ask.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

# As Svix has it, each way; Codat's documents give no number.
TOLERANCE = timedelta(minutes=5)
# Svix makes secrets of 24 bytes.
SHORTEST_SECRET = 16
PREFIX = "whsec_"
# Codat's documents name the first; the libraries of the service behind read the second too.
NAMINGS = ("webhook", "svix")
# No dot: the three parts that are signed are parted by dots. No comma: that is a header sent twice.
ID = re.compile(r"[!-+\-/-~]{1,100}")
TIMESTAMP = re.compile(r"[0-9]{1,11}")
ENTRY = re.compile(r"v1,(?P<hash>[A-Za-z0-9+/]{43}=)|(?!v1,)[a-z0-9]{1,10},[!-~]{1,500}")
MOST_ENTRIES = 10

ABOUT_A_CONNECTION = {
    f"connection.{what}"
    for what in ("created", "connected", "failed", "disconnected", "reconnected", "deleted")
}
ABOUT_A_COMPANY = {f"company.{what}" for what in ("created", "deleted", "product.added", "product.removed")}
ABOUT_THE_LIMIT = {"client.rateLimit.reached", "client.rateLimit.reset"}
WANTED = ABOUT_A_CONNECTION | ABOUT_A_COMPANY | ABOUT_THE_LIMIT


class Malformed(ValueError):
    """No message could look like this; the words are for whoever sent it."""


class NotCodat(ValueError):
    """None of our secrets made the signature."""


@dataclass(frozen=True)
class Event:
    message_id: str
    """The same on every try."""
    kind: str
    company_id: str
    """As it stands there, which may be no id at all; empty where the event tells of no company."""


def checked_secrets(value: str) -> list[str]:
    """One secret, or several with spaces between. Raises ValueError, whose words repeat none of them."""
    secrets = value.split()
    for number, secret in enumerate(secrets, start=1):
        text = secret.removeprefix(PREFIX)
        try:
            key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) < SHORTEST_SECRET:
            raise ValueError(
                f"Secret {number} of {len(secrets)} is none: copy it from Codat's portal, whsec_ and what follows,"
                " and put a space between two."
            )
    return secrets


def refuse_malformed(headers: Mapping[str, str], now: datetime) -> None:
    """Raises Malformed. Needs no body: who does not even look like Codat need not be waited for."""
    _three(headers, now)


def read(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime) -> Event:
    """What Codat tells us. Raises Malformed, or NotCodat."""
    message_id, timestamp, signature = _three(headers, now)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None
    signed = {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    if not any(_fits(secret, signed, text) for secret in secrets):
        raise NotCodat("The signature fits none of this panel's secrets.")
    return _event(message_id, text)


def _three(headers: Mapping[str, str], now: datetime) -> tuple[str, str, str]:
    naming = next((name for name in NAMINGS if f"{name}-id" in headers), NAMINGS[0])
    names = [f"{naming}-{part}" for part in ("id", "timestamp", "signature")]
    for name in names:
        if not headers.get(name):
            raise Malformed(f"The header {name} is missing.")
    message_id, timestamp, signature = (headers[name] for name in names)
    if not ID.fullmatch(message_id):
        raise Malformed(f"The header {names[0]} is not the ID of a message.")
    if not TIMESTAMP.fullmatch(timestamp):
        raise Malformed(f"The header {names[1]} is not a number of seconds.")
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > TOLERANCE:
        raise Malformed(f"The header {names[1]} is more than five minutes away from this panel's clock.")
    return message_id, timestamp, _first_version(names[2], signature)


def _first_version(name: str, signature: str) -> str:
    """The entries that we can check; others, of versions to come, stand beside them."""
    entries = [ENTRY.fullmatch(entry) for entry in signature.split(" ")[: MOST_ENTRIES + 1]]
    if len(entries) > MOST_ENTRIES or None in entries:
        raise Malformed(f"The header {name} is not a list of signatures.")
    usable = [entry[0] for entry in entries if entry and entry["hash"]]
    if not usable:
        raise Malformed(f"The header {name} holds no signature of version 1.")
    return " ".join(usable)


def _fits(secret: str, signed: dict[str, str], text: str) -> bool:
    try:
        Webhook(secret).verify(text, signed, json_parse=False)
    except WebhookVerificationError:
        return False
    return True


def _event(message_id: str, text: str) -> Event:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON.") from None
    if not isinstance(told, dict):
        raise Malformed("The body is not a JSON object.")
    kind, payload = told.get("eventType"), told.get("payload")
    if not isinstance(kind, str):
        return Event(message_id, "", "")
    return Event(message_id, kind, _company_id(kind, payload))


def _company_id(kind: str, payload: Any) -> str:
    company = payload
    if kind in ABOUT_A_CONNECTION and isinstance(payload, dict):
        company = payload.get("referenceCompany")
    told = kind in ABOUT_A_CONNECTION | ABOUT_A_COMPANY and isinstance(company, dict)
    company_id = company.get("id") if told else ""
    return company_id if isinstance(company_id, str) else ""
