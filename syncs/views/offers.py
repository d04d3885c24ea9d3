"""Ranges of days that the merchant's page offers to re-run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from syncs.forms import MOST_DAYS
from syncs.models import Merchant
from syncs.operations import days
from syncs.rules.coverage import Day, stretches
from syncs.rules.gaps import awaited, left_behind
from syncs.rules.salesdays import ONE_DAY, today

# No stretch found within what the form takes at once can be longer than that.
LOOKED_AT = timedelta(days=MOST_DAYS)
NAMED = 3


@dataclass(frozen=True)
class Offer:
    word: str
    first: date
    last: date

    @property
    def query(self) -> str:
        return f"run=historic&first={self.first}&last={self.last}"


@dataclass(frozen=True)
class Missing:
    """The days that are not in the books and that no later sync goes back for."""

    days: list[date]

    @property
    def stretches(self) -> list[Offer]:
        """Oldest first."""
        return [Offer("Missing days", first, last) for first, last in stretches(self.days)]

    @property
    def named(self) -> list[Offer]:
        return self.stretches[:NAMED]

    @property
    def more(self) -> int:
        return len(self.stretches[NAMED:])


@dataclass(frozen=True)
class Offers:
    presets: list[Offer]
    missing: Missing | None
    awaited: list[tuple[date, date]]


def of(merchant: Merchant, now: datetime) -> Offers:
    known = days.newest(merchant, now, LOOKED_AT)
    left = left_behind(known.values(), since=merchant.start_date)
    missing = Missing(left) if left else None
    return Offers(
        _presets(known, missing, today(merchant.zone, now) - ONE_DAY),
        missing,
        stretches(awaited(known.values())),
    )


def _presets(known: Mapping[date, Day], missing: Missing | None, yesterday: date) -> list[Offer]:
    found = [
        Offer("Yesterday", yesterday, yesterday),
        Offer("Last 7 days", yesterday - timedelta(days=6), yesterday),
    ]
    covered = max(
        (day for day, decided in known.items() if decided.covered_by is not None), default=yesterday
    )
    if covered < yesterday:
        found.append(Offer("Since last success", covered + ONE_DAY, yesterday))
    if missing:
        # The others follow: once the oldest are in the books, these are no longer the oldest.
        found.append(missing.stretches[0])
    return [*found, Offer("Month to date", yesterday.replace(day=1), yesterday)]
