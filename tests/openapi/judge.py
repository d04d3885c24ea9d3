"""What an exchange with Codat has against Codat's OpenAPI documents: a list of sentences, empty when all is well.

A request is right when one of the documents that know its operation has nothing against it. An answer has to please
all of them.
"""

import base64
import binascii
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from jsonschema_rs import Draft202012Validator

from tests.openapi import documents
from tests.openapi.documents import Operation, is_guid, operations_at, other_path
from tests.openapi.exceptions import UNDECLARED

JSON = "application/json"
QUOTA = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
BEFORE_ROUTING = frozenset({400, 401, 402, 403, 404, 413, 429, 431, 500, 503})
"""What may be answered to something that is no request to a known path."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int | None = None
    """None when the connection ended before there was a whole answer."""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer_body: bytes = b""
    client_left: bool = False
    """Before there was an answer: nobody is to blame for what did not come."""
    asked_at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def operation_id(self) -> str | None:
        """As Sync for Commerce calls it, else the Platform."""
        return next((operation.id for operation in _operations(self)), None)

    def __str__(self) -> str:
        return f"{self.method} {self.target} -> {self.status}"


def wrong_request(exchange: Exchange) -> list[str]:
    wrong = list(_wrong_headers(exchange))
    known = _operations(exchange)
    if not known:
        return [*wrong, "no document knows this method and path"]
    each = [
        [*_wrong_parameters(exchange, operation), *_wrong_body(exchange, operation)] for operation in known
    ]
    return [*wrong, *min(each, key=len)]


def wrong_answer(exchange: Exchange) -> list[str]:
    if exchange.status is None:
        return [] if exchange.client_left else ["the connection ended before there was a whole answer"]
    wrong = [
        f"the header {name} is missing" for name in _quota(exchange) if name not in exchange.answer_headers
    ]
    known = _operations(exchange)
    if not known and exchange.status < 400:
        known = _operations(replace(exchange, target=other_path(exchange.target)))
    if not known:
        return [*wrong, *_to_something_unknown(exchange)]
    found = (each for operation in known for each in _to_operation(exchange, operation))
    return [*wrong, *dict.fromkeys(found)]


def wrong_event(body: bytes) -> list[str]:
    """Of a webhook's body (the same documents, webhooks)."""
    content = json.loads(body)
    known = documents.event(content.get("eventType", ""))
    return list(_errors(known, content)) if known else [f"no document knows {content.get('eventType')!r}"]


def _operations(exchange: Exchange) -> list[Operation]:
    return [each for each in operations_at(exchange.target) if each.method == exchange.method]


def _quota(exchange: Exchange) -> tuple[str, ...]:
    """What never became a request is not counted, and answered without them."""
    return QUOTA if exchange.method else ()


def _wrong_headers(exchange: Exchange) -> Iterator[str]:
    scheme, _, given = exchange.headers.get("authorization", "").partition(" ")
    try:
        if scheme != "Basic" or not base64.b64decode(given, validate=True):
            yield "the key is not sent as Basic and base64"
    except binascii.Error:
        yield "the key is not sent as Basic and base64"
    key = exchange.headers.get("idempotency-key")
    if key is not None and not (is_guid(key) and exchange.method in ("POST", "PATCH")):
        yield "an Idempotency-Key is a GUID and goes with POST and PATCH"


def _wrong_parameters(exchange: Exchange, operation: Operation) -> Iterator[str]:
    query = parse_qsl(exchange.target.partition("?")[2], keep_blank_values=True)
    names = [name for name, _ in query]
    for name, known in operation.facts["query"].items():
        if known["required"] and name not in names:
            yield f"the parameter {name} is missing"
    yield from (f"the parameter {name} is given twice" for name in set(names) if names.count(name) > 1)
    for name, value in [*operation.path_of(exchange.target).items(), *query]:
        if name not in operation.parameters:
            yield f"no document knows the parameter {name}"
            continue
        for error in _errors(operation.parameters[name], _typed(operation, name, value)):
            yield f"the parameter {name}: {error}"


def _typed(operation: Operation, name: str, value: str) -> int | str:
    known = operation.facts["path"].get(name) or operation.facts["query"][name]
    is_number = value.isascii() and value.removeprefix("-").isdigit()
    return int(value) if known["schema"].get("type") == "integer" and is_number else value


def _wrong_body(exchange: Exchange, operation: Operation) -> Iterator[str]:
    """No operation says that it needs one."""
    if not exchange.body:
        return
    if not operation.body:
        yield "a body where no document knows one"
        return
    yield from _content(operation.body, exchange.headers, exchange.body)


def _to_operation(exchange: Exchange, operation: Operation) -> Iterator[str]:
    assert exchange.status is not None
    if exchange.status in operation.answers:
        content = operation.answers[exchange.status]
    elif _excepted(exchange, operation):
        content = {JSON: documents.error_message()} if exchange.status >= 400 else {}
    else:
        yield f"{operation.id} does not declare the status {exchange.status}"
        return
    if content:
        yield from _content(content, exchange.answer_headers, exchange.answer_body)
    elif exchange.answer_body:
        yield f"{operation.id} does not declare a body for {exchange.status}"


def _excepted(exchange: Exchange, operation: Operation) -> bool:
    return any(
        each.status == exchange.status
        and exchange.method in each.methods
        and (not each.operations or operation.id in each.operations)
        for each in UNDECLARED
    )


def _to_something_unknown(exchange: Exchange) -> Iterator[str]:
    allowed = BEFORE_ROUTING | ({405} if any(operations_at(other_path(exchange.target))) else set())
    if exchange.status not in allowed:
        yield f"{exchange.status} to what no document knows"
    if exchange.method != "HEAD":
        yield from _content({JSON: documents.error_message()}, exchange.answer_headers, exchange.answer_body)


def _content(
    known: Mapping[str, Draft202012Validator], headers: Mapping[str, str], body: bytes
) -> Iterator[str]:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in known:
        yield f"the content type is {kind!r}, not {' or '.join(known)}"
        return
    try:
        value = json.loads(body)
    except ValueError:
        yield "the body is not JSON"
        return
    yield from _errors(known[kind], value)


def _errors(validator: Draft202012Validator, value: Any) -> Iterator[str]:
    for error in validator.iter_errors(value):
        yield f"{error.message[:200]} at {'/'.join(map(str, error.instance_path)) or 'the top'}"
