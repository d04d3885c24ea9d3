"""Days that are not in the books: which no later sync goes back for, which the next one takes along, and which a wanted
range would leave behind.

A daily or latest sync starts where the last successful one ended (Codat docs, sync schedule). So the newest day that a
success has reached divides them, be that day in the books wholly or in part.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from syncs.rules.coverage import NOT_IN_THE_BOOKS, Day, DayOutcome
from syncs.rules.salesdays import day_window, days_between
from syncs.rules.windows import Window, union, without

# Its own run ended well. Where nothing covers it wholly, that run left some of it open.
ENDED_WELL = frozenset({DayOutcome.SYNCED, DayOutcome.EMPTY})


def left_behind(days: Collection[Day], since: date | None = None) -> list[date]:
    """The days that nothing covers and that no later sync goes back for, because a success has reached a newer day.

    What lies before the first day of which we know anything is not guessed at, nor what lies before `since`.
    """
    reached = _reached(days)
    return [known.day for known in _missing(days, since) if known.day < reached]


def in_part(days: Collection[Day], since: date | None = None) -> list[date]:
    """The days whose own sync ended well and left some of them open: it has reached beyond that, and no later one goes
    back. But for the first day, in the middle of which all began."""
    begun = _begun(days, since)
    open_days = (known for known in days if known.covered_by is None and known.outcome in ENDED_WELL)
    return sorted(known.day for known in open_days if known.day > begun)


def awaited(days: Collection[Day], since: date | None = None) -> list[date]:
    """The days that no success has reached, whether they failed or nothing has run: the next sync that succeeds takes
    them along."""
    reached = _reached(days)
    return [known.day for known in _missing(days, since) if known.day > reached]


def left_out(days: Collection[Day], first: date, since: date | None = None) -> list[date]:
    """The days before `first` that the next sync takes along now, and that no sync goes back for any more once a range
    from `first` on is in the books."""
    return [day for day in awaited(days, since) if day < first]


def not_wholly_in(days: Collection[Day], since: date | None = None) -> list[date]:
    """All that is missing, and what is synced in part; not the newest day, as long as its own sync may be to come."""
    newest = max(days, key=lambda known: known.day, default=None)
    to_come = newest.day if newest and newest.outcome is DayOutcome.NOT_RUN else None
    found = sorted([*left_behind(days, since), *awaited(days, since), *in_part(days, since)])
    return [day for day in found if day != to_come]


def open_after(
    start: datetime, first: date, last: date, written: Iterable[Window], zone: ZoneInfo
) -> list[date]:
    """The days of a range of which something is not written yet, and nothing of that lies before `start`."""
    taken = union(written)
    left = {day: without([day_window(day, zone)], taken) for day in days_between(first, last)}
    return [day for day, parts in left.items() if parts and parts[0].start >= start]


def _missing(days: Collection[Day], since: date | None) -> list[Day]:
    begun = _begun(days, since)
    in_order = sorted(days, key=lambda known: known.day)
    return [
        known
        for known in in_order
        if known.day >= begun and known.covered_by is None and known.outcome in NOT_IN_THE_BOOKS
    ]


def _begun(days: Iterable[Day], since: date | None) -> date:
    begun = min((known.day for known in days if known.says_something), default=date.max)
    return max(begun, since or begun)


def _reached(days: Iterable[Day]) -> date:
    return max(
        (known.day for known in days if known.covered_by is not None or known.outcome in ENDED_WELL),
        default=date.min,
    )
