"""A merchant's sales days, decided from its syncs and kept as rows."""

from datetime import date, datetime, timedelta

from syncs.models import Merchant, MerchantDay, Sync
from syncs.models.updating import update_each
from syncs.operations.coverage import as_ran, touching
from syncs.operations.evidence import perhaps_ours
from syncs.rules import coverage
from syncs.rules.coverage import Day, DayOutcome
from syncs.rules.salesdays import day_before, day_of, range_window, today

# One letter a day for the merchant's own strip: a list of merchants then needs no rows of days.
LETTERS = {
    DayOutcome.SYNCED: "w",
    DayOutcome.EMPTY: "n",
    DayOutcome.FAILED: "f",
    DayOutcome.DISCONNECTED: "h",
    DayOutcome.RUNNING: "r",
    DayOutcome.NOT_RUN: "g",
}
STRIP_DAYS = 31


def place_windows(merchant: Merchant) -> date | None:
    """Infers the windows that nobody told us; returns the first sales day that any of them touches.

    What may be a request's is not taken for the schedule's: as ours, it would have written other days.
    """
    spared = [sync.pk for sync in perhaps_ours(merchant)]
    rows = {sync.pk: sync for sync in merchant.syncs.defer("raw").exclude(pk__in=spared)}
    placed = coverage.place(
        map(as_ran, rows.values()), merchant.zone, merchant.sync_hour or 0, merchant.start_date
    )
    newly = []
    for ran in placed:
        row = rows[ran.key]
        if ran.window and row.window_start is None:
            row.window_start, row.window_finish = ran.window.start, ran.window.finish
            row.window_known = ran.known
            if row.initiator == Sync.Initiator.UNKNOWN:
                row.initiator = Sync.Initiator.SCHEDULE
            newly.append(row)
    update_each(newly, ["window_start", "window_finish", "window_known", "initiator"])
    return min((day_of(row.window_start, merchant.zone) for row in newly if row.window_start), default=None)


def decide(merchant: Merchant, first: date, now: datetime) -> dict[date, Day]:
    """Decides the days from `first` up to yesterday, in the merchant's zone, and writes those that changed."""
    last = day_before(today(merchant.zone, now), merchant.zone)
    if first > last:
        return {}
    placed = touching(merchant, range_window(first, last, merchant.zone))
    days = coverage.decide_days(placed, merchant.zone, first, last)
    stored = {row.day: as_day(row) for row in merchant.days.filter(day__gte=first)}
    MerchantDay.objects.bulk_create(
        [_row(merchant, day) for day in days.values() if stored.get(day.day) != day],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["merchant", "day"],
        update_fields=["outcome", "sync", "covered_by", "covered_empty"],
    )
    return days


def newest(merchant: Merchant, now: datetime, span: timedelta) -> dict[date, Day]:
    """The newest days as the rules know them. The fuse needs more than the strip shows: it may be burnt long since."""
    last = day_before(today(merchant.zone, now), merchant.zone)
    rows = merchant.days.filter(day__gt=last - span, day__lte=last)
    return {row.day: as_day(row) for row in rows}


def as_day(row: MerchantDay) -> Day:
    return Day(row.day, DayOutcome(row.outcome), row.sync_id, row.covered_by_id, row.covered_empty)


def strip(days: dict[date, Day]) -> str:
    return "".join(LETTERS[days[day].outcome] for day in sorted(days)[-STRIP_DAYS:])


def _row(merchant: Merchant, day: Day) -> MerchantDay:
    return MerchantDay(
        merchant=merchant,
        day=day.day,
        outcome=day.outcome.value,
        sync_id=day.decided_by,
        covered_by_id=day.covered_by,
        covered_empty=day.covered_empty,
    )
