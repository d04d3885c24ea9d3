"""Ranges of days that the merchant's page offers to re-run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from syncs.forms import MOST_DAYS
from syncs.models import Merchant
from syncs.operations import days
from syncs.rules.coverage import Day, stretches
from syncs.rules.gaps import awaited, in_part, left_behind, left_out, not_wholly_in
from syncs.rules.salesdays import ONE_DAY, today

# No stretch found within what the form takes at once can be longer than that.
LOOKED_AT = timedelta(days=MOST_DAYS)
NAMED = 3
LATEST = "run=latest"


@dataclass(frozen=True)
class Offer:
    word: str
    first: date
    last: date

    @property
    def query(self) -> str:
        return f"run=historic&first={self.first}&last={self.last}"


@dataclass(frozen=True)
class Gap:
    """Days outside a range that are not wholly in the books."""

    first: date
    last: date
    goes_back: bool
    """Whether a latest sync covers them."""

    @property
    def query(self) -> str:
        return LATEST if self.goes_back else f"run=historic&first={self.first}&last={self.last}"


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
    in_part: list[tuple[date, date]]
    """In the books in part; no later sync goes back for the rest."""
    known: Mapping[date, Day]
    since: date | None

    def outside(self, first: date, last: date, back_to: date | None) -> list[Gap]:
        """What a range leaves open. A latest sync goes back to that day; None where nobody knows it."""
        left = not_wholly_in(list(self.known.values()), self.since)
        return _gaps((day for day in left if not first <= day <= last), back_to)

    def left_out(self, first: date, back_to: date | None) -> list[Gap]:
        """The days that only such a range leaves behind: without it the next sync takes them along."""
        return _gaps(left_out(list(self.known.values()), first, self.since), back_to)


def of(merchant: Merchant, now: datetime) -> Offers:
    known = days.newest(merchant, now, LOOKED_AT)
    all_known, since = list(known.values()), merchant.start_date
    left = left_behind(all_known, since)
    missing = Missing(left) if left else None
    return Offers(
        _presets(known, missing, today(merchant.zone, now) - ONE_DAY),
        missing,
        stretches(awaited(all_known, since)),
        stretches(in_part(all_known, since)),
        known,
        since,
    )


def _gaps(days: Iterable[date], back_to: date | None) -> list[Gap]:
    """In two parts where a latest sync begins: what it covers is not asked for together with what lies before."""
    left = list(days)
    start = back_to or date.max
    before, after = [day for day in left if day < start], [day for day in left if day >= start]
    gaps = [Gap(first, last, goes_back=False) for first, last in stretches(before)]
    return gaps + [Gap(first, last, goes_back=True) for first, last in stretches(after)]


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
