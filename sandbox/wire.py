"""Codat's JSON: companies, connections, syncs and dates as they go over the wire (OpenAPI, schemas)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sandbox.cards import Card, Connection
from sandbox.dice import digest, guid
from sandbox.exchange import NOT_VALID, Refusal, to_json
from sandbox.outcomes import Outcome
from sandbox.syncs import Sync, Told

Json = dict[str, Any]
_TWO_DIGITS = [f"{number:02d}" for number in range(60)]
_GAP = "\ue000"
"""A character of nobody's texts."""


def stamp(moment: datetime) -> str:
    """.NET's seven digits: a tenth of a microsecond, which we do not have, is made up."""
    micros = moment.microsecond
    day, two = _day(moment.toordinal()), _TWO_DIGITS
    time = f"{two[moment.hour]}:{two[moment.minute]}:{two[moment.second]}"
    return f"{day}T{time}.{micros:06d}{micros % 10}Z"


@lru_cache(maxsize=4096)
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def whole_seconds(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


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
        "lastSync": _last_read(link, now),
        "dataConnectionErrors": _errors(link),
        "connectionInfo": {},
    }


def connections(card: Card, now: datetime) -> list[Json]:
    return [connection(card, link, now) for link in card.connections.values()]


def sync_summary(card: Card, sync: Sync, now: datetime) -> Json:
    """What both sync POSTs answer: the only place that tells the window."""
    window = {"start": instant(sync.start), "finish": instant(sync.finish)}
    return {
        "syncDateRangeUtc": window,
        "companyId": card.company_id,
        "commerceSyncId": sync.commerce_sync_id,
        **_state(sync.state(now), stamp(sync.at)),
        "dataConnections": connections(card, now),
    }


def sync_status(card: Card, sync: Sync, now: datetime) -> Json:
    return {
        "companyId": card.company_id,
        "commerceSyncId": sync.commerce_sync_id,
        "syncId": sync.sync_id,
        **_state(sync.state(now), stamp(sync.at)),
        "dataConnections": connections(card, now),
    }


def company_sync_status(company_id: str, sync: Sync, now: datetime) -> str:
    """As JSON already, like the rows of a list."""
    return company_sync_statuses(company_id, [(sync.raw, sync.at, sync.state(now))])[0]


def company_sync_statuses(company_id: str, told: Iterable[Told]) -> list[str]:
    """A history has many rows: only what differs from one to the next is put in anew."""
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


def _last_read(link: Connection, now: datetime) -> str | None:
    """Data is read once a day, at a time of the connection's own, for as long as it is linked."""
    if link.status == "PendingAuth":
        return None
    until = now if link.status == "Linked" else link.changed
    time_of_day = timedelta(microseconds=int.from_bytes(digest(link.id, size=4), "big") * 20)
    read = datetime.combine(until.date(), datetime.min.time(), UTC) + time_of_day
    if read > until:
        read -= timedelta(days=1)
    return stamp(read) if read > link.created else None


def _errors(link: Connection) -> list[Json]:
    if link.status != "Deauthorized":
        return []
    return [
        {
            "statusCode": "401",
            "statusText": "Unauthorized",
            "errorMessage": f"The authorization to access {link.platform.name} was revoked.",
            "erroredOnUtc": whole_seconds(link.changed),
            "status": "Active",
            "resolvedOnUtc": None,
        }
    ]


def is_date(value: object) -> bool:
    """A text that holds a date, with or without a time."""
    try:
        return isinstance(value, str) and bool(
            date.fromisoformat(value[:10]) and datetime.fromisoformat(value)
        )
    except ValueError:
        return False
