"""A true answer told wrongly: the oddities that Codat's own documents and samples show, and worse."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sandbox.exchange import Answer, dump
from sandbox.syncs import PUSHING_LONG, STARTED

Args = dict[str, Any]
Row = dict[str, Any]

IDS = ("commerceSyncId", "syncId", "id")
_KEYS_OF_PLACE = (*IDS, "companyId")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ODD_DATES: dict[str, Callable[[str], object]] = {
    "local": lambda date: date.rstrip("Z"),
    "offset": lambda date: f"{date.rstrip('Z')}+00:00",
    "date_only": lambda date: date[:10],
    "milliseconds": lambda date: f"{date[:19]}.123Z",
    "no_such_second": lambda date: f"{date[:17]}99Z",
    "empty": lambda date: "",
    "null": lambda date: None,
    "nonsense": lambda date: "not a date",
    "number": lambda date: 1_669_108_800,
}
ODD_DATES = tuple(_ODD_DATES)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a spoiled answer may play with."""

    company_id: str
    other_company_id: str
    args: Args
    fired: int
    """How often this fault has fired, this time included."""


Spoil = Callable[[Answer, Circumstances], Answer]


def of_json(change: Callable[[Any, Circumstances], Any]) -> Spoil:
    """Works on what the body says, and leaves alone what is not JSON or no success."""

    def spoil(answer: Answer, at: Circumstances) -> Answer:
        if not answer.body or answer.status >= 300:
            return answer
        return replace(answer, body=dump(change(json.loads(answer.body), at)))

    return spoil


def of_rows(change: Callable[[Row, Circumstances], None]) -> Spoil:
    """Works on each object that a body tells of: the one, those of a list, those of a page."""

    def spoil(value: Any, at: Circumstances) -> Any:
        for row in _rows(value):
            change(row, at)
        return value

    return of_json(spoil)


def truncated(answer: Answer, at: Circumstances) -> Answer:
    """Whole by its length, cut off as JSON."""
    return replace(answer, body=answer.body[: int(len(answer.body) * at.args["keep"])])


def wrong_company(answer: Answer, at: Circumstances) -> Answer:
    here, other = at.company_id.encode(), at.other_company_id.encode()
    return replace(answer, body=answer.body.replace(here, other)) if here else answer


def _without_ids(row: Row, at: Circumstances) -> None:
    for name in IDS:
        if name not in row:
            continue
        if at.args["form"] == "absent":
            del row[name]
        else:
            row[name] = {"null": None, "empty": "", "zeros": "00000000-0000-0000-0000-000000000000"}[
                at.args["form"]
            ]


def _text_for_code(row: Row, at: Circumstances) -> None:
    """The comma is in the one sample of 4200 that the OpenAPI has."""
    if "syncStatusCode" in row:
        row["syncStatusCode"] = f"{at.args['code'] or row['syncStatusCode']},"


def _nulls(row: Row, at: Circumstances) -> None:
    for name in at.args["fields"] or [name for name in row if name not in _KEYS_OF_PLACE]:
        if name in row:
            row[name] = None


def _missing(row: Row, at: Circumstances) -> None:
    for name in at.args["fields"] or [name for name in row if name not in _KEYS_OF_PLACE]:
        row.pop(name, None)


def _extra(row: Row, at: Circumstances) -> None:
    """Additive fields are no breaking change (Codat docs, change policy)."""
    row.update(_links={"self": {"href": "/"}}, ownerUserIds=[], newThing={"deep": [1, None, {"x": "y"}]})


def _stuck(row: Row, at: Circumstances) -> None:
    if "syncStatusCode" in row:
        row.update(syncStatusCode=PUSHING_LONG.code, syncStatus=PUSHING_LONG.text)
        row.update(errorMessage=None, syncExceptionMessage=None, dataPushed=False)


def _backwards(row: Row, at: Circumstances) -> None:
    """Every second time the sync has only just begun."""
    if "syncStatusCode" in row and at.fired % 2 == 0:
        row.update(syncStatusCode=STARTED.code, syncStatus=STARTED.text)
        row.update(errorMessage=None, syncExceptionMessage=None, dataPushed=False)


def _listed(value: Any, at: Circumstances) -> Any:
    if not isinstance(value, dict):
        return value
    return {"list": [value], "results": {"results": [value]}, "empty": []}[at.args["form"]]


def _unlisted(value: Any, at: Circumstances) -> Any:
    if not isinstance(value, list):
        return value
    return {"results": {"results": value}, "first": value[0] if value else {}}[at.args["form"]]


def _odd_dates(value: Any, at: Circumstances) -> Any:
    if isinstance(value, dict):
        return {name: _odd_dates(each, at) for name, each in value.items()}
    if isinstance(value, list):
        return [_odd_dates(each, at) for each in value]
    is_date = isinstance(value, str) and _DATE.fullmatch(value)
    return _ODD_DATES[at.args["form"]](value) if is_date else value


def _rows(value: Any) -> Iterator[Row]:
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        value = value["results"]
    for row in value if isinstance(value, list) else [value]:
        if isinstance(row, dict):
            yield row


def newest_only(change: Callable[[Row, Circumstances], None]) -> Spoil:
    """Works on the newest sync that a body tells of."""

    def spoil(value: Any, at: Circumstances) -> Any:
        rows = [row for row in _rows(value) if row.get("syncUtc")]
        if rows:
            change(max(rows, key=lambda row: row["syncUtc"]), at)
        return value

    return of_json(spoil)


no_id = of_rows(_without_ids)
text_for_code = of_rows(_text_for_code)
nulls = of_rows(_nulls)
missing_fields = of_rows(_missing)
extra_fields = of_rows(_extra)
stuck = newest_only(_stuck)
backwards = newest_only(_backwards)
list_for_object = of_json(_listed)
object_for_list = of_json(_unlisted)
odd_dates = of_json(_odd_dates)
