"""The state of the sync health page, as its URL holds it, and which merchants it lets in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Self

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from syncs.filters import beginnings
from syncs.list_filters import ListFilters
from syncs.models import Cause, Connection, Merchant
from syncs.models.merchant import MerchantQuerySet, switched_off_soon
from syncs.operations import describing
from syncs.paging import Order
from syncs.rules.health import Health

# The tiles and the links beside the count.
SCOPES = {
    "": "All merchants",
    "healthy": "Healthy",
    "failing": "Failing",
    "needs_reconnect": "Needs reconnect",
    "never_synced": "Never synced",
    "running": "In progress",
    "soon": "Auto-disable soon",
    "unseen": "Not looked at yet",
    "silent": "Not syncing",
    "switched_off": "Switched off",
    "archived": "Archived",
}
SORTS = {
    "success": Order("silent_since", group="severity"),
    "name": Order("name"),
    "fuse": Order("switches_off_at", nullable=True),
}
# The other way round, with empty columns last all the same.
SORTS |= {f"-{name}": order.turned() for name, order in SORTS.items()}
SNOOZED = {"only": "Snoozed", "shown": "The snoozed among the others"}
# Where the snoozed are left out, unless somebody looks for a name: a fuse that is short, and what runs, is told anyway.
LEAVES_OUT_SNOOZED = {"", "failing", "needs_reconnect", "never_synced", "silent"}
SORT_WORDS = {
    "success": "longest without a success first",
    "name": "by name",
    "fuse": "soonest switched off first",
    "-success": "newest success first",
    "-name": "by name, from the end",
    "-fuse": "latest switched off first",
}
NEVER = "never"
SILENCES = {
    "1": "Older than 1 day",
    "3": "Older than 3 days",
    "7": "Older than 7 days",
    "14": "Older than 14 days",
    "31": "Older than 31 days",
    NEVER: "Never",
}
# How the daily results above the list are shown.
DAILY = {"": "All results", "problems": "Problems", "table": "As a table"}
# Who must act, as the playbook says.
OWNERS = {"merchant": "The merchant must act", "us": "We must act", "codat": "Codat must act"}
# What "Why syncs fail" counts; by code where nothing is said.
REASONS_BY = {"cause": "By cause"}


@dataclass(frozen=True)
class Platforms:
    """The platform names that merchants are connected to, by side."""

    commerce: list[str]
    accounting: list[str]


@dataclass(frozen=True)
class HealthFilters(ListFilters):
    """The sync health page's state, as its URL holds it."""

    health: str = ""
    q: str = ""
    code: tuple[int, ...] = ()
    cause: int | None = None
    owner: str = ""
    commerce: str = ""
    accounting: str = ""
    success: str = ""
    began: str = ""
    """A span or a moment: see `beginnings`."""
    snoozed: str = ""
    sort: str = "success"
    daily: str = ""
    cols: str = ""
    """Empty: as each reader has chosen."""
    by: str = ""

    @property
    def order(self) -> Order:
        return SORTS[self.sort]

    @property
    def narrows(self) -> bool:
        """Whether more than the tile decides which merchants are listed."""
        return bool(
            self.q
            or self.code
            or self.cause
            or self.owner
            or self.commerce
            or self.accounting
            or self.success
            or self.began
            or self.snoozed == "only"
        )

    @property
    def _looks_for_some(self) -> bool:
        """Who does, knows of none of them that it is switched off."""
        return bool(self.q or self.began) or self.snoozed == "only"

    @property
    def leaves_out_snoozed(self) -> bool:
        return not self.snoozed and not self.q and self.health in LEAVES_OUT_SNOOZED

    def url(self, *, page: bool = False, **changes: str) -> str:
        """Never the bare "/", which opens a person's default view."""
        query = super().url(page=page, **changes)
        return "/?health=" if query == "?" else f"/{query}"

    @property
    def beside_tiles(self) -> list[tuple[str, str]]:
        """What a tile keeps when it is pressed."""
        return [pair for pair in self.pairs() if pair[0] != "health"]

    @property
    def beside_toolbar(self) -> list[tuple[str, str]]:
        """What the toolbar keeps: all that it has no control for."""
        kept = {"health", "snoozed", "daily", "cols", "cause", "by"}
        return [pair for pair in self.pairs() if pair[0] in kept]

    @property
    def tile_url(self) -> str:
        kept = HealthFilters(health=self.health, sort=self.sort, daily=self.daily, cols=self.cols, by=self.by)
        return kept.url()

    @property
    def url_by_cause(self) -> str:
        return self.url(by="cause")

    @property
    def url_by_code(self) -> str:
        return self.url(by="")

    @property
    def url_of_any_cause(self) -> str:
        return replace(self, cause=None).url()

    def of_cause(self) -> tuple[Self, Cause | None]:
        """With the cause that is asked for; without one that there is not."""
        cause = Cause.objects.filter(pk=self.cause).first() if self.cause else None
        if self.cause is None or cause:
            return self, cause
        note = f"“{self.cause}” is not the number of a cause. It was ignored."
        return replace(self, cause=None, notes=[*self.notes, note]), None

    @property
    def as_shown(self) -> str:
        """Behind another filter's address: with the chart and the columns as they are shown now."""
        return "".join(f"&{name}={value}" for name, value in self.pairs() if name in {"daily", "cols"})

    @property
    def url_without_search(self) -> str:
        return self.url(q="")

    @property
    def sorted_by(self) -> str:
        """The column, whichever way."""
        return self.sort.removeprefix("-")

    @property
    def way(self) -> str:
        return "descending" if self.sort.startswith("-") else "ascending"

    @property
    def sort_urls(self) -> dict[str, str]:
        """What a press on a column's head leads to: on that of the order itself, to the other way round."""
        columns = [name for name in SORTS if not name.startswith("-")]
        return {name: self.url(sort=f"-{name}" if name == self.sort else name) for name in columns}

    @property
    def own_columns_url(self) -> str:
        """Of the same page of the list, with the columns that the reader has chosen."""
        return self.url(page=True, cols="")

    @property
    def daily_urls(self) -> dict[str, str]:
        """Of the same page of the list: how the chart is shown moves nothing below it."""
        return {name or "all": self.url(page=True, daily=name) for name in DAILY}

    @property
    def order_words(self) -> str:
        return SORT_WORDS[self.sort]

    def apply(self, today: date, owners: Sequence[Merchant] = ()) -> MerchantQuerySet:
        """An id that several merchants share lists these; anything else in the box is part of a name."""
        if owners:
            return Merchant.objects.filter(pk__in=[owner.pk for owner in owners])
        merchants = scoped(self.health, today, with_switched_off=self._looks_for_some)
        if self.q:
            merchants = merchants.named(self.q)
        if self.leaves_out_snoozed or self.snoozed == "only":
            merchants = merchants.filter(snoozed_until__isnull=self.leaves_out_snoozed)
        if self.code:
            merchants = merchants.filter(last_code__in=self.code)
        if self.success:
            merchants = merchants.filter(_silent_for(self.success))
        if self.began:
            merchants = merchants.filter(began_to_fail_at__gte=beginnings.since(self.began))
        if self.cause:
            merchants = merchants.filter(last_cause=self.cause, health__in=describing.FAILED)
        if self.owner:
            merchants = merchants.filter(describing.who_waits_for(self.owner))
        for side, name in (("commerce", self.commerce), ("accounting", self.accounting)):
            if name:
                merchants = merchants.filter(_connected(side, name))
        return merchants


def _silent_for(days: str) -> Q:
    """Who never had a success is silent since it was created, and asked for by itself."""
    if days == NEVER:
        return Q(last_success_at=None)
    long_ago = timezone.now() - timedelta(days=int(days))
    return Q(silent_since__lt=long_ago, last_success_at__isnull=False)


def scoped(health: str, today: date, *, with_switched_off: bool) -> MerchantQuerySet:
    registered = Merchant.objects.registered()
    special = {
        "": registered if with_switched_off else registered.listed(),
        "running": registered.listed().in_progress(),
        "soon": registered.listed().filter(switched_off_soon(today)),
        "archived": Merchant.objects.filter(archived_at__isnull=False),
    }
    return special[health] if health in special else registered.filter(health=Health(health))


def _connected(side: str, name: str) -> Exists:
    connections: QuerySet[Connection] = Connection.objects.filter(
        merchant=OuterRef("pk"), side=side, platform_name=name, gone_at=None
    )
    return Exists(connections)
