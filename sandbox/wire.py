"""Codat's JSON: companies, connections, syncs and dates as they go over the wire (OpenAPI, schemas)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from sandbox.cards import Card, Connection
from sandbox.dice import guid
from sandbox.exchange import NOT_VALID, Refusal, to_json
from sandbox.outcomes import Outcome
from sandbox.reading import last_read
from sandbox.syncs import Sync, Told

Json = dict[str, Any]
_TWO_DIGITS = [f"{number:02d}" for number in range(60)]
_THREE_DIGITS = [f"{number:03d}" for number in range(1000)]
_FOUR_DIGITS = [f"{number:03d}{number % 10}" for number in range(1000)]
"""Tables, since a list has hundreds of numbers and to format one takes longer than to look it up."""
_GAP = "\ue000"
"""A character of nobody's texts."""


def stamp(moment: datetime) -> str:
    """.NET's seven digits: a tenth of a microsecond, which we do not have, is made up."""
    day, two = _day(moment.toordinal()), _TWO_DIGITS
    millis, micros = divmod(moment.microsecond, 1000)
    time = f"{two[moment.hour]}:{two[moment.minute]}:{two[moment.second]}"
    return f"{day}T{time}.{_THREE_DIGITS[millis]}{_FOUR_DIGITS[micros]}Z"


@lru_cache(maxsize=4096)
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def whole_seconds(moment: datetime) -> str:
    return f"{_day(moment.toordinal())}T{moment:%H:%M:%SZ}"


def instant(moment: datetime) -> str:
    """As short as it can be told."""
    return stamp(moment) if moment.microsecond else whole_seconds(moment)


def read_moment(value: object) -> datetime:
    """Any of the documented forms: UTC, with an offset, without a zone (read as UTC), date only."""
    if not isinstance(value, str):
        raise Refusal(400, NOT_VALID)
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Refusal(400, NOT_VALID) from None


def company(card: Card, now: datetime) -> Json:
    connections = [connection(card, link, now) for link in card.connections.values()]
    reads = [link["lastSync"] for link in connections if link["lastSync"]]
    return {
        "id": card.company_id,
        "name": card.name,
        "redirect": f"https://link.codat.io/company/{card.company_id}",
        "description": card.description,
        "created": whole_seconds(card.created),
        "lastSync": max(reads, default=None),
        "createdByUserName": None,
        "products": ["commerce"],
        "tags": card.tags,
        "dataConnections": connections,
    }


def connection(card: Card, link: Connection, now: datetime) -> Json:
    platform = link.platform
    return {
        "id": link.id,
        "integrationId": platform.integration_id,
        "integrationKey": platform.key,
        "sourceId": platform.source_id,
        "sourceType": platform.side,
        "platformName": platform.name,
        "linkUrl": f"https://link-api.codat.io/companies/{card.company_id}/connections/{link.id}/start",
        "status": link.status,
        "created": whole_seconds(link.created),
        "lastSync": _last_read(card, link, now),
        "dataConnectionErrors": _errors(link),
        "connectionInfo": {},
    }


def connections(card: Card, now: datetime) -> list[Json]:
    return [connection(card, link, now) for link in card.connections.values()]


def sync_summary(card: Card, sync: Sync, state: Outcome, now: datetime) -> Json:
    """What both sync POSTs answer: the only place that tells the window."""
    window = {"start": instant(sync.start), "finish": instant(sync.finish)}
    return {
        "syncDateRangeUtc": window,
        "companyId": card.company_id,
        "commerceSyncId": sync.commerce_sync_id,
        **_state(state, stamp(sync.at)),
        "dataConnections": connections(card, now),
    }


def sync_status(card: Card, sync: Sync, state: Outcome, sync_utc: datetime, now: datetime) -> Json:
    return {
        "companyId": card.company_id,
        "commerceSyncId": sync.commerce_sync_id,
        "syncId": sync.sync_id,
        **_state(state, stamp(sync_utc)),
        "dataConnections": connections(card, now),
    }


def company_sync_statuses(company_id: str, told: Iterable[Told]) -> list[str]:
    """As JSON already: a history has many rows, and only what differs from one to the next is put in anew."""
    rows, last = [], None
    for raw, at, state in told:
        if state is not last:
            last, (start, after_company, after_sync, end) = state, _row_of(state)
            start += company_id + after_company
        rows.append(f"{start}{guid(raw)}{after_sync}{stamp(at)}{end}")
    return rows


@lru_cache(maxsize=4096)
def _row_of(state: Outcome) -> tuple[str, ...]:
    """The text around company, sync and time."""
    row = {"companyId": _GAP, "syncId": _GAP, **_state(state, _GAP)}
    return tuple(to_json(row).split(_GAP))


def _state(state: Outcome, sync_utc: str) -> Json:
    return {
        "syncStatusCode": state.code,
        "syncStatus": state.text,
        "errorMessage": state.message,
        "syncExceptionMessage": state.message,
        "syncUtc": sync_utc,
        "dataPushed": state.pushed,
    }


def _last_read(card: Card, link: Connection, now: datetime) -> str | None:
    """When the newest of its reads was complete: one of its own, or one that was asked for."""
    mine = (pull for pull in card.pulls if pull.connection_id == link.id and pull.ends_as == "Complete")
    ended = [pull.ends for pull in mine if pull.ends <= now]
    if read := last_read(link.id, link.spells, now):
        ended.append(read)
    return stamp(max(ended)) if ended else None


def _errors(link: Connection) -> list[Json]:
    """An error for each time that access was lost; linking again resolves it. And one for linking broken off."""
    again = [spell.start for spell in link.spells[1:]]
    gone = f"The authorization to access {link.platform.name} was revoked."
    lost = [
        _error("401", "Unauthorized", gone, spell.end, resolved)
        for spell, resolved in zip_longest(link.spells, again)
        if spell.end and spell.became == "Deauthorized"
    ]
    if link.failed is None:
        return lost
    # The example of connection.failed (Platform OpenAPI).
    return [*lost, _error("403", "User cancelled linking", "User cancelled", link.failed)]


def _error(code: str, text: str, message: str, at: datetime, resolved: datetime | None = None) -> Json:
    return {
        "statusCode": code,
        "statusText": text,
        "errorMessage": message,
        "erroredOnUtc": whole_seconds(at),
        "status": "Resolved" if resolved else "Active",
        "resolvedOnUtc": whole_seconds(resolved) if resolved else None,
    }


def is_date(value: object) -> bool:
    """A text that holds a date, with or without a time."""
    try:
        return isinstance(value, str) and bool(
            date.fromisoformat(value[:10]) and datetime.fromisoformat(value)
        )
    except ValueError:
        return False
