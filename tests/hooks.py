"""Webhooks as Codat sends them (Platform OpenAPI, webhooks; signed as Standard Webhooks has it)."""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Signer

from syncs.models import Merchant
from tests.conftest import NOON
from tests.factories import make_merchant

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ADDRESS = "/webhooks/codat"
TOMORROW = NOON + timedelta(days=1)
numbers = count(1)


@pytest.fixture(autouse=True)
def secret() -> Iterator[None]:
    """The panel knows this one."""
    with override_settings(CODAT_WEBHOOK_SECRETS=[SECRET]):
        yield


@pytest.fixture
def merchant(moved: time_machine.Traveller) -> Merchant:
    """Looked at an hour ago, and due tomorrow."""
    looked = NOON - timedelta(hours=1)
    return make_merchant(next_refresh_at=TOMORROW, next_refresh_reason="settled", refreshed_at=looked)


def line(merchant: Merchant) -> tuple[datetime | None, str]:
    merchant.refresh_from_db()
    return merchant.next_refresh_at, merchant.next_refresh_reason


def about(company_id: object, kind: str = "connection.disconnected") -> dict[str, Any]:
    """What is told of a company or of one of its connections."""
    company = {"id": str(company_id), "name": "Bank of Dave", "tags": {}}
    link = {"id": "ee2eb431-c0fa-4dc9-93fa-d29781c12bcd", "platformName": "Xero", "status": "Deauthorized"}
    payload = company if kind.startswith("company.") else {"referenceCompany": company, "connection": link}
    event_id = "ba29118f-5406-4e59-b05c-ba307ca38d01"
    return {
        "id": event_id,
        "eventType": kind,
        "generatedDate": "2024-08-08T17:10:34.015Z",
        "payload": payload,
    }


def headers(
    body: bytes, *, message_id: str = "", at: datetime | None = None, secrets: Iterable[str] = (SECRET,)
) -> dict[str, str]:
    message_id, at = message_id or f"msg_{next(numbers)}", at or timezone.now()
    entries = [Signer(secret).sign(message_id, at, body.decode()) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(entries),
    }


def is_genuine(part: str, spoilt: str, told: str) -> bool:
    """Base64 has more than one spelling of the same bytes: the last letter has bits that stand for nothing."""
    return spoilt == told or (part == "signature" and _digest(spoilt) == _digest(told))


def _digest(signature: str) -> bytes | str:
    try:
        return base64.b64decode(signature.removeprefix("v1,"))
    except ValueError:
        return signature


def post(body: bytes, head: dict[str, str], **more: Any) -> Any:
    """Without a session, and with Django's protection against foreign forms in force."""
    client = Client(enforce_csrf_checks=True)
    return client.post(ADDRESS, body, content_type="application/json", headers=head, **more)


def tell(event: object, **signing: Any) -> Any:
    """Signed and sent."""
    body = json.dumps(event).encode()
    return post(body, headers(body, **signing))
