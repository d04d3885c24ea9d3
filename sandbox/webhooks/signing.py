"""The secret of a consumer and the signature of a delivery (Codat docs: the service behind is Svix)."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable

from sandbox.dice import digest

_PREFIX = "whsec_"


def new_secret(*words: object) -> str:
    return _PREFIX + b64encode(digest("webhook secret", *words, size=24)).decode()


def signature(secrets: Iterable[str], message_id: str, timestamp: int, body: bytes) -> str:
    """One `v1,` entry for each secret: two while one takes the other's place."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_hash(secret, signed)}" for secret in secrets)


def _hash(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix(_PREFIX))
    return b64encode(hmac.digest(key, signed, "sha256")).decode()
