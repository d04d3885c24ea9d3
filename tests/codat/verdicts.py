"""What the client must conclude of a POST for each fault of the sandbox: the table that its tests run.

A fault that can be set as applied or not is run both ways, with one verdict; a promise that Codat began a sync can
only be read where one was begun.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.faults.kinds import KINDS
from syncs.codat.errors import CodatError, Later, Refused, Uncertain

Args = Mapping[str, Any]


@dataclass(frozen=True)
class Started:
    """The answer was read: a sync began, under the id that Codat gave it."""

    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """Later, with a wait between these seconds."""

    least: float
    most: float


Verdict = Started | Wait | type[CodatError]
Row = tuple[str, Args, Verdict]

STARTED = Started({"code": 1000})
UNDATED = Started({"code": 1000, "sync_utc": None, "window": None})

ON_THE_WIRE: list[Row] = [
    ("slow", {"seconds": 0.05}, STARTED),
    ("slow", {"seconds": 30}, Uncertain),
    *(("drop_after", {"how": how}, Uncertain) for how in ("close", "reset")),
    *(("drop_before", {"how": how}, Uncertain) for how in ("close", "reset")),
    *(("half_close", {"bytes": size}, Uncertain) for size in (0, 10)),
    *(("short_body", {"how": how}, Uncertain) for how in ("close", "reset")),
    *(("drip", {"seconds": 0.05, "part": part}, Uncertain) for part in ("all", "body")),
    *(("huge_body", {"megabytes": 8, "announced": told}, Uncertain) for told in (True, False)),
    ("gzip_bomb", {"megabytes": 64}, Uncertain),
    *(("reset_midway", {"bytes": size}, Uncertain) for size in (0, 5)),
    *(("informational", {"status": status, "times": 3}, STARTED) for status in (100, 102, 103)),
    ("informational", {"status": 103, "times": 1_000_000_000}, Uncertain),
    ("informational", {"status": 102, "times": 100, "seconds": 0.05}, Uncertain),
    *(("endless_headers", {"form": form}, Uncertain) for form in ("many", "one")),
    *(("endless_headers", {"form": form, "seconds": 0.05}, Uncertain) for form in ("many", "one")),
    *(("bad_length", {"form": form}, Uncertain) for form in ("two", "short")),
    *(("bad_length", {"form": form}, STARTED) for form in ("negative", "text", "beside_chunks")),
    *(("bad_chunks", {"form": form}, Uncertain) for form in ("not_hex", "negative", "huge", "cut")),
    *(("close_after", {"how": how, "seconds": 0.05}, STARTED) for how in ("close", "reset")),
    *(("not_http", {"form": form}, Uncertain) for form in ("banner", "http2", "status")),
    *(("early", {"status": status}, Uncertain) for status in (413, 503)),
]

REPLACED: list[Row] = [
    *((name, {}, Uncertain) for name in ("500_after", "500", "503", "408", "409")),
    *((name, {}, Refused) for name in ("overlap", "401", "402", "403", "404")),
    ("429", {"retry_after": 30}, Wait(30, 30)),
    ("429", {"retry_after": 7.5}, Wait(7.5, 7.5)),
    ("429", {"retry_after": None}, Wait(60, 60)),
    ("429", {"retry_after": "soon"}, Wait(60, 60)),
    *(("429", {"retry_after": wait}, Wait(1, 1)) for wait in (0, -5)),
    ("429", {"retry_after": 10**12}, Wait(3600, 3600)),
    ("429", {"retry_after": 90, "form": "date"}, Wait(80, 90)),
    *(("429", {"retry_after": wait, "form": "date"}, Wait(1, 1)) for wait in (0, -90)),
    ("429", {"retry_after": 10**12, "form": "date"}, Wait(3600, 3600)),
    *(("html", {"status": status}, Uncertain) for status in (200, 400, 401, 403, 404, 422, 500, 502, 503)),
    *(("empty", {"status": status}, Uncertain) for status in (200, 204, 400, 401, 404, 409, 502, 504)),
    *(("redirect", {"status": status}, Uncertain) for status in (301, 302, 303, 307, 308)),
]

SPOILED: list[Row] = [
    *(("truncated_json", {"keep": keep}, Uncertain) for keep in (0, 0.6, 0.99)),
    ("wrong_company", {}, Uncertain),
    *(("no_id", {"form": form}, Uncertain) for form in ("absent", "null", "empty", "zeros")),
    ("text_for_code", {}, STARTED),
    ("text_for_code", {"code": 4200}, Started({"code": 4200})),
    *(("list_for_object", {"form": form}, Uncertain) for form in ("list", "results", "empty")),
    *(("object_for_list", {"form": form}, STARTED) for form in ("results", "first")),
    ("nulls", {}, Started({"code": None, "text": "", "window": None, "sync_utc": None})),
    ("nulls", {"fields": ["companyId"]}, STARTED),
    ("nulls", {"fields": ["commerceSyncId"]}, Uncertain),
    ("missing_fields", {}, Started({"code": None, "text": "", "window": None, "sync_utc": None})),
    ("missing_fields", {"fields": ["companyId"]}, STARTED),
    ("missing_fields", {"fields": ["commerceSyncId"]}, Uncertain),
    ("extra_fields", {}, STARTED),
    *(("odd_dates", {"form": form}, STARTED) for form in ("local", "offset", "date_only", "milliseconds")),
    *(
        ("odd_dates", {"form": form}, UNDATED)
        for form in ("no_such_second", "empty", "null", "nonsense", "number")
    ),
    ("stuck", {}, Started({"code": 1010})),
    ("backwards", {}, STARTED),
]

AROUND: list[Row] = [("foreign_sync", {}, STARTED), ("lag", {}, STARTED), ("hangs", {}, STARTED)]

WRITES: list[Row] = [*ON_THE_WIRE, *REPLACED, *SPOILED, *AROUND]


def both_ways(rows: Iterable[Row]) -> list[Row]:
    """With `applied` true and false where a fault can be set as either."""
    found: list[Row] = []
    for fault, args, verdict in rows:
        if "applied" not in KINDS[fault].takes:
            found.append((fault, args, verdict))
            continue
        unread = Uncertain if isinstance(verdict, Started) else verdict
        found.append((fault, {**args, "applied": True}, verdict))
        found.append((fault, {**args, "applied": False}, unread))
    return found


def untold(rows: Iterable[tuple[str, Args, Any]]) -> list[str]:
    """Faults, and forms of their arguments, for which these rows have no verdict."""
    given: dict[str, list[Args]] = {}
    for fault, args, _ in rows:
        given.setdefault(fault, []).append(args)
    missing = []
    for name, kind in KINDS.items():
        missing += [] if name in given else [name]
        for argument, takes in kind.takes.items():
            told = {args.get(argument, takes.default) for args in given.get(name, []) if takes.values}
            missing += [f"{name} {argument}={value}" for value in takes.values if value not in told]
    return missing


def named(fault: str, args: Args) -> str:
    return " ".join([fault, *(f"{name}={value}" for name, value in args.items())])


def word(verdict: Verdict) -> str:
    """As docs/run-safely.md names it."""
    if isinstance(verdict, Started):
        return "the parsed value"
    return (Later if isinstance(verdict, Wait) else verdict).__name__
