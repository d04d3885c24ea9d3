"""What Codat answers, as frozen values: tolerant in, strict out (Sync for Commerce OpenAPI, schemas).

`from_json` raises Uncertain, and nothing else, for what cannot be what it should be.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Self

from syncs.codat.dates import parse_day, parse_moment
from syncs.codat.errors import Uncertain
from syncs.codat.reading import (
    identifier,
    mapping,
    objects,
    part,
    text,
    texts_by_name,
    truth,
    web_address,
    whole_number,
)

Side = Literal["commerce", "accounting", "other"]

SIDES: dict[str, Side] = {"commerce": "commerce", "accounting": "accounting"}
# Where a merchant is sent to connect anew (Sync for Commerce OpenAPI, Connection: linkUrl).
LINK_OF_COMPANY = re.compile(r"/companies/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/", re.IGNORECASE)
CONFIGURED_BY = ("enable", "enabled", "configured", "schedule", "configuration")
STATUSES = {word.lower(): word for word in ("PendingAuth", "Linked", "Unlinked", "Deauthorized")}


@dataclass(frozen=True)
class Connection:
    id: str
    side: Side
    platform_key: str | None
    platform_name: str
    status: str
    link_url: str
    errors: tuple[str, ...]
    created: datetime | None
    last_sync: datetime | None

    @classmethod
    def from_json(cls, value: object, *, company_id: str | None = None) -> Self:
        """No field names the company it belongs to, but its link does; one to another company is Uncertain."""
        data = mapping(value, "connection")
        status = text(data.get("status")).strip()
        if company_id and (named := LINK_OF_COMPANY.search(text(data.get("linkUrl")))):
            _same_company(named[1], company_id)
        return cls(
            id=_required_id(data.get("id"), "connection"),
            side=SIDES.get(text(data.get("sourceType")).strip().lower(), "other"),
            platform_key=identifier(data.get("integrationKey")),
            platform_name=text(data.get("platformName")),
            status=STATUSES.get(status.lower(), status),
            link_url=web_address(data.get("linkUrl")),
            errors=_open_errors(data.get("dataConnectionErrors")),
            created=parse_moment(data.get("created")),
            last_sync=parse_moment(data.get("lastSync")),
        )


@dataclass(frozen=True)
class Company:
    id: str
    name: str
    redirect: str
    created: datetime | None
    last_sync: datetime | None
    tags: Mapping[str, str]
    connections: tuple[Connection, ...] | None
    """None where the answer does not tell of all of them: it may leave them out."""
    raw: dict[str, Any]

    @classmethod
    def from_json(cls, value: object, *, company_id: str | None = None) -> Self:
        """Another company than the one asked for is Uncertain."""
        data = mapping(value, "company")
        found = _required_id(data.get("id"), "company")
        return cls(
            id=_same_company(found, company_id or found),
            name=text(data.get("name")),
            redirect=web_address(data.get("redirect")),
            created=parse_moment(data.get("created")),
            last_sync=parse_moment(data.get("lastSync")),
            tags=texts_by_name(data.get("tags")),
            connections=_all_connections(data.get("dataConnections")),
            raw=data,
        )


@dataclass(frozen=True)
class SyncStatus:
    company_id: str
    sync_id: str | None
    commerce_sync_id: str | None
    code: int | None
    text: str
    error_message: str
    exception_message: str
    sync_utc: datetime | None
    data_pushed: bool | None
    raw: dict[str, Any]

    @classmethod
    def from_json(cls, value: object, *, company_id: str) -> Self:
        """A missing company id is taken to be the one we asked for; another one is Uncertain."""
        data = mapping(value, "sync")
        return cls(
            company_id=_same_company(data.get("companyId"), company_id),
            sync_id=identifier(data.get("syncId")),
            commerce_sync_id=identifier(data.get("commerceSyncId")),
            code=whole_number(data.get("syncStatusCode")),
            text=text(data.get("syncStatus")),
            error_message=text(data.get("errorMessage")),
            exception_message=text(data.get("syncExceptionMessage")),
            sync_utc=parse_moment(data.get("syncUtc")),
            data_pushed=truth(data.get("dataPushed")),
            raw=data,
        )

    @property
    def says_nothing(self) -> bool:
        return (self.sync_id, self.commerce_sync_id, self.code) == (None, None, None)

    @property
    def says_error(self) -> bool:
        return bool(self.error_message or self.exception_message)


@dataclass(frozen=True)
class SyncSummary:
    """The answer to a request for a sync: the promise that Codat began one."""

    company_id: str
    commerce_sync_id: str
    sync_id: str | None
    window: tuple[datetime, datetime] | None
    code: int | None
    text: str
    error_message: str
    sync_utc: datetime | None
    raw: dict[str, Any]
    http_status: int | None = None

    @classmethod
    def from_json(cls, value: object, *, company_id: str) -> Self:
        """A lone `syncId` serves as the commerce sync id too; an answer without any id is Uncertain."""
        data = mapping(value, "sync")
        sync_id = identifier(data.get("syncId"))
        return cls(
            company_id=_same_company(data.get("companyId"), company_id),
            commerce_sync_id=_required_id(identifier(data.get("commerceSyncId")) or sync_id, "sync"),
            sync_id=sync_id,
            window=_window(data.get("syncDateRangeUtc")),
            code=whole_number(data.get("syncStatusCode")),
            text=text(data.get("syncStatus")),
            error_message=text(data.get("errorMessage")),
            sync_utc=parse_moment(data.get("syncUtc")),
            raw=data,
        )


@dataclass(frozen=True)
class Configuration:
    enabled: bool | None
    configured: bool | None
    time_zone: str | None
    sync_hour: int | None
    start_date: date | None
    accounting_company_name: str | None
    raw: dict[str, Any]

    @classmethod
    def from_json(cls, value: object, *, company_id: str) -> Self:
        """`enable` in the OpenAPI and `enabled` in the docs are one field. A null zone is None, not UTC."""
        data = mapping(value, "configuration")
        _same_company(data.get("companyId"), company_id)
        if not any(name in data for name in CONFIGURED_BY):
            raise Uncertain("Codat's answer holds no configuration where one belongs.")
        schedule = part(data.get("schedule"))
        hour = whole_number(schedule.get("syncHour"))
        enabled = truth(data.get("enable"))
        return cls(
            enabled=truth(data.get("enabled")) if enabled is None else enabled,
            configured=truth(data.get("configured")),
            time_zone=identifier(schedule.get("timeZone")),
            sync_hour=hour if hour is not None and hour <= 23 else None,
            start_date=parse_day(schedule.get("startDate")),
            accounting_company_name=text(data.get("accountingSoftwareCompanyName")) or None,
            raw=data,
        )


def _all_connections(value: object) -> tuple[Connection, ...] | None:
    known = [item for item in objects(value) if identifier(item.get("id"))]
    is_whole = isinstance(value, list) and len(known) == len(value)
    return tuple(map(Connection.from_json, known)) if is_whole else None


def _required_id(value: object, what: str) -> str:
    found = identifier(value)
    if found is None:
        raise Uncertain(f"Codat's answer holds a {what} without an id.")
    return found


def _same_company(value: object, asked: str) -> str:
    answered = identifier(value)
    if answered is not None and answered.lower() != asked.lower():
        raise Uncertain("Codat's answer is about another company.")
    return asked


def _window(value: object) -> tuple[datetime, datetime] | None:
    if not isinstance(value, dict):
        return None
    start, finish = parse_moment(value.get("start")), parse_moment(value.get("finish"))
    return (start, finish) if start and finish and start <= finish else None


def _open_errors(value: object) -> tuple[str, ...]:
    errors = [item for item in objects(value) if text(item.get("status")).lower() != "resolved"]
    told = [text(item.get("errorMessage")) or text(item.get("statusText")) for item in errors]
    return tuple(message for message in told if message)
