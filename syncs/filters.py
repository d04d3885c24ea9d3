"""What stands in a list's URL, validated and coerced: unknown values are ignored and said, never an error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from syncs.list_filters import ListFilters, clean
from syncs.models import Connection, Merchant
from syncs.models.merchant import SOON_DAYS, MerchantQuerySet
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
    "switched_off": "Switched off",
    "archived": "Archived",
}
SORTS = {
    "success": Order("silent_since", group="severity"),
    "name": Order("name"),
    "fuse": Order("switches_off_on", nullable=True),
}
# Of one health all merchants are as severe: its own index knows their order.
SNOOZED = {"only": "Snoozed", "shown": "The snoozed among the others"}
# Where the snoozed are left out, unless somebody looks for a name: a fuse that is short, and what runs, is told anyway.
LEAVES_OUT_SNOOZED = {"", "failing", "needs_reconnect", "never_synced"}
WITHIN_A_HEALTH = {"success": Order("silent_since")}
SORT_WORDS = {
    "success": "longest without a success first",
    "name": "by name",
    "fuse": "soonest switched off first",
}


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
    code: int | None = None
    commerce: str = ""
    accounting: str = ""
    snoozed: str = ""
    sort: str = "success"

    @property
    def order(self) -> Order:
        sorts = SORTS | WITHIN_A_HEALTH if self.health in list(Health) else SORTS
        return sorts[self.sort]

    @property
    def narrows(self) -> bool:
        """Whether more than the tile decides which merchants are listed."""
        return bool(self.q or self.code or self.commerce or self.accounting or self.snoozed == "only")

    @property
    def leaves_out_snoozed(self) -> bool:
        return not self.snoozed and not self.q and self.health in LEAVES_OUT_SNOOZED

    def url(self, *, page: bool = False, **changes: str) -> str:
        return "/" + super().url(page=page, **changes).removesuffix("?")

    @property
    def beside_tiles(self) -> list[tuple[str, str]]:
        """What a tile keeps when it is pressed."""
        return [pair for pair in self.pairs() if pair[0] != "health"]

    @property
    def beside_toolbar(self) -> list[tuple[str, str]]:
        """What the toolbar keeps: all that it has no control for."""
        return [pair for pair in self.pairs() if pair[0] in {"health", "snoozed", "sort"}]

    @property
    def tile_url(self) -> str:
        return HealthFilters(health=self.health, sort=self.sort).url()

    @property
    def url_without_search(self) -> str:
        return self.url(q="")

    @property
    def sort_urls(self) -> dict[str, str]:
        return {name: self.url(sort=name) for name in SORTS}

    @property
    def order_words(self) -> str:
        return SORT_WORDS[self.sort]

    def apply(self, today: date, owners: Sequence[Merchant] = ()) -> MerchantQuerySet:
        """An id that several merchants share lists these; anything else in the box is part of a name."""
        if owners:
            return Merchant.objects.filter(pk__in=[owner.pk for owner in owners])
        merchants = scoped(self.health, today, searching=bool(self.q) or self.snoozed == "only")
        if self.q:
            merchants = merchants.named(self.q)
        if self.leaves_out_snoozed or self.snoozed == "only":
            merchants = merchants.filter(snoozed_until__isnull=self.leaves_out_snoozed)
        if self.code:
            merchants = merchants.filter(last_code=self.code)
        for side, name in (("commerce", self.commerce), ("accounting", self.accounting)):
            if name:
                merchants = merchants.filter(_connected(side, name))
        return merchants


def soon(today: date) -> Q:
    return Q(switches_off_on__lte=today + timedelta(days=SOON_DAYS))


def scoped(health: str, today: date, *, searching: bool) -> MerchantQuerySet:
    """A name is looked for among the switched-off too: who types it does not know that it is."""
    registered = Merchant.objects.registered()
    special = {
        "": registered if searching else registered.listed(),
        "running": registered.listed().in_progress(),
        "soon": registered.listed().filter(soon(today)),
        "archived": Merchant.objects.filter(archived_at__isnull=False),
    }
    return special[health] if health in special else registered.filter(health=Health(health))


def _connected(side: str, name: str) -> Exists:
    connections: QuerySet[Connection] = Connection.objects.filter(
        merchant=OuterRef("pk"), side=side, platform_name=name, gone_at=None
    )
    return Exists(connections)


def read_health_filters(params: Mapping[str, str], platforms: Platforms | None = None) -> HealthFilters:
    """Without platforms, any is taken: a poll asks for what its page was given, and must not lose it."""
    notes: list[str] = []
    commerce, accounting = (platforms.commerce, platforms.accounting) if platforms else (None, None)

    def known(name: str, values: Mapping[str, object] | list[str] | None, default: str, what: str) -> str:
        value = clean(params.get(name, ""))
        if not value or values is None or value in values:
            return value or default
        notes.append(f"“{value[:40]}” is not {what} that we know. It was ignored.")
        return default

    return HealthFilters(
        health=known("health", SCOPES, "", "a health"),
        q=clean(params.get("q", "")),
        code=_code(clean(params.get("code", "")), notes),
        commerce=known("commerce", commerce, "", "a commerce platform"),
        accounting=known("accounting", accounting, "", "an accounting platform"),
        snoozed=known("snoozed", SNOOZED, "", "a filter of the snoozed"),
        sort=known("sort", SORTS, "success", "an order"),
        after=params.get("after", ""),
        before=params.get("before", ""),
        notes=notes,
    )


def _code(text: str, notes: list[str]) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and 1000 <= int(text[:5]) <= 9999 and len(text) == 4:
        return int(text)
    notes.append(f"“{text[:40]}” is not a status code. It was ignored.")
    return None
