"""The filters of a list in words, as its page says them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from syncs import filters as of_health
from syncs import record_filters as of_records
from syncs.codat.statuses import status_of
from syncs.filters import HealthFilters, beginnings
from syncs.list_filters import SPANS, ListFilters
from syncs.models import Cause, User
from syncs.record_filters import syncs as of_syncs

Say = Callable[[str], str]


def told(filters: ListFilters, cause: Cause | None = None) -> str:
    """ "Failing, 5130 Could not write data, Xero"; empty where nothing is left out. How the list looks is no filter.
    `cause` is the one that is filtered by, where it was read already."""
    says = HEALTH if isinstance(filters, HealthFilters) else RECORDS
    if cause:
        says = {**says, "cause": lambda _: _quoted(cause.words)}
    return ", ".join(says[name](value) for name, value in filters.pairs() if name in says)


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%-d %b %Y}"


def _quoted(text: str) -> str:
    return f"“{text}”"


def _code(text: str) -> str:
    return f"{text} {status_of(int(text)).word}"


def _cause(number: str) -> str:
    cause = Cause.objects.filter(pk=int(number)).first()
    return _quoted(cause.words) if cause else f"cause {number}"


def _person(name: str) -> str:
    if name in of_syncs.INITIATORS:
        return of_syncs.INITIATORS[name][0]
    user = User.objects.filter(username=name).first()
    return f"by {user.display_name if user else 'Sync Desk'}"


def _first(choices: Mapping[str, tuple[str, Any]]) -> Say:
    return lambda value: choices[value][0]


HEALTH: Mapping[str, Say] = {
    "health": of_health.SCOPES.__getitem__,
    "q": _quoted,
    "code": _code,
    "cause": _cause,
    "owner": of_health.OWNERS.__getitem__,
    "commerce": str,
    "accounting": str,
    "success": lambda value: f"Last success: {of_health.SILENCES[value].lower()}",
    "began": beginnings.words,
    "snoozed": of_health.SNOOZED.__getitem__,
}
RECORDS: Mapping[str, Say] = {
    "by": _person,
    "merchant": _quoted,
    "day": _day,
    "until": lambda value: f"up to {_day(value)}",
    "last": _first(SPANS),
    "scope": of_records.SCOPES.__getitem__,
    "state": _first(of_records.GROUPS),
    "kind": of_records.KINDS.__getitem__,
    "what": _first(of_records.VERBS),
    "source": _first(of_records.SOURCES),
    "reason": lambda _: "With a reason",
    "request": lambda value: f"request {value}",
    "entry": lambda value: f"entry {value}",
    "result": _first(of_syncs.RESULTS),
    "written": _first(of_syncs.WRITTEN),
    "code": _code,
    "cause": _cause,
    "message": _quoted,
    "commerce": str,
    "accounting": str,
}
