"""What of each of many merchants is not in the books, from their stored days."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from syncs.models import Merchant, MerchantDay, Sync
from syncs.operations.days import as_day
from syncs.rules.coverage import Day
from syncs.rules.gaps import awaited, in_part, left_behind, left_out
from syncs.rules.salesdays import ONE_DAY

# As far back as the merchant's page looks: what a range may hold at most.
LOOKED_AT = timedelta(days=366)


@dataclass(frozen=True)
class Gaps:
    behind: list[date]
    """No later sync goes back for them."""
    awaited: list[date]
    """The next sync takes them along."""
    in_part: list[date]
    """In the books in part; no later sync goes back for the rest."""
    are_told: bool
    """Whether Codat answered the days of all runs that speak for those that no sync goes back for, or we asked for
    them."""


NONE = Gaps([], [], [], are_told=True)


def of_each(merchants: Collection[Merchant]) -> dict[int, Gaps]:
    """By merchant. One query, however many; none for none."""
    if not merchants:
        return {}
    since = timezone.localdate() - LOOKED_AT
    days: dict[int, list[Day]] = defaultdict(list)
    told: dict[int, set[date]] = defaultdict(set)
    rows = MerchantDay.objects.filter(merchant__in=merchants, day__gte=since)
    for row in rows.annotate(known=F("sync__window_known")):
        days[row.merchant_id].append(as_day(row))
        if row.known in {Sync.Known.ANSWERED, Sync.Known.REQUESTED}:
            told[row.merchant_id].add(row.day)
    return {
        merchant.pk: _gaps(days[merchant.pk], told[merchant.pk], merchant.start_date)
        for merchant in merchants
    }


def left_out_of_each(merchants: Collection[Merchant], first: date) -> dict[int, list[date]]:
    """By merchant, the days that a range from `first` on would leave behind; only of whom there are any. Two queries,
    however many; the second reads no more than what may be left behind and the newest covered day of each."""
    since = timezone.localdate() - LOOKED_AT
    covered = MerchantDay.objects.filter(merchant=OuterRef("pk"), day__gte=since, covered_by__isnull=False)
    theirs = Merchant.objects.filter(pk__in=[merchant.pk for merchant in merchants])
    behind = theirs.filter(~Exists(covered.filter(day__gte=first - ONE_DAY)))
    newest = dict(
        behind.annotate(newest=Subquery(covered.order_by("-day").values("pk")[:1])).values_list(
            "pk", "newest"
        )
    )
    if not newest:
        return {}
    days: dict[int, list[Day]] = defaultdict(list)
    rows = MerchantDay.objects.filter(merchant__in=newest, day__gte=since, day__lt=first)
    for row in rows.filter(Q(covered_by=None) | Q(pk__in=[pk for pk in newest.values() if pk])):
        days[row.merchant_id].append(as_day(row))
    left = {
        merchant.pk: left_out(days[merchant.pk], first, merchant.start_date)
        for merchant in merchants
        if merchant.pk in days
    }
    return {pk: found for pk, found in left.items() if found}


def _gaps(days: list[Day], told: set[date], since: date | None) -> Gaps:
    behind, partly = left_behind(days, since), in_part(days, since)
    return Gaps(behind, awaited(days, since), partly, are_told={*behind, *partly} <= told)
