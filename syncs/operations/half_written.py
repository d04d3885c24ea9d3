"""What failed syncs may have left in the books: a sync of these days would write it again."""

from datetime import datetime, timedelta

from django.db.models import Q

from syncs.codat.statuses import Outcome
from syncs.models import Merchant, Sync
from syncs.models.sync import SyncQuerySet
from syncs.operations.coverage import thinned_windows
from syncs.rules.windows import Window, union

# Before the last result; of what is older no day is decided either, and syncs may be thinned.
HISTORY = timedelta(days=125)


def by_failures(merchant: Merchant, final: Sync, success: Sync | None) -> bool | None:
    """Whether the last failure has written anything, as Codat says, or another whose days are not all in the books;
    None where it does not say of each."""
    failed = merchant.syncs.but_stopped_ranges().filter(outcome=Outcome.FAILED)
    if success:
        failed = failed.filter(Q(pk=final.pk) | Q(pk__in=_open(merchant, failed, final, success)))
    said = set(failed.order_by().values_list("data_pushed", flat=True).distinct())
    return True if True in said else None if None in said else False


def _open(merchant: Merchant, failed: SyncQuerySet, final: Sync, success: Sync) -> list[int]:
    """The numbers of those whose days no successes cover together. Of days that nobody knows, the newest success's time
    decides."""
    later = Q(started_at__gt=success.started_at)
    rows = failed.filter(
        Q(window_finish__gt=final.started_at - HISTORY) | Q(window_finish=None) & later
    ).values_list("pk", "window_start", "window_finish")
    windows = {pk: Window(start, finish) for pk, start, finish in rows if start and finish}
    if not windows:
        return [pk for pk, _, _ in rows]
    spans = _written(merchant, min(windows.values()).start)
    if not spans and success.window_finish is None:
        return list(failed.filter(later).values_list("pk", flat=True))
    covered = {pk for pk, window in windows.items() if any(span.covers(window) for span in spans)}
    return [pk for pk, _, _ in rows if pk not in covered]


def _written(merchant: Merchant, since: datetime) -> list[Window]:
    """What successes cover from then on."""
    told = merchant.syncs.successful().filter(window_finish__gte=since)
    kept = told.values_list("window_start", "window_finish")
    windows = [Window(start, finish) for start, finish in kept if start and finish]
    return union([*windows, *thinned_windows(merchant)])
