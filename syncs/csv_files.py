"""Lists as files for spreadsheets, a few hundred lines at a time, however many they are."""

import csv
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
    pieces = _pieces(head, found, told, timezone.get_current_timezone())
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
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def _pieces(
    head: Sequence[str], found: QuerySet[T], told: Callable[[list[T]], Iterable[Cells]], zone: tzinfo
) -> Iterator[str]:
    """Made while the file is sent, when the reader's zone is no longer that of the thread."""
    yield BYTE_ORDER_MARK + _lines([head])
    rows, left = found[: MOST + 1].iterator(chunk_size=AT_A_TIME), MOST
    while some := list(islice(rows, AT_A_TIME)):
        with timezone.override(zone):
            piece = _lines(told(some[:left]))
        yield piece
        left -= len(some)
        if left < 0:
            yield _lines(
                [[f"There are more: this file ends after {MOST:,} lines. Filter the list for the rest."]]
            )


def _lines(lines: Iterable[Cells]) -> str:
    writer = csv.writer(_Line())
    return "".join(writer.writerow([cell(value) for value in line]) for line in lines)
