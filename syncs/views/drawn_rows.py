"""Rows of the sync health page, drawn once for all who see the same."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.core.cache import cache
from django.utils.safestring import SafeString

from syncs import columns, paging
from syncs.columns import Column
from syncs.models import Care, Merchant
from syncs.views.cells import NOTHING, cells_of, name_cell
from syncs.views.merchant_rows import MerchantRow, rows_of
from syncs.views.sights import Sight, marks

# Seconds, and two kilobytes each.
KEPT = 600
MOVABLE = len(columns.USUAL)
SHOWN = re.compile(r"(\d{1,18})\.([0-9a-f]{8})(m?)", re.ASCII)


class Shown(NamedTuple):
    """A row on somebody's page: by its mark one knows whether it would be drawn otherwise now."""

    pk: int
    mark: str
    is_moving: bool

    def __str__(self) -> str:
        return f"{self.pk}.{self.mark}{'m' if self.is_moving else ''}"


class Drawn(NamedTuple):
    """A row's cells in their usual order, their ages apart, and what a poll has to know of it. Whoever is on the
    merchant reads the cell of its name in other words."""

    shown: Shown
    cells: list[SafeString]
    on_it: int | None = None
    own_name: SafeString = NOTHING

    def arranged(self, order: Sequence[Column], reader: int) -> "Arranged":
        *before, name = self.cells[: -MOVABLE - 1]
        among, after = self.cells[-MOVABLE - 1 : -1], self.cells[-1]
        by_name = dict(zip(columns.USUAL, among, strict=True))
        told = self.own_name if reader == self.on_it else name
        arranged = [*before, told, *(by_name[column.name] for column in order), after]
        return Arranged(self.shown, SafeString("".join(arranged)))


class Arranged(NamedTuple):
    """A row as somebody's page shows it."""

    shown: Shown
    cells: SafeString


def draw(merchants: Sequence[Merchant], now: datetime, *, may_ask: bool) -> list[Drawn]:
    """In their order; two queries where there are some that nobody has seen drawn lately, and one where somebody is on
    any of these."""
    rows = _lately(marks(map(Sight.of, merchants), now), may_ask=may_ask)
    rows |= _anew([merchant for merchant in merchants if merchant.pk not in rows], now, may_ask=may_ask)
    return [rows[merchant.pk] for merchant in merchants]


def draw_marked(marked: Mapping[int, str], now: datetime, *, may_ask: bool) -> dict[int, Drawn]:
    """By the merchants' numbers, as these marks say or as they are by now; three queries where nobody has seen them,
    and one where somebody is on any."""
    rows = _lately(marked, may_ask=may_ask)
    if missing := marked.keys() - rows:
        rows |= _anew(Merchant.objects.filter(pk__in=missing), now, may_ask=may_ask)
    return {pk: rows[pk] for pk in marked if pk in rows}


def shown_on(params: Mapping[str, str]) -> list[Shown]:
    """The rows of the poller's page, in their order; at most a page of them, and what is none is left out."""
    words = params.get("rows", "")[:3000].split(",")[: paging.SIZE]
    found = {match[1]: match for word in words if (match := SHOWN.fullmatch(word))}
    return [Shown(int(pk), match[2], bool(match[3])) for pk, match in found.items()]


def _lately(marked: Mapping[int, str], *, may_ask: bool) -> dict[int, Drawn]:
    keys = [_key(pk, mark, may_ask=may_ask) for pk, mark in marked.items()]
    found: Iterable[Drawn] = cache.get_many(keys).values()
    return {drawn.shown.pk: drawn for drawn in found}


def _anew(merchants: Iterable[Merchant], now: datetime, *, may_ask: bool) -> dict[int, Drawn]:
    rows = rows_of(merchants, now)
    marked = marks((Sight.of(row.merchant) for row in rows), now)
    on_it = _who_is_on(rows)
    fresh = {}
    for row in rows:
        pk = row.merchant.pk
        own = name_cell(row, may_ask=may_ask, to_who_is_on_it=True) if pk in on_it else NOTHING
        shown = Shown(pk, marked[pk], row.is_moving)
        fresh[pk] = Drawn(shown, cells_of(row, may_ask=may_ask), on_it.get(pk), own)
    cache.set_many({_key(pk, marked[pk], may_ask=may_ask): drawn for pk, drawn in fresh.items()}, KEPT)
    return fresh


def _who_is_on(rows: Iterable[MerchantRow]) -> dict[int, int]:
    """By their numbers: a name may be a colleague's too, and another one tomorrow."""
    cared = [row.merchant.pk for row in rows if row.merchant.on_it]
    cares = Care.objects.standing().filter(merchant__in=cared, kind=Care.Kind.ACK)
    return dict(cares.values_list("merchant_id", "by_id")) if cared else {}


def _key(pk: int, mark: str, *, may_ask: bool) -> str:
    return f"health-row-{pk}-{mark}-{may_ask}"
