"""A merchant's sales days, decided from its syncs and kept as rows."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db.models import Max

from syncs.models import Merchant, MerchantDay, Sync, SyncRequest
from syncs.models.updating import update_each
from syncs.operations.coverage import as_ran, touching
from syncs.operations.evidence import perhaps_ours, spared_since_last
from syncs.rules import coverage
from syncs.rules.coverage import Day, DayOutcome
from syncs.rules.gaps import ENDED_WELL
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
# Its own run ended well and left some of it open, as the grid of days shows it.
IN_PART = "p"
STRIP_DAYS = 31


def place_windows(merchant: Merchant, since: datetime | None = None) -> date | None:
    """Infers the windows that nobody told us; returns the first sales day that any of them touches.

    With `since` only of what began then or later: before it nothing has changed. What may be a request's is not taken
    for the schedule's: as ours, it would have written other days.
    """
    syncs = merchant.syncs.exclude(pk__in=[sync.pk for sync in perhaps_ours(merchant)])
    reached = None
    if since:
        earlier = syncs.successful().filter(started_at__lt=since)
        reached = earlier.aggregate(reached=Max("window_finish"))["reached"]
        syncs = syncs.filter(started_at__gte=since)
    rows = {sync.pk: sync for sync in syncs.defer("raw", "message")}
    until = _asked_up_to(rows.values())
    all_ran = (replace(as_ran(row), until=until.get(row.pk)) for row in rows.values())
    placed = coverage.place(all_ran, merchant.zone, merchant.sync_hour or 0, merchant.start_date, reached)
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


def _asked_up_to(syncs: Iterable[Sync]) -> dict[int, datetime]:
    """By the numbers of those of ours whose window nobody told: they ended where they were asked to end, and not where
    the schedule's would have. Taken for the schedule's, days would be left out or sent again."""
    untold = [sync.pk for sync in syncs if sync.initiator == Sync.Initiator.OURS and not sync.window_start]
    if not untold:
        return {}
    asked = SyncRequest.objects.filter(sync__in=untold, window_finish__isnull=False)
    return {pk: finish for pk, finish in asked.values_list("sync_id", "window_finish") if pk and finish}


def changed_since(merchant: Merchant, touched: Sequence[Sync], now: datetime) -> datetime | None:
    """From when on a window may be another than when windows were placed last.

    A window follows from the successes before it, and from the schedule. What was spared until then counts as changed.
    """
    moments = [moment for sync in touched for moment in (sync.started_at, sync.moved_from) if moment]
    return min([*moments, *spared_since_last(merchant, now)], default=None)


def decide(merchant: Merchant, first: date, now: datetime) -> dict[date, Day]:
    """Decides the days from `first` up to yesterday, in the merchant's zone, and writes those that changed."""
    decided = made_anew(merchant, first, now)
    write(merchant, first, decided)
    return decided


def made_anew(merchant: Merchant, first: date, now: datetime) -> dict[date, Day]:
    """The same days; nothing is written."""
    last = day_before(today(merchant.zone, now), merchant.zone)
    if first > last:
        return {}
    placed = touching(merchant, range_window(first, last, merchant.zone))
    return coverage.decide_days(placed, merchant.zone, first, last)


def write(merchant: Merchant, first: date, decided: dict[date, Day]) -> None:
    """From `first` on these are all there are: a row of today or later was of another zone or clock."""
    stood = stored(merchant, first)
    MerchantDay.objects.bulk_create(
        [_row(merchant, day) for day in decided.values() if stood.get(day.day) != day],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["merchant", "day"],
        update_fields=["outcome", "sync", "covered_by", "covered_empty"],
    )
    if surplus := stood.keys() - decided.keys():
        merchant.days.filter(day__in=surplus).delete()


def stored(merchant: Merchant, first: date) -> dict[date, Day]:
    return {row.day: as_day(row) for row in merchant.days.filter(day__gte=first)}


def newest(merchant: Merchant, now: datetime, span: timedelta) -> dict[date, Day]:
    """The newest days as the rules know them. The fuse needs more than the strip shows: it may be burnt long since."""
    last = day_before(today(merchant.zone, now), merchant.zone)
    rows = merchant.days.filter(day__gt=last - span, day__lte=last)
    return {row.day: as_day(row) for row in rows}


def as_day(row: MerchantDay) -> Day:
    return Day(row.day, DayOutcome(row.outcome), row.sync_id, row.covered_by_id, row.covered_empty)


def strip(days: dict[date, Day]) -> str:
    return "".join(_letter(days[day]) for day in sorted(days)[-STRIP_DAYS:])


def _letter(day: Day) -> str:
    return IN_PART if day.covered_by is None and day.outcome in ENDED_WELL else LETTERS[day.outcome]


def _row(merchant: Merchant, day: Day) -> MerchantDay:
    return MerchantDay(
        merchant=merchant,
        day=day.day,
        outcome=day.outcome.value,
        sync_id=day.decided_by,
        covered_by_id=day.covered_by,
        covered_empty=day.covered_empty,
    )
