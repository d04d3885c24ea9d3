"""Reads the state of the sync health page from its address: unknown values are ignored and said, never an error."""

from collections.abc import Container, Sequence

from django.http import QueryDict

from syncs import columns
from syncs.filters import (
    DAILY,
    OWNERS,
    REASONS_BY,
    SCOPES,
    SILENCES,
    SNOOZED,
    SORTS,
    HealthFilters,
    Platforms,
    beginnings,
)
from syncs.list_filters import clean

MOST_CODES = 50
LONGEST_NUMBER = 18


def read_health_filters(params: QueryDict, platforms: Platforms | None = None) -> HealthFilters:
    """Without platforms, any is taken: a poll asks for what its page was given, and must not lose it."""
    notes: list[str] = []
    commerce, accounting = (platforms.commerce, platforms.accounting) if platforms else (None, None)

    def known(name: str, values: Container[str] | None, default: str, what: str) -> str:
        value = clean(params.get(name, ""))
        if not value or values is None or value in values:
            return value or default
        notes.append(_ignored(value, f"{what} that we know"))
        return default

    return HealthFilters(
        health=known("health", SCOPES, "", "a health"),
        q=clean(params.get("q", "")),
        code=_codes(params.getlist("code"), notes),
        cause=_cause(clean(params.get("cause", "")), notes),
        owner=known("owner", OWNERS, "", "anybody who acts"),
        commerce=known("commerce", commerce, "", "a commerce platform"),
        accounting=known("accounting", accounting, "", "an accounting platform"),
        success=known("success", SILENCES, "", "an age of the last success"),
        began=_began(clean(params.get("began", "")), notes),
        snoozed=known("snoozed", SNOOZED, "", "a filter of the snoozed"),
        sort=known("sort", SORTS, "success", "an order"),
        daily=known("daily", DAILY, "", "a way to show the daily results"),
        cols=_columns(clean(params.get("cols", "")), notes),
        by=known("by", REASONS_BY, "", "a way to count"),
        after=params.get("after", ""),
        before=params.get("before", ""),
        notes=notes,
    )


def _began(text: str, notes: list[str]) -> str:
    if not text or beginnings.is_known(text):
        return text
    notes.append(_ignored(text, "a day or a moment since which anybody fails"))
    return ""


def _codes(texts: Sequence[str], notes: list[str]) -> tuple[int, ...]:
    """Each once and in order, so that the same choice is the same list."""
    asked = [text for one in texts[:MOST_CODES] if (text := clean(one))]
    known = {text for text in asked if _is_code(text)}
    notes += [_ignored(text, "a status code") for text in asked if text not in known]
    return tuple(sorted(map(int, known)))


def _is_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) == 4 and int(text) >= 1000


def _columns(text: str, notes: list[str]) -> str:
    notes += [_ignored(name, "a column that we know") for name in columns.unknown(text)[:1]]
    return columns.as_written(text)


def _ignored(value: str, what: str) -> str:
    return f"“{value[:40]}” is not {what}. It was ignored."


def _cause(text: str, notes: list[str]) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and int(text[:LONGEST_NUMBER]) > 0 and len(text) <= LONGEST_NUMBER:
        return int(text)
    notes.append(f"“{text[:40]}” is not the number of a cause. It was ignored.")
    return None
