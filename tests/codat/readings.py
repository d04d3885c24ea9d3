"""What each read of the client must make of each fault of the sandbox: the table that its tests run."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Refused, Uncertain
from tests.codat.verdicts import Args, Wait

Read = Callable[[CodatClient, str, str], Any]
# Given the true value and what was read of the spoiled answer.
Holds = Callable[[Any, Any], bool]
Verdict = Holds | Wait | type[CodatError]
Row = tuple[str, Args, Mapping[str, Verdict]]

ONE_SYNC: dict[str, Read] = {
    "newest_sync": lambda client, company, _: client.newest_sync(company),
    "latest_sync": lambda client, company, _: client.latest_sync(company),
    "last_successful_sync": lambda client, company, _: client.last_successful_sync(company),
    "sync_by_id": lambda client, company, sync: client.sync_by_id(company, sync),
}
SYNCS: dict[str, Read] = {**ONE_SYNC, "syncs": lambda client, company, _: client.syncs(company)}
MERCHANTS: dict[str, Read] = {
    "companies": lambda client, *_: client.companies(1, page_size=50),
    "company": lambda client, company, _: client.company(company),
    "connections": lambda client, company, _: client.connections(company),
    "configuration": lambda client, company, _: client.configuration(company),
}
READS: dict[str, Read] = {**SYNCS, **MERCHANTS}


def plain(value: Any) -> Any:
    """As values without their raw answers, which hold what we do not read."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {name: each for name, each in pairs.items() if name != "raw"}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def same(true: Any, found: Any) -> bool:
    return bool(plain(true) == plain(found))


def none(_: Any, found: Any) -> bool:
    return found is None or found == []


def rows_of(value: Any) -> list[Any]:
    """The syncs, companies or connections that a value holds, or the one that it is."""
    if isinstance(value, list):
        return value
    return list(value.items) if hasattr(value, "items") else [value]


def with_fields(**fields: Any) -> Holds:
    """As many rows as in truth, and these fields in each."""

    def holds(true: Any, found: Any) -> bool:
        rows = rows_of(found)
        told = [{name: getattr(row, name) for name in fields} for row in rows]
        return len(rows) == len(rows_of(true)) and told == [fields] * len(rows)

    return holds


def newest_with(*codes: int) -> Holds:
    return lambda true, found: (
        rows_of(found)[0].code in {*codes} and len(rows_of(found)) == len(rows_of(true))
    )


def dated(name: str, change: Callable[[datetime], datetime | None]) -> Holds:
    """The true value with this date changed in each row, whatever their order then."""

    def holds(true: Any, found: Any) -> bool:
        moments = [getattr(row, name) for row in rows_of(true)]
        wanted = [moment and change(moment) for moment in moments]
        return sorted(map(str, wanted)) == sorted(str(getattr(row, name)) for row in rows_of(found))

    return holds


@dataclass(frozen=True)
class Each:
    """The same for all reads, but for those named."""

    rest: Verdict
    syncs: Verdict | None = None
    merchants: Verdict | None = None

    def but(self, **exceptions: Verdict) -> dict[str, Verdict]:
        of_syncs, of_merchants = self.syncs or self.rest, self.merchants or self.rest
        return {**dict.fromkeys(SYNCS, of_syncs), **dict.fromkeys(MERCHANTS, of_merchants), **exceptions}


NO_DATES = ("no_such_second", "empty", "null", "nonsense", "number")
UNCERTAIN, TRUE, REFUSED = Each(Uncertain).but(), Each(same).but(), Each(Refused).but()
NO_IDS = Each(Uncertain, syncs=with_fields(sync_id=None)).but(
    sync_by_id=none,
    configuration=same,
    companies=lambda true, found: not found.items and found.without_id == len(true.items),
)
ONLY_IDS = Each(same, syncs=with_fields(code=None, text="", sync_utc=None, data_pushed=None)).but(
    companies=with_fields(name="", connections=None, created=None),
    company=with_fields(name="", connections=None, created=None),
    connections=with_fields(status="", side="other", link_url="", created=None, errors=()),
)


def dates(change: Callable[[datetime], datetime | None]) -> dict[str, Verdict]:
    exceptions = dict.fromkeys(("companies", "company", "connections"), dated("created", change))
    return Each(same, syncs=dated("sync_utc", change)).but(**exceptions)


ON_THE_WIRE: list[Row] = [
    ("slow", {"seconds": 0.05}, TRUE),
    ("slow", {"seconds": 30}, UNCERTAIN),
    *(("drop_after", {"how": how}, UNCERTAIN) for how in ("close", "reset")),
    *(("drop_before", {"how": how}, UNCERTAIN) for how in ("close", "reset")),
    *(("half_close", {"bytes": size}, UNCERTAIN) for size in (0, 10)),
    *(("short_body", {"how": how}, UNCERTAIN) for how in ("close", "reset")),
    *(("drip", {"seconds": 0.05, "part": part}, UNCERTAIN) for part in ("all", "body")),
    *(("huge_body", {"megabytes": 8, "announced": told}, UNCERTAIN) for told in (True, False)),
    ("gzip_bomb", {"megabytes": 64}, UNCERTAIN),
    ("reset_midway", {}, UNCERTAIN),
    *(("informational", {"status": status, "times": 3}, TRUE) for status in (100, 102, 103)),
    ("informational", {"status": 103, "times": 1_000_000_000}, UNCERTAIN),
    *(("endless_headers", {"form": form}, UNCERTAIN) for form in ("many", "one")),
    *(("bad_length", {"form": form}, UNCERTAIN) for form in ("two", "short")),
    *(("bad_length", {"form": form}, TRUE) for form in ("negative", "text", "beside_chunks")),
    *(("bad_chunks", {"form": form}, UNCERTAIN) for form in ("not_hex", "negative", "huge", "cut")),
    *(("close_after", {"how": how, "seconds": 0.05}, TRUE) for how in ("close", "reset")),
    *(("not_http", {"form": form}, UNCERTAIN) for form in ("banner", "http2", "status")),
    *(("early", {"status": status}, UNCERTAIN) for status in (413, 503)),
]

REPLACED: list[Row] = [
    *((name, {}, UNCERTAIN) for name in ("500_after", "500", "503", "408", "409")),
    *((name, {}, REFUSED) for name in ("overlap", "401", "402", "403", "404")),
    ("429", {"retry_after": 30}, Each(Wait(29, 30)).but()),
    ("429", {"retry_after": None}, Each(Wait(59, 60)).but()),
    ("429", {"retry_after": -5}, Each(Wait(1, 1)).but()),
    # Those that our budget held back meanwhile may ask in a minute whether it is so.
    ("429", {"retry_after": 90, "form": "date"}, Each(Wait(59, 90)).but()),
    *(("html", {"status": status}, UNCERTAIN) for status in (200, 403, 404, 502)),
    *(("empty", {"status": status}, UNCERTAIN) for status in (401, 403, 502)),
    *(("empty", {"status": status}, Each(none, merchants=Uncertain).but()) for status in (200, 204, 404)),
    *(("redirect", {"status": status}, UNCERTAIN) for status in (301, 302, 303, 307, 308)),
]

SPOILED: list[Row] = [
    ("truncated_json", {}, UNCERTAIN),
    ("truncated_json", {"keep": 0}, Each(none, merchants=Uncertain).but()),
    ("wrong_company", {}, Each(Uncertain).but(companies=same)),
    *(("no_id", {"form": form}, NO_IDS) for form in ("absent", "null", "empty", "zeros")),
    ("text_for_code", {}, TRUE),
    ("text_for_code", {"code": 4200}, Each(same, syncs=with_fields(code=4200)).but()),
    ("list_for_object", {"form": "list"}, Each(same, merchants=Uncertain).but()),
    (
        "list_for_object",
        {"form": "results"},
        Each(same, merchants=Uncertain).but(companies=lambda true, found: found.without_id == 1),
    ),
    ("list_for_object", {"form": "empty"}, Each(none, merchants=Uncertain).but(syncs=same)),
    ("object_for_list", {"form": "results"}, TRUE),
    ("object_for_list", {"form": "first"}, Each(same).but(syncs=lambda true, found: same(true[:1], found))),
    ("nulls", {}, {**ONLY_IDS, "configuration": with_fields(enabled=None, time_zone=None, start_date=None)}),
    ("nulls", {"fields": ["companyId"]}, TRUE),
    ("missing_fields", {}, {**ONLY_IDS, "configuration": Uncertain}),
    ("missing_fields", {"fields": ["companyId", "nextSync"]}, TRUE),
    ("extra_fields", {}, TRUE),
    *(("odd_dates", {"form": form}, TRUE) for form in ("local", "offset")),
    (
        "odd_dates",
        {"form": "date_only"},
        dates(lambda moment: moment.replace(hour=0, minute=0, second=0, microsecond=0)),
    ),
    ("odd_dates", {"form": "milliseconds"}, dates(lambda moment: moment.replace(microsecond=123_000))),
    *(("odd_dates", {"form": form}, dates(lambda _: None)) for form in NO_DATES),
    ("stuck", {}, Each(same, syncs=newest_with(1010)).but()),
    ("backwards", {}, Each(same, syncs=newest_with(1000, 2000, 2040, 4040, 4220)).but()),
]

READINGS: list[Row] = [*ON_THE_WIRE, *REPLACED, *SPOILED]


def verdicts(rows: Iterable[Row]) -> list[tuple[str, Args, Any]]:
    """As `untold` takes them: a read starts nothing, so whether it was worked on makes no difference."""
    return [
        (fault, {**args, "applied": applied}, told) for fault, args, told in rows for applied in (True, False)
    ]
