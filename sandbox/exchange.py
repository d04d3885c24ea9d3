"""What passes between the sockets and the handlers."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sandbox.syncs import Sync

JSON = "application/json; charset=utf-8"


def _no_json(constant: str) -> None:
    """NaN and the infinities, which Python takes for JSON."""
    raise ValueError(constant)


@dataclass(slots=True)
class Request:
    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"
    """Where the client is."""
    behind: timedelta = timedelta(0)
    """How old the news of syncs is that this request is given."""
    hangs: bool = False
    """Whether a sync that this request starts never ends."""
    foreign: list[Sync] = field(default_factory=list)
    """Syncs that others started while this request was worked on."""

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON, None when there is no body; raises Refusal when it is something else."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body, parse_constant=_no_json)
        except (ValueError, RecursionError):
            raise Refusal(400, NOT_VALID) from None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body or `null` counts as an empty one."""
        body = self.json()
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise Refusal(400, NOT_VALID)
        return body


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    started: Sync | None = None
    """The sync that this answer's request started."""


WITHOUT_BODY = (204, 304)
"""The statuses that are whole without one."""
NOT_VALID = "Error processing request - not valid."
SERVER_PROBLEM = "There is a problem with our server. Please try again later."
TOO_MANY = "You have made too many requests in a given amount of time; please retry later."


class Refusal(Exception):
    """The request is answered with this status and Codat's error body (OpenAPI, ErrorMessage)."""

    def __init__(
        self,
        status: int,
        error: str,
        *,
        service: str = "PublicApi",
        headers: dict[str, str] | None = None,
        validation: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.service = service
        self.headers = headers or {}
        self.validation = validation

    def answer(self) -> Answer:
        body: dict[str, Any] = {
            "statusCode": self.status,
            "service": self.service,
            "error": self.error,
            "correlationId": uuid4().hex,
            "canBeRetried": "Unknown",
            "detailedErrorCode": 0,
        }
        if self.validation:
            body["validation"] = self.validation
        return Answer(self.status, dump(body), dict(self.headers))


to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(value: object) -> bytes:
    return to_json(value).encode(errors="replace")


def ok(value: object, *, started: Sync | None = None) -> Answer:
    return Answer(200, dump(value), started=started)


def ok_as_it_is(text: str) -> Answer:
    """What is JSON already."""
    return Answer(200, text.encode(errors="replace"))
