"""What a request has made good, or was to make good: how it stood before, and which failures' days it covers now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from syncs.codat.statuses import Outcome
from syncs.models import Merchant, MerchantDay, Sync, SyncRequest
from syncs.operations import gaps
from syncs.operations.coverage import FIELDS, as_ran
from syncs.operations.gaps import Gaps
from syncs.rules import coverage
from syncs.rules.coverage import DayOutcome, spoken_day
from syncs.rules.salesdays import range_window


@dataclass(frozen=True)
class Repair:
    before: Sync | None
    """The last result before its own, or before the press."""
    covered: list[date]
    """The days that its sync covers now, in order."""
    made_up: list[date]
    """Those of them that no earlier sync had written wholly."""
    failed: list[Sync]
    """The failures that speak for one of these days, newest first."""
    failed_days: int
    unrun: list[date]
    """Those of its days on which nothing had run."""
    is_inferred: bool
    """Whether the days of any of them are."""
    gaps: Gaps
    """What of the merchant is not in the books now; read where its sync succeeded."""


@dataclass(frozen=True)
class Recovery:
    """The day of a failure, and the later sync that covers it; its request, where somebody asked for it."""

    day: date
    sync: Sync
    request: SyncRequest | None
    is_inferred: bool


def own_day(sync: Sync) -> date | None:
    """The day that it speaks for; None where nobody knows its days."""
    window = as_ran(sync).window
    return spoken_day(window, sync.merchant.zone) if window else None


def of_each(requests: Collection[SyncRequest]) -> dict[int, Repair]:
    """By request. Five queries, however many."""
    if not requests:
        return {}
    before = _before(requests)
    days = _covered(requests)
    others = _touching(requests, days)
    good = {
        request.merchant for request in requests if request.sync and request.sync.status.outcome.is_success
    }
    left = gaps.of_each(good)
    return {
        request.pk: _repair(request, before, days, others, left.get(request.merchant_id, gaps.NONE))
        for request in requests
    }


def aimed_at(request: SyncRequest) -> Sync | None:
    """The newest failure before the press that it is to make good."""
    if request.window_start is None:
        earlier = request.merchant.syncs.results().filter(started_at__lt=request.asked_at)
        newest = earlier.defer("raw").newest_first().first()
        return newest if newest and newest.outcome == Outcome.FAILED else None
    failed = request.merchant.syncs.but_stopped_ranges().filter(
        outcome=Outcome.FAILED,
        started_at__lt=request.asked_at,
        window_start__lt=request.window_finish,
        window_finish__gt=request.window_start,
    )
    for sync in failed.defer("raw").newest_first():
        day = own_day(sync)
        if day and (request.first_day or day) <= day <= (request.last_day or day):
            return sync
    return None


def covered_since(merchant: Merchant, syncs: Iterable[Sync]) -> dict[int, Recovery]:
    """By failure, of those whose day a later sync covers. Two queries."""
    own = {
        sync.pk: (sync, day) for sync in syncs if sync.outcome == Outcome.FAILED and (day := own_day(sync))
    }
    if not own:
        return {}
    rows = merchant.days.filter(day__in={day for _, day in own.values()}, covered_by__isnull=False)
    covers = {row.day: row.covered_by for row in rows.select_related("covered_by").defer("covered_by__raw")}
    asked = SyncRequest.objects.filter(sync__in=[cover.pk for cover in covers.values() if cover])
    requests = {request.sync_id: request for request in asked.select_related("asked_by")} if covers else {}
    return {
        key: Recovery(day, cover, requests.get(cover.pk), is_inferred=_is_inferred(sync, cover))
        for key, (sync, day) in own.items()
        if (cover := covers.get(day)) and cover.started_at > sync.started_at
    }


def _is_inferred(*syncs: Sync) -> bool:
    return any(sync.window_known == Sync.Known.INFERRED for sync in syncs)


def _repair(
    request: SyncRequest,
    before: dict[int, Sync],
    days: dict[int, list[MerchantDay]],
    others: dict[int, list[Sync]],
    left: Gaps,
) -> Repair:
    rows, sync = days.get(request.sync_id or 0, []), request.sync
    covered = [row.day for row in rows]
    earlier = [
        other for other in others.get(request.merchant_id, []) if sync and other.started_at < sync.started_at
    ]
    missing = set(covered) - _in_the_books(covered, earlier, request.merchant)
    failures = [(other, own_day(other)) for other in earlier if other.outcome == Outcome.FAILED]
    failed = {day for _, day in failures if day in missing}
    # The day that its own sync speaks for had another run before, or none.
    had_no_run = [
        row.day for row in rows if row.outcome == DayOutcome.NOT_RUN or row.sync_id == request.sync_id
    ]
    made_good = [other for other, day in failures if day in missing]
    return Repair(
        before=before.get(request.pk),
        covered=covered,
        made_up=sorted(missing),
        failed=made_good,
        failed_days=len(failed),
        unrun=[day for day in had_no_run if day in missing - failed],
        is_inferred=_is_inferred(*made_good, *filter(None, [sync])),
        gaps=left,
    )


def _in_the_books(covered: Sequence[date], earlier: Iterable[Sync], merchant: Merchant) -> set[date]:
    """Those of the days that earlier syncs covered wholly."""
    if not covered:
        return set()
    placed = [as_ran(sync) for sync in earlier]
    synced = coverage.synced_days(covered[0], covered[-1], placed, merchant.zone)
    return set(synced) - set(coverage.partly_synced(synced, placed, merchant.zone))


def _before(requests: Collection[SyncRequest]) -> dict[int, Sync]:
    earlier = Sync.objects.results().filter(
        merchant=OuterRef("merchant"),
        started_at__lt=Coalesce(OuterRef("sync__started_at"), OuterRef("asked_at")),
    )
    asked = SyncRequest.objects.filter(pk__in=[request.pk for request in requests])
    keys = dict(asked.values_list("pk", Subquery(earlier.newest_first().values("pk")[:1])))
    found = Sync.objects.defer("raw").in_bulk([key for key in keys.values() if key])
    return {request: found[key] for request, key in keys.items() if key}


def _covered(requests: Iterable[SyncRequest]) -> dict[int, list[MerchantDay]]:
    merchants = {request.sync_id: request.merchant_id for request in requests if request.sync_id}
    rows = MerchantDay.objects.filter(merchant__in=merchants.values(), covered_by__in=merchants)
    days: dict[int, list[MerchantDay]] = defaultdict(list)
    for row in rows.order_by("day"):
        days[row.covered_by_id or 0].append(row)
    return days


def _touching(requests: Iterable[SyncRequest], days: dict[int, list[MerchantDay]]) -> dict[int, list[Sync]]:
    """By merchant, newest first: the syncs with a result whose windows touch the days."""
    merchants = {request.merchant_id: request.merchant for request in requests}
    windows = [_of_days(merchants[rows[0].merchant_id], rows) for rows in days.values()]
    found: dict[int, list[Sync]] = defaultdict(list)
    if not windows:
        return found
    touching = Sync.objects.results().filter(reduce(or_, windows))
    for sync in touching.only(*FIELDS, "merchant").newest_first():
        sync.merchant = merchants[sync.merchant_id]
        found[sync.merchant_id].append(sync)
    return found


def _of_days(merchant: Merchant, rows: Sequence[MerchantDay]) -> Q:
    window = range_window(rows[0].day, rows[-1].day, merchant.zone)
    return Q(merchant=merchant, window_start__lt=window.finish, window_finish__gt=window.start)
