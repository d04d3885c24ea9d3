"""A page of Codat's companies or connections (Codat docs, paging), paged by number: its links are not followed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from syncs.codat.errors import Uncertain
from syncs.codat.reading import identifier, mapping, objects, whole_number

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    items: tuple[T, ...]
    number: int
    size: int
    total: int | None
    has_next: bool
    without_id: int = 0

    @classmethod
    def from_json(cls, value: object, read: Callable[[object], T], *, number: int, size: int) -> "Page[T]":
        """`number` and `size` as asked for: placeholders in the answer must not steer the paging."""
        data = mapping(value, "page")
        total = whole_number(data.get("totalResults"))
        rows = data.get("results")
        if rows is None and total == 0:
            rows = []
        if not isinstance(rows, list) or (not rows and (total or 0) > (number - 1) * size):
            raise Uncertain("Codat's answer lists none of the results that belong there.")
        known = [row for row in objects(rows) if identifier(row.get("id"))]
        items = tuple(read(row) for row in known)
        has_next = _has_next(data, rows, number, size)
        return cls(items, number, size, total, has_next, without_id=len(rows) - len(known))

    @property
    def whole(self) -> "Page[T]":
        """Where a row that is left out would be taken for one that is gone. Raises Uncertain."""
        if self.without_id:
            raise Uncertain("Codat's answer lists something without an id.")
        return self


def _has_next(data: dict[str, Any], rows: list[object], number: int, size: int) -> bool:
    if not rows:
        return False
    links = data.get("_links")
    total = whole_number(data.get("totalResults")) or 0
    return bool(isinstance(links, dict) and links.get("next")) or number * size < total
