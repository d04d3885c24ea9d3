"""The two ways out: an e-mail, or one POST to a webhook as Slack takes it.

What goes wrong is told by its kind alone. The words of an exception may hold the webhook's address, which is a secret,
or somebody's e-mail address.
"""

import json
import smtplib
import socket
import time
from typing import Any

import requests
from django.conf import settings
from django.core.mail import EmailMessage
from requests.adapters import HTTPAdapter

from syncs.codat.wire import Exchange, TooLarge, TooLate, on_the_wire, tracked_pools
from syncs.models import AlertRule, Delivery
from syncs.operations.deliveries import NotDelivered
from syncs.rules.addresses import NOT_PUBLIC, checked_webhook, is_public

# Seconds: for the connection, and for all of it.
CONNECT, ALL = 5.0, 15.0
LONGEST_TEXT = 30_000


class _Inward(Exception):
    """A name that leads into our own network."""


def deliver(delivery: Delivery) -> None:
    """Raises NotDelivered."""
    if delivery.rule.channel == AlertRule.Channel.WEBHOOK:
        _post(delivery.rule.address, delivery)
    else:
        _mail(delivery.rule.address, delivery)


def _mail(addresses: str, delivery: Delivery) -> None:
    if not (settings.EMAIL_URL or settings.SANDBOX):
        raise NotDelivered("E-mail is not set up here: EMAIL_URL is not set.")
    to = [address.strip() for address in addresses.split(",") if address.strip()]
    message = EmailMessage(delivery.subject, delivery.text, to=to)
    try:
        message.send()
    except smtplib.SMTPAuthenticationError:
        raise NotDelivered("The mail server does not accept our user and password.") from None
    except smtplib.SMTPRecipientsRefused:
        raise NotDelivered("The mail server does not take mail for this address.") from None
    except smtplib.SMTPException as error:
        code = f" ({error.smtp_code})" if isinstance(error, smtplib.SMTPResponseException) else ""
        raise NotDelivered(f"The mail server did not take it{code}.") from None
    except (OSError, ValueError):
        raise NotDelivered("The mail server cannot be reached.") from None


def _post(url: str, delivery: Delivery) -> None:
    text = _plain(delivery.text)[:LONGEST_TEXT]
    try:
        checked_webhook(url, may_be_local=settings.ALERT_WEBHOOKS_MAY_BE_LOCAL)
        status = _status(url, json.dumps({"text": text}).encode())
    except _Inward:
        raise NotDelivered(NOT_PUBLIC) from None
    except (TooLate, TimeoutError, requests.Timeout):
        raise NotDelivered("The webhook did not answer in time.") from None
    except (requests.RequestException, TooLarge, OSError, ValueError):
        raise NotDelivered("The webhook cannot be reached.") from None
    if not 200 <= status < 300:
        raise NotDelivered(f"The webhook answered {status}.")


def _status(url: str, body: bytes) -> int:
    """Of its answer nothing else is read. No redirect is followed, and no proxy asked."""
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "sync-desk"}
    request = requests.Request("POST", url, headers=headers, data=body).prepare()
    limits = Exchange(time.monotonic() + ALL, read_timeout=ALL, body_limit=0)
    adapter = _Adapter(may_be_local=settings.ALERT_WEBHOOKS_MAY_BE_LOCAL)
    try:
        with on_the_wire(limits):
            response = adapter.send(request, stream=True, timeout=(CONNECT, ALL))
            response.close()
            return response.status_code
    finally:
        adapter.close()


def _plain(text: str) -> str:
    """Slack's own three characters: what a merchant is called must not become a link or a call to everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Adapter(HTTPAdapter):
    def __init__(self, *, may_be_local: bool) -> None:
        super().__init__(max_retries=0)
        tracked_pools(self.poolmanager)
        if not may_be_local:
            pools = self.poolmanager.pool_classes_by_scheme
            self.poolmanager.pool_classes_by_scheme = {name: _outward(pool) for name, pool in pools.items()}


class _Outward:
    """Looks at where it was connected to, before a byte is written: a name may lead elsewhere each time it is asked."""

    def _new_conn(self) -> socket.socket:
        connected: socket.socket = super()._new_conn()  # type: ignore[misc]
        if not is_public(connected.getpeername()[0]):
            connected.close()
            raise _Inward
        return connected


def _outward(pool: Any) -> Any:
    connection = type("OutwardConnection", (_Outward, pool.ConnectionCls), {})
    return type("OutwardPool", (pool,), {"ConnectionCls": connection})
