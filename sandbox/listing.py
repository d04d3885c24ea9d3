"""Lists of Codat's JSON objects: filtered by `query`, ordered by `orderBy`, cut into pages."""

from collections.abc import Mapping
from datetime import datetime

from sandbox.exchange import Request
from sandbox.paging import envelope, page_of
from sandbox.query import Kind, Value, malformed, matches, parse
from sandbox.wire import Json, read_moment


def listed(
    request: Request, rows: list[Json], fields: Mapping[str, Kind], *, path: str | None = None
) -> Json:
    """A page of these rows; they can be asked for and ordered by these fields, arrays are none of them.

    Which fields Codat can order by is documented nowhere: all that can be queried is our guess.
    """
    page = page_of(request)
    if "query" in request.query:
        test = parse(request.query["query"], fields)
        rows = [row for row in rows if matches(test, _values(row, fields))]
    if order := request.query.get("orderBy"):
        rows = _ordered(rows, order, fields)
    return envelope(request, page, rows[page.start : page.stop], len(rows), path=path)


def _values(row: Json, fields: Mapping[str, Kind]) -> dict[str, tuple[Value, ...]]:
    return {name: _value(row.get(name), kind) for name, kind in fields.items()}


def _value(found: object, kind: Kind) -> tuple[Value, ...]:
    if found is None:
        return ()
    if kind == "date":
        return (read_moment(found),)
    return (found,) if isinstance(found, (str, int, float, datetime)) else ()


def _ordered(rows: list[Json], order: str, fields: Mapping[str, Kind]) -> list[Json]:
    """Rows that lack the field come first going up, and last going down."""
    name = order.removeprefix("-")
    if name not in fields:
        raise malformed()

    def place(row: Json) -> tuple[bool, str | int]:
        found = row.get(name)
        return (found is not None, found if isinstance(found, int) else str(found or ""))

    return sorted(rows, key=place, reverse=order.startswith("-"))
