"""Neighbours in a history that were started by the schedule and ended alike are told in one row."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils import timezone

from syncs.codat.statuses import Outcome
from syncs.models import Sync
from syncs.views.history_rows import Row

# Fewer are read faster than opened.
FEWEST = 3


@dataclass(frozen=True)
class Fold:
    """Newest first, as the history is."""

    rows: list[Row]
    is_open: bool

    @property
    def key(self) -> str:
        """Of its newest that is hidden: newer ones join a fold while the page is open, and the oldest leave."""
        return str(self.rows[0].sync.pk)

    @property
    def days(self) -> tuple[date, date]:
        """When they began, in the reader's zone."""
        return timezone.localdate(self.rows[-1].sync.started_at), timezone.localdate(
            self.rows[0].sync.started_at
        )


def folded(rows: Sequence[Row], unfolded: Collection[str], *, is_end: bool) -> list[Row | Fold]:
    """What a person asked for, what is open, the newest of a stretch and the first failure stay as they are. Where the
    list goes on (not `is_end`), nobody knows of its last row whether it is the first failure."""
    told: list[Row | Fold] = []
    for hides, group in groupby(_marked(rows, is_end=is_end), key=lambda pair: pair[1]):
        stretch = [row for row, _ in group]
        if not hides or len(stretch) < FEWEST:
            told.extend(stretch)
        else:
            told.append(Fold(stretch, is_open=any(str(row.sync.pk) in unfolded for row in stretch)))
    return told


def _marked(rows: Sequence[Row], *, is_end: bool) -> Iterator[tuple[Row, object]]:
    """Each with the result that it may be folded under, if it may."""
    for number, row in enumerate(rows):
        newer = rows[number - 1] if number else None
        older = rows[number + 1] if number + 1 < len(rows) else None
        yield row, _result(row.sync) if _may_hide(row, newer, older, is_end=is_end) else None


def _may_hide(row: Row, newer: Row | None, older: Row | None, *, is_end: bool) -> bool:
    by_itself = row.sync.initiator == Sync.Initiator.SCHEDULE and row.request is None and not row.is_open
    if not by_itself or newer is None or _result(newer.sync) != _result(row.sync):
        return False
    if older is None and not is_end:
        return False
    failed = row.sync.outcome == Outcome.FAILED
    return not failed or (older is not None and older.sync.outcome == Outcome.FAILED)


def _result(sync: Sync) -> tuple[str, int | None, int | None]:
    return sync.outcome, sync.code, sync.cause_id
