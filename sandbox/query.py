"""Codat's query language (Codat docs, querying): `property op value`, joined by && and ||, grouped by { }.

Texts know `=`, `!=` and `~` (contains); numbers and dates know `=`, `!=`, `<`, `>`, `<=` and `>=`. Dots lead to
sub-properties, arrays and nulls cannot be asked for, and a query has fewer than 2,048 characters. That a comparison
which its property does not know is called a malformed query is our guess, as is that letters match in either case.
"""

import operator
import re
from collections import deque
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import unquote

from sandbox.exchange import Refusal

Kind = Literal["text", "number", "date", "truth"]
Value = str | int | float | datetime
Values = Callable[[str], Collection[Value]]
"""Gives the values of a property: none for a null, several for a connection's of a company."""
Test = Callable[[Values], bool]

_TOKEN = re.compile(
    r"\s*(?:(&&|\|\||\{|\})|((?:(?!&&|\|\||[{}=!~<>]).)+)(!=|>=|<=|=|~|<|>)\s*((?:(?!&&|\|\||[{}]).)+))",
    re.DOTALL,
)
_OPERATORS = frozenset("=~<>")
LONGER = 2048
"""Characters of a query that has too many."""
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_KNOWN: dict[Kind, frozenset[str]] = {
    "text": frozenset({"=", "!=", "~"}),
    "truth": frozenset({"=", "!="}),
    "number": frozenset({"=", "!=", *_ORDER}),
    "date": frozenset({"=", "!=", *_ORDER}),
}

Token = str | tuple[str, str, str]


def parse(text: str, fields: Mapping[str, Kind] | None = None) -> Test:
    """A query over these fields, or a tags filter, for which any name is the name of a tag.

    Raises Refusal (400) for what is neither, and for a field there is not.
    """
    tokens = _tokens(_decoded(text))
    try:
        test = _either(tokens, fields)
    except RecursionError:
        raise malformed() from None
    if tokens:
        raise malformed()
    return test


def matches(
    test: Test, properties: Mapping[str, Collection[Value]], *, default: Collection[Value] | None = None
) -> bool:
    """Whether a row with these properties passes; raises Refusal (400) for one it has not, if there is no default."""

    def values(name: str) -> Collection[Value]:
        found = properties.get(name, default)
        if found is None:
            raise unresolved(name)
        return found

    return test(values)


def malformed() -> Refusal:
    return Refusal(400, "Error parsing query - Malformed query.", service="ClientsApi")


def unresolved(name: str) -> Refusal:
    error = f"Error parsing query - Could not resolve property {name} on Dataset"
    return Refusal(400, error, service="PullApi")


def _decoded(text: str) -> str:
    """The docs encode twice (`query=enabled%253Dtrue`): what has no operator yet is decoded once more."""
    return text if _OPERATORS & set(text) else unquote(text)


def _tokens(text: str) -> deque[Token]:
    if len(text) >= LONGER:
        raise malformed()
    tokens: deque[Token] = deque()
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found or (not found[1] and not (found[2].strip() and found[4].strip())):
            raise malformed()
        at = found.end()
        tokens.append(found[1] or (found[2].strip(), found[3], found[4].strip()))
    return tokens


def _either(tokens: deque[Token], fields: Mapping[str, Kind] | None) -> Test:
    tests = [_all(tokens, fields)]
    while tokens and tokens[0] == "||":
        tokens.popleft()
        tests.append(_all(tokens, fields))
    return tests[0] if len(tests) == 1 else lambda values: any(test(values) for test in tests)


def _all(tokens: deque[Token], fields: Mapping[str, Kind] | None) -> Test:
    tests = [_one(tokens, fields)]
    while tokens and tokens[0] == "&&":
        tokens.popleft()
        tests.append(_one(tokens, fields))
    return tests[0] if len(tests) == 1 else lambda values: all(test(values) for test in tests)


def _one(tokens: deque[Token], fields: Mapping[str, Kind] | None) -> Test:
    first = tokens.popleft() if tokens else ""
    if first == "{":
        test = _either(tokens, fields)
        if not tokens or tokens.popleft() != "}":
            raise malformed()
        return test
    if isinstance(first, str):
        raise malformed()
    return _comparison(*first, fields)


def _comparison(name: str, sign: str, wanted: str, fields: Mapping[str, Kind] | None) -> Test:
    if fields is not None and name not in fields:
        raise unresolved(name)
    kind = fields[name] if fields is not None else "text"
    if sign not in _KNOWN[kind]:
        raise malformed()
    value = _READERS[kind](wanted)
    if sign == "~":
        return lambda values: any(str(value) in str(_plain(found)) for found in values(name))
    if sign == "=":
        return lambda values: any(_plain(found) == value for found in values(name))
    if sign == "!=":
        return lambda values: all(_plain(found) != value for found in values(name))
    compare = _ORDER[sign]
    return lambda values: any(compare(found, value) for found in values(name))


def _plain(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise malformed() from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise malformed() from None


def _truth(text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise malformed()
    return text.casefold() == "true"


_READERS: dict[Kind, Callable[[str], Value]] = {
    "text": str.casefold,
    "number": _number,
    "date": _moment,
    "truth": _truth,
}
