"""The part of Codat's query language that its company list is documented to know.

`property op value`, joined by && and ||, grouped by { }: `=`, `!=`, `~` (contains) on id, name,
dataConnections.status and the like.
"""

import re
from collections.abc import Callable, Mapping

from sandbox.exchange import Refusal

Values = Callable[[str], tuple[str, ...]]
"""Gives the values of a property, several for a list's; raises KeyError for a property there is not."""
Test = Callable[[Values], bool]

_TOKEN = re.compile(r"\s*(?:(&&|\|\||\{|\})|([\w.]+)\s*(!=|=|~)\s*((?:(?!&&|\|\||[{}]).)+))")
_LONGEST = 2048


def parse(text: str) -> Test:
    """A query, or a tags filter, whose properties are the names of tags; raises Refusal (400) for neither."""
    tokens = _tokens(text)
    test, rest = _either(tokens)
    if rest:
        raise malformed()
    return test


def matches(
    test: Test, properties: Mapping[str, tuple[str, ...]], *, default: tuple[str, ...] | None = None
) -> bool:
    def values(name: str) -> tuple[str, ...]:
        found = properties.get(name, default)
        if found is None:
            raise unknown(name)
        return found

    return test(values)


def unknown(name: str) -> Refusal:
    error = f"Error parsing query - Could not resolve property {name} on Dataset"
    return Refusal(400, error, service="PullApi")


def malformed() -> Refusal:
    return Refusal(400, "Error parsing query - Malformed query.", service="ClientsApi")


Token = str | tuple[str, str, str]


def _tokens(text: str) -> list[Token]:
    if len(text) >= _LONGEST:
        raise malformed()
    tokens: list[Token] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found:
            raise malformed()
        at = found.end()
        tokens.append(found[1] or (found[2], found[3], found[4].strip()))
    return tokens


def _either(tokens: list[Token]) -> tuple[Test, list[Token]]:
    test, rest = _all(tokens)
    while rest and rest[0] == "||":
        other, rest = _all(rest[1:])
        test = _or(test, other)
    return test, rest


def _all(tokens: list[Token]) -> tuple[Test, list[Token]]:
    test, rest = _one(tokens)
    while rest and rest[0] == "&&":
        other, rest = _one(rest[1:])
        test = _and(test, other)
    return test, rest


def _one(tokens: list[Token]) -> tuple[Test, list[Token]]:
    if tokens and tokens[0] == "{":
        test, rest = _either(tokens[1:])
        if not rest or rest[0] != "}":
            raise malformed()
        return test, rest[1:]
    if not tokens or isinstance(tokens[0], str):
        raise malformed()
    return _comparison(*tokens[0]), tokens[1:]


def _comparison(name: str, operator: str, wanted: str) -> Test:
    wanted = wanted.casefold()
    if operator == "~":
        return lambda values: any(wanted in value.casefold() for value in values(name))
    if operator == "=":
        return lambda values: any(wanted == value.casefold() for value in values(name))
    return lambda values: all(wanted != value.casefold() for value in values(name))


def _and(one: Test, other: Test) -> Test:
    return lambda values: one(values) and other(values)


def _or(one: Test, other: Test) -> Test:
    return lambda values: one(values) or other(values)
