"""Lists as files for spreadsheets, a few hundred lines at a time, however many they are."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

T = TypeVar("T", bound=Model)
Cells = Sequence[object]

AT_A_TIME = 500
# Spreadsheets take a million lines; a list that long keeps a thread of the web busy all the while.
MOST = 100_000
# What begins with one of these, a spreadsheet takes for a formula and carries out.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# Where the decimal sign is a comma, spreadsheets cut lines at semicolons, and what follows one is a cell as well.
INSIDE = re.compile(f"([;\\t])([{re.escape(''.join(FORMULA))}])")
# By this Excel knows that the letters are UTF-8.
BYTE_ORDER_MARK = "\ufeff"


class _Line:
    """Hands back what a csv writer writes."""

    def write(self, line: str) -> str:
        return line


def answer(
    name: str, head: Sequence[str], found: QuerySet[T], told: Callable[[list[T]], Iterable[Cells]]
) -> StreamingHttpResponse:
    """`told` makes lines of some rows at once. Moments are those of the reader's zone, which the head should name."""
    return answer_of(name, head, told_of(found, told))


def told_of(found: QuerySet[T], told: Callable[[list[T]], Iterable[Cells]]) -> Iterator[list[Cells]]:
    """The lines of all rows, some at once."""
    rows = found[: MOST + 1].iterator(chunk_size=AT_A_TIME)
    while some := list(islice(rows, AT_A_TIME)):
        yield list(told(some))


def answer_of(name: str, head: Sequence[str], lines: Iterator[list[Cells]]) -> StreamingHttpResponse:
    """Of lines that come from more than one table."""
    pieces = _pieces(head, lines, timezone.get_current_timezone())
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    file = f"sync-desk-{name}-{timezone.localdate()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def cell(value: object) -> str:
    """A text that a spreadsheet would take for a formula has an apostrophe before it, which it does not show."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"
    if not isinstance(value, str):
        return str(value)
    return INSIDE.sub(r"\1'\2", f"'{value}" if value.startswith(FORMULA) else value)


def _pieces(head: Sequence[str], lines: Iterator[list[Cells]], zone: tzinfo) -> Iterator[str]:
    """Made while the file is sent, when the reader's zone is no longer that of the thread."""
    yield BYTE_ORDER_MARK + _lines([head])
    left = MOST
    while left >= 0:
        with timezone.override(zone):
            some = next(lines, None)
            if some is None:
                return
            piece = _lines(some[:left])
        yield piece
        left -= len(some)
    yield _lines([[f"There are more: this file ends after {MOST:,} lines. Filter the list for the rest."]])


def _lines(lines: Iterable[Cells]) -> str:
    writer = csv.writer(_Line())
    return "".join(writer.writerow([cell(value) for value in line]) for line in lines)
