"""Days that are not in the books: which no later sync goes back for, which the next one takes along, and which a wanted
range would leave behind.

A daily or latest sync starts where the last successful one ended (Codat docs, sync schedule).
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from syncs.rules.coverage import FAILURES, NOT_IN_THE_BOOKS, Day, DayOutcome
from syncs.rules.salesdays import day_window, days_between
from syncs.rules.windows import Window, union, without

# Its own run ended well. Where nothing covers it wholly, that run left some of it open.
ENDED_WELL = frozenset({DayOutcome.SYNCED, DayOutcome.EMPTY})


def left_behind(days: Collection[Day], since: date | None = None) -> list[date]:
    """The days that nothing covers and that no later sync goes back for, because a newer day is covered.

    What lies before the first day of which we know anything is not guessed at, nor what lies before `since`.
    """
    newest = _newest_covered(days) or date.min
    return [known.day for known in _missing(days, since) if known.day < newest]


def awaited(days: Collection[Day]) -> list[date]:
    """The failed days after the newest covered one: the next sync that succeeds takes them along."""
    newest = _newest_covered(days) or date.max
    return sorted(known.day for known in days if known.day > newest and known.outcome in FAILURES)


def left_out(days: Collection[Day], first: date, since: date | None = None) -> list[date]:
    """The days before `first` that the next sync takes along now, and that no sync goes back for any more once a range
    from `first` on is in the books."""
    newest = _newest_covered(days) or date.min
    return [known.day for known in _missing(days, since) if newest < known.day < first]


def not_wholly_in(days: Collection[Day], since: date | None = None) -> list[date]:
    """All that is missing, and what is synced in part; but for the first day, in the middle of which all began."""
    begun = _begun(days, since)
    in_part = {
        known.day
        for known in days
        if known.day > begun and known.covered_by is None and known.outcome in ENDED_WELL
    }
    return sorted({*left_behind(days, since), *awaited(days), *in_part})


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


def _newest_covered(days: Iterable[Day]) -> date | None:
    return max((known.day for known in days if known.covered_by is not None), default=None)
