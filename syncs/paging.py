"""Pages by key: as fast at the end of a list as at its beginning, and steady while rows come and go."""

import base64
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Generic, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)

SIZE = 50
LARGEST_KEY = 2**63 - 1
# Of a cursor: a name of 255 control characters, six letters each in JSON, fits.
LONGEST = 2200


@dataclass(frozen=True)
class Order:
    """One column, then the primary key the same way; before both, if named, a whole number that sets groups.

    Empty columns come last.
    """

    column: str
    descending: bool = False
    nullable: bool = False
    group: str = ""

    def columns(self, *, backwards: bool) -> list[Any]:
        down = self.descending != backwards
        column, sign = F(self.column), "-" if down else ""
        nulls: dict[str, Any] = {"nulls_first" if backwards else "nulls_last": True} if self.nullable else {}
        group = [f"{sign}{self.group}"] if self.group else []
        return [*group, column.desc(**nulls) if down else column.asc(**nulls), f"{sign}pk"]

    def turned(self) -> "Order":
        return replace(self, descending=not self.descending)


class Key(NamedTuple):
    """Where a row stands in an order."""

    value: Any
    pk: int
    group: int = 0


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`before` and `after` are the cursors of the pages beside this one; empty where there is none."""

    rows: list[Row]
    before: str
    after: str


def page(
    rows: QuerySet[Row], order: Order, *, after: str = "", before: str = "", size: int = SIZE
) -> Page[Row]:
    """One query; two where the page reaches into another group or among empty columns, or where nothing lies beyond the
    cursor. One that makes no sense gives the first page."""
    key, backwards = (_read(before, rows, order), True) if before else (_read(after, rows, order), False)
    if key is None:
        return _forwards(rows, order, size, None)
    if backwards:
        found = _backwards(rows, order, size, key)
        # Back at the start: a whole first page, not the few rows that happen to lie before this one.
        return found if found.before else _forwards(rows, order, size, None)
    found = _forwards(rows, order, size, key)
    # Past the end, since rows have gone: the last that there are, and not a page that says that there is nothing.
    return found if found.rows else _backwards(rows, order, size, None)


def above(rows: QuerySet[Row], order: Order, cursor: str) -> QuerySet[Row]:
    """Those that stand before the row to which a cursor points, in an order without groups; all where it makes no
    sense."""
    key = _read(cursor, rows, order)
    return rows if key is None else rows.filter(_further(order, key, backwards=True))


def _forwards(rows: QuerySet[Row], order: Order, size: int, key: Key | None) -> Page[Row]:
    found = _beyond(rows, order, key, size + 1, backwards=False)
    shown = found[:size]
    return Page(
        shown,
        before=cursor(shown[0], order) if key and shown else "",
        after=cursor(shown[-1], order) if len(found) > size else "",
    )


def _backwards(rows: QuerySet[Row], order: Order, size: int, key: Key | None) -> Page[Row]:
    found = _beyond(rows, order, key, size + 1, backwards=True)
    shown = found[:size][::-1]
    return Page(
        shown,
        before=cursor(shown[0], order) if len(found) > size else "",
        after=cursor(shown[-1], order) if key and shown else "",
    )


def _beyond(rows: QuerySet[Row], order: Order, key: Key | None, count: int, *, backwards: bool) -> list[Row]:
    """The next so many."""
    if order.nullable and order.descending:
        return _filled_and_empty(rows, order, key, count, backwards=backwards)
    if order.group and key:
        return _of_its_group_and_others(rows, order, key, count, backwards=backwards)
    beyond = rows.filter(_further(order, key, backwards=backwards)) if key else rows
    return list(beyond.order_by(*order.columns(backwards=backwards))[:count])


def _of_its_group_and_others(
    rows: QuerySet[Row], order: Order, key: Key, count: int, *, backwards: bool
) -> list[Row]:
    """Two queries where the page reaches beyond the key's group. One for both would read the group from its start."""
    in_order = order.columns(backwards=backwards)
    of_it = rows.filter(_further(order, key, backwards=backwards), **{order.group: key.group})
    found = list(of_it.order_by(*in_order)[:count])
    if len(found) < count:
        others = rows.filter(**{f"{order.group}__{_way(order, backwards=backwards)}": key.group})
        found += others.order_by(*in_order)[: count - len(found)]
    return found


def _filled_and_empty(
    rows: QuerySet[Row], order: Order, key: Key | None, count: int, *, backwards: bool
) -> list[Row]:
    """Two queries where the page holds both: from its end, PostgreSQL's index has the empty ones first."""
    plain = replace(order, nullable=False)
    found: list[Row] = []
    for is_empty in (True, False) if backwards else (False, True):
        part = rows.filter(**{f"{order.column}__isnull": is_empty})
        if key and is_empty == (key.value is None):
            part = part.filter(_further(plain, key, backwards=backwards))
        elif key and is_empty == backwards:
            continue
        found += part.order_by(*plain.columns(backwards=backwards))[: count - len(found)]
    return found


def _further(order: Order, key: Key, *, backwards: bool) -> Q:
    """Of the key's group, where there are groups."""
    way = _way(order, backwards=backwards)
    further = Q(**{f"pk__{way}": key.pk})
    if key.value is None:
        empty = Q(**{f"{order.column}__isnull": True})
        beyond = (empty & further) | ~empty if backwards else empty & further
    else:
        beyond = _past(order.column, key.value, way, further)
        if order.nullable and not backwards:
            beyond |= Q(**{f"{order.column}__isnull": True})
    return beyond


def _way(order: Order, *, backwards: bool) -> str:
    return "lt" if order.descending != backwards else "gt"


def _past(column: str, value: Any, way: str, among_equals: Q) -> Q:
    """Written so that one index serves it: the column alone narrows, the rest only decides among equals."""
    return Q(**{f"{column}__{way}e": value}) & (Q(**{f"{column}__{way}": value}) | among_equals)


def cursor(row: Model, order: Order) -> str:
    value = getattr(row, order.column)
    plain = value.isoformat() if isinstance(value, date) else value
    key = Key(plain, row.pk, getattr(row, order.group) if order.group else 0)
    return base64.urlsafe_b64encode(json.dumps(key, ensure_ascii=False).encode()).decode().rstrip("=")


def _read(text: str, rows: QuerySet[Any], order: Order) -> Key | None:
    """Where a cursor points; None for anything that we did not write ourselves."""
    try:
        plain, pk, group = json.loads(base64.urlsafe_b64decode(text[:LONGEST] + "=" * (-len(text) % 4)))
        value = _sound(rows.model._meta.get_field(order.column).to_python(plain))
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError):
        return None
    whole = all(type(number) is int and 0 <= number <= LARGEST_KEY for number in (pk, group))
    if not whole or (value is None and not order.nullable):
        return None
    return Key(value, pk, group)


def _sound(value: Any) -> Any:
    """The value as every database takes it; ValueError or OverflowError where none would."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError("a NUL is in no stored text")
    return value
