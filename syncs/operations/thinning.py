"""Old syncs are removed. What pages, the fuse and requests read of them stays, and so does what is in the books."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from syncs.models import Attempt, Merchant, Sync
from syncs.models.sync import FINAL, SYNCED_DAYS, SyncQuerySet
from syncs.operations.coverage import thinned_windows
from syncs.operations.health import HISTORY
from syncs.rules.salesdays import day_of
from syncs.rules.windows import Window, union

# In one transaction, which keeps its merchant's refresh waiting.
BATCH = 500
# The days of a look are those of the merchant's zone, whole ones.
MARGIN = timedelta(days=2)


def thin(merchant_id: int, older_than: timedelta, now: datetime) -> int:
    """One batch; returns how many syncs it removed, 0 when none is left to remove.

    Who has none is not locked for that: on SQLite nobody else could write meanwhile.
    """
    if not _doomed(Merchant.objects.get(pk=merchant_id), now - older_than).exists():
        return 0
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        doomed = list(_doomed(merchant, now - older_than).order_by("started_at", "pk")[:BATCH])
        bound = _bound(merchant, now - older_than)
        if bound and doomed:
            _remember(merchant, doomed, bound)
            pks = [sync.pk for sync in doomed]
            merchant.days.filter(sync__in=pks).update(sync=None)
            merchant.days.filter(covered_by__in=pks).update(covered_by=None)
            Sync.objects.filter(pk__in=pks).delete()
    return len(doomed)


def count(merchant_id: int, older_than: timedelta, now: datetime) -> int:
    return _doomed(Merchant.objects.get(pk=merchant_id), now - older_than).count()


def may_have_removed(merchant: Merchant, pk: int) -> bool:
    """Whether this number, which no sync of the merchant bears, may have been that of one. Numbers are given in order,
    and never twice."""
    if merchant.thinned_before is None or Sync.objects.filter(pk=pk).exists():
        return False
    newest = merchant.syncs.order_by("-pk").values_list("pk", flat=True).first()
    return newest is not None and 0 < pk < newest


def _bound(merchant: Merchant, wanted: datetime) -> datetime | None:
    """What began before may go. A look, and `rebuild_health`, decide days as far back as `HISTORY`."""
    if merchant.refreshed_at is None:
        return None
    active = merchant.requests.active().order_by("asked_at").first()
    asked = [active.asked_at - MARGIN] if active else []
    return min([wanted, merchant.refreshed_at - HISTORY - MARGIN, *asked])


def _doomed(merchant: Merchant, wanted: datetime) -> SyncQuerySet:
    bound = _bound(merchant, wanted)
    if bound is None:
        return Sync.objects.none()
    old = merchant.syncs.defer("raw", "message").filter(
        Q(window_finish=None) | Q(window_finish__lt=bound), started_at__lt=bound, outcome__in=FINAL
    )
    if not old.exists():
        return old
    named = _named_by_requests(merchant)
    kept = _newest(merchant) | _of_days(merchant, bound) | _farthest(old) | _newest_listed(merchant)
    return (
        old.filter(requests=None)
        # Codat tells no moment of these, so nothing would show that they are old when it lists them again.
        .exclude(started_at=F("first_seen"))
        .exclude(pk__in=kept)
        .exclude(sync_id__in=named)
        .exclude(commerce_sync_id__in=named)
    )


def _newest(merchant: Merchant) -> set[int]:
    """What the health columns come from, and where the next latest sync starts."""
    syncs = merchant.syncs.newest_first()
    found = [syncs.results().first(), syncs.successful().first()]
    return {sync.pk for sync in found if sync} | _farthest(merchant.syncs.all())


def _farthest(syncs: SyncQuerySet) -> set[int]:
    """From its end the window of the next scheduled run is inferred."""
    placed = syncs.successful().filter(window_finish__isnull=False)
    return set(placed.order_by("-window_finish", "-pk").values_list("pk", flat=True)[:1])


def _of_days(merchant: Merchant, bound: datetime) -> set[int]:
    """Of days that are decided anew, all; of older ones, the sync that took along what had not run well."""
    day = day_of(bound, merchant.zone)
    young: Iterable[Any] = merchant.days.filter(day__gte=day).values_list("sync", "covered_by")
    late = merchant.days.filter(day__lt=day).exclude(outcome__in=SYNCED_DAYS)
    kept = {pk for pair in young for pk in pair} | set(late.values_list("covered_by", flat=True))
    return {pk for pk in kept if pk is not None}


def _named_by_requests(merchant: Merchant) -> set[str]:
    names: set[str] = set()
    for upstream, candidates in merchant.requests.values_list("commerce_sync_id", "candidates"):
        names |= {upstream, *(str(candidate.get("sync_id")) for candidate in candidates)}
    return names - {""}


def _newest_listed(merchant: Merchant) -> set[int]:
    """Of what Codat listed before a POST the request's page names the newest."""
    attempts = Attempt.objects.filter(request__merchant=merchant)
    newest = map(merchant.syncs.newest_of, attempts.values_list("listed_before", flat=True))
    return {sync.pk for sync in newest if sync}


def _remember(merchant: Merchant, doomed: list[Sync], bound: datetime) -> None:
    """What they wrote, for whoever asks for these days again; and that Codat may list them for ever."""
    written = [
        Window(sync.window_start, sync.window_finish)
        for sync in doomed
        if sync.status.outcome.is_success and sync.window_start and sync.window_finish
    ]
    spans = union([*thinned_windows(merchant), *written])
    merchant.thinned_windows = [[span.start.isoformat(), span.finish.isoformat()] for span in spans]
    merchant.thinned_before = max(bound, merchant.thinned_before or bound)
    merchant.save(update_fields=["thinned_windows", "thinned_before"])
