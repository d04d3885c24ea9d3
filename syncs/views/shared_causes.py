"""What stands on top of All syncs: the same cause at many merchants, and what helps those that it strikes now."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Count, Exists, Func, IntegerField, Min, OuterRef, QuerySet, Subquery
from django.db.models.expressions import BaseExpression
from django.utils import timezone

from syncs.codat.statuses import Outcome
from syncs.models import Cause, Connection, Merchant
from syncs.models.sync import SyncQuerySet
from syncs.operations import describing, outage_hold
from syncs.record_filters.syncs import SyncFilters, within
from syncs.rules.outages import CODATS_OWN
from syncs.rules.salesdays import range_window
from syncs.views import glances

# Causes are put side by side for so many days at most: it takes reading all their failures.
COMPARED_DAYS = 7
CAUSES, ALL_CAUSES = 5, 200
# Seconds. They tell of days, and put side by side what came in minutes late; the list below tells of the last seconds.
KEPT = 120
# What fails at one shop software or one accounting software is told by the latter where both fit.
SIDES = (Connection.Side.ACCOUNTING.value, Connection.Side.COMMERCE.value)


class Groups(Func):
    """How many groups a query finds, beside the first few that are read."""

    template = "COUNT(*) OVER ()"
    output_field = IntegerField()
    contains_over_clause = True

    def get_group_by_cols(self) -> list[BaseExpression]:
        return []


@dataclass(frozen=True)
class SharedCause:
    """One cause among the syncs of some days."""

    number: int
    query: str
    code: int
    words: str
    merchants: int
    syncs: int
    first: datetime
    now: int
    """Merchants that it strikes now, as the list of Sync health shows them."""
    platform: str
    """What all of these have in common; empty where they do not."""
    helps_now: bool
    """The fault is Codat's own; else something has to be mended first. The review holds what does not help."""
    is_held: bool
    """Codat looks down for their platform: it would fail again."""

    @property
    def of_health(self) -> str:
        """Sync health's query of those that it strikes now."""
        return f"cause={self.number}"


@dataclass(frozen=True)
class Causes:
    """Those that struck most merchants, `of` all that were found between these days."""

    shown: list[SharedCause]
    of: int
    first: date
    last: date


def of(rows: SyncQuerySet, filters: SyncFilters) -> Causes | None:
    """Of the days asked for; of today and yesterday where no day was. None where those are too many."""
    zone, today = timezone.get_current_timezone(), timezone.localdate()
    if filters.until and not (filters.day or filters.last):
        return None
    first, last = filters.days(zone, timezone.now()) or (today - timedelta(days=1), today)
    if (last - first).days >= COMPARED_DAYS:
        return None
    asked = (filters.url(), str(zone), first, last)
    return cache.get_or_set(
        f"causes-{glances.digest(asked)}", lambda: _compared(rows, filters, first, last, zone), KEPT
    )


def _compared(rows: SyncQuerySet, filters: SyncFilters, first: date, last: date, zone: ZoneInfo) -> Causes:
    struck = (
        within(rows, range_window(first, last, zone))
        .filter(outcome=Outcome.FAILED, cause__isnull=False)
        .order_by()
        .values("cause")
        .annotate(merchants=Count("merchant", distinct=True), syncs=Count("pk"), first=Min("started_at"))
        .annotate(of=Groups())
        .order_by("-merchants", "-syncs", "cause")
    )
    shown = list(struck[: ALL_CAUSES if filters.causes else CAUSES])
    named = {cause.pk: cause for cause in _with_those_struck_now([row["cause"] for row in shown])}
    may_help = any(cause.code in CODATS_OWN for cause in named.values())
    down = {outage.platform_name for outage in outage_hold.forbidding()} if may_help else set()
    told = [_told(dict(row), named[row["cause"]], filters, down) for row in shown]
    return Causes(told, shown[0]["of"] if shown else 0, first, last)


def _told(row: dict[str, Any], cause: Cause, filters: SyncFilters, down: Set[str]) -> SharedCause:
    struck: dict[str, Any] = vars(cause)
    common = [struck[side] for side in SIDES if struck[side]]
    return SharedCause(
        number=cause.pk,
        query=filters.url(cause=str(cause.pk), causes=""),
        code=cause.code,
        words=cause.words,
        merchants=row["merchants"],
        syncs=row["syncs"],
        first=row["first"],
        now=struck["now"] or 0,
        platform=common[0] if common else "",
        helps_now=cause.code in CODATS_OWN,
        is_held=not down.isdisjoint(common),
    )


def _with_those_struck_now(causes: Sequence[int]) -> QuerySet[Cause]:
    """How many merchants each strikes `now`, and of each side the platform that all of these have."""
    now = _struck(OuterRef("pk")).values("last_cause").annotate(of=Count("pk")).values("of")
    sides = {side: Subquery(_common_platform(side)) for side in SIDES}
    return Cause.objects.filter(pk__in=causes).annotate(now=Subquery(now), **sides)


def _struck(cause: OuterRef) -> QuerySet[Merchant]:
    listed = Merchant.objects.listed().filter(snoozed_until=None)
    return listed.filter(last_cause=cause, health__in=describing.FAILED).order_by()


def _common_platform(side: str) -> QuerySet[Connection, str]:
    """A platform of one of them that none of them lacks: the first who does ends the search."""
    struck = _struck(OuterRef(OuterRef("pk")))
    theirs = Connection.objects.filter(side=side, gone_at=None).order_by()
    have_it = theirs.filter(merchant=OuterRef("pk"), platform_name=OuterRef(OuterRef("platform_name")))
    of_one = theirs.filter(merchant=Subquery(struck.values("pk")[:1]))
    of_all = of_one.exclude(Exists(struck.filter(~Exists(have_it))))
    return of_all.order_by("platform_name").values_list("platform_name", flat=True)[:1]
