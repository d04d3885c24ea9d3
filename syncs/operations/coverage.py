"""A merchant's stored syncs as the rules want them, the days they cover, and what else than a wanted range there is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Subquery

from syncs.codat.statuses import Outcome
from syncs.models import Merchant, Sync
from syncs.rules import coverage
from syncs.rules.coverage import RanSync
from syncs.rules.gaps import open_after
from syncs.rules.salesdays import day_of, range_window
from syncs.rules.windows import Window

FIELDS = ("pk", "started_at", "outcome", "code", "window_start", "window_finish", "window_known")


def as_ran(sync: Sync) -> RanSync:
    return RanSync(
        key=sync.pk,
        at=sync.started_at,
        outcome=Outcome(sync.outcome),
        # Codat goes on trying where only the plan has expired.
        needs_reconnect=sync.status.needs_reconnect and not sync.status.plan_expired,
        window=Window(sync.window_start, sync.window_finish)
        if sync.window_start and sync.window_finish
        else None,
        known=sync.window_known,
    )


def touching(merchant: Merchant, window: Window) -> list[RanSync]:
    """The syncs whose windows have any part in this one, but for ranges that Codat stopped: they ran nothing."""
    if (read := vars(merchant).get("known_syncs")) is not None:
        # Read with many merchants at once (operations/bulks.py).
        return [ran for ran in map(as_ran, read) if ran.window and ran.window.overlaps(window)]
    syncs = merchant.syncs.but_stopped_ranges().filter(
        window_start__lt=window.finish, window_finish__gt=window.start
    )
    return [as_ran(sync) for sync in syncs.only(*FIELDS, "merchant")]


def thinned_windows(merchant: Merchant) -> list[Window]:
    """What old syncs have written that are no longer kept."""
    return [Window(*map(datetime.fromisoformat, pair)) for pair in merchant.thinned_windows]


def _thinned(merchant: Merchant) -> list[RanSync]:
    windows = thinned_windows(merchant)
    return [RanSync(0, window.finish, Outcome.SYNCED, False, window, "") for window in windows]


def synced_days(merchant: Merchant, first: date, last: date) -> list[date]:
    """The days of the range that are in the books already, wholly or in part."""
    return overlap(merchant, first, last).days


def reached(merchant: Merchant) -> Sync | None:
    """The success that ends last: a latest sync starts at that end (Codat docs). None where nobody knows it."""
    return reached_of_each([merchant]).get(merchant.pk)


def reached_of_each(merchants: Collection[Merchant]) -> dict[int, Sync]:
    """By merchant, of those where it is known. One query, however many."""
    own = Sync.objects.successful().filter(merchant=OuterRef("pk"))
    last = own.filter(window_finish__isnull=False).order_by("-window_finish")
    found = Merchant.objects.filter(pk__in=[merchant.pk for merchant in merchants]).annotate(
        newest_finish=Subquery(own.newest_first().values("window_finish")[:1]),
        reached=Subquery(last.values("pk")[:1]),
    )
    known = found.filter(newest_finish__isnull=False).values("reached")
    syncs = Sync.objects.filter(pk__in=known).defer("raw", "message")
    return {sync.merchant_id: sync for sync in syncs}


def starts_before(merchants: Collection[Merchant], moment: datetime) -> dict[int, datetime]:
    """By merchant, where a latest sync of it starts, of those that succeeded and where no success covers anything after
    the moment. Of a success whose days nobody knows, it starts not later than that ran. One query, however many: of
    those with a newer success, only that is read."""
    own = Sync.objects.successful().filter(merchant=OuterRef("pk"))
    newer = own.filter(started_at__gt=moment, window_finish__gt=moment)
    ends = own.filter(window_finish__isnull=False).order_by("-window_finish")
    wanted = Merchant.objects.filter(
        pk__in=[merchant.pk for merchant in merchants], last_success_at__isnull=False
    )
    found = wanted.exclude(Exists(newer)).annotate(
        newest_finish=Subquery(own.newest_first().values("window_finish")[:1]),
        last_finish=Subquery(ends.values("window_finish")[:1]),
    )
    told = found.values_list("pk", "newest_finish", "last_finish", "last_success_at")
    return {pk: last if newest and last else ran for pk, newest, last, ran in told if ran}


def goes_back_to(merchant: Merchant, end: Sync | None) -> date | None:
    """The first day of which a latest sync has a part, by the success that ends last; None where nobody knows it."""
    if end and end.window_finish:
        return day_of(end.window_finish, merchant.zone)
    return (merchant.start_date or date.min) if merchant.last_success_at is None else None


@dataclass(frozen=True)
class Overlap:
    """What of a range is synced already: the time, its days, and those synced only in part."""

    windows: list[Window]
    days: list[date]
    partly: list[date]

    def is_all_of(self, first: date, last: date) -> bool:
        return len(self.wholly) == (last - first).days + 1

    @property
    def wholly(self) -> list[date]:
        return [day for day in self.days if day not in self.partly]


def overlap(merchant: Merchant, first: date, last: date) -> Overlap:
    wanted = range_window(first, last, merchant.zone)
    placed = [*touching(merchant, wanted), *_thinned(merchant)]
    days = coverage.synced_days(first, last, placed, merchant.zone)
    partly = coverage.partly_synced(days, placed, merchant.zone)
    return Overlap(coverage.overlapping(wanted, placed), days, partly)


@dataclass(frozen=True)
class Ways:
    """What there is instead of a range that overlaps. Neither leaves out a part of a day that no later sync goes back
    for."""

    latest: list[date]
    """The days, from that on in which the last success ended, that Sync latest covers without writing any twice."""
    instead: tuple[date, date] | None
    by_range: list[date]
    """Those synced in part of which only a range brings the rest."""


def ways(merchant: Merchant, found: Overlap, first: date, last: date, end: Sync | None) -> Ways:
    """`end` is the success that ends last."""
    start = end.window_finish if end else None
    after = open_after(start, first, last, found.windows, merchant.zone) if start else []
    latest = after if after and after[0] in found.partly else []
    left = coverage.trim(first, last, [*found.wholly, *latest])
    return Ways(
        latest,
        left if left != (first, last) else None,
        [day for day in found.partly if day not in latest],
    )
