"""What stands above the list of the sync health page, all from one query: the tiles and why syncs fail."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.core.cache import cache
from django.db.models import Count, Max, Q, Subquery
from django.utils import timezone

from syncs.codat.statuses import FINAL_CODES, LONG_RUNNING_CODES, status_of
from syncs.filters import Platforms, soon
from syncs.list_filters import clean
from syncs.models import Cause, Connection, FailingTally, Merchant
from syncs.operations import describing
from syncs.presentation import Look, look_of_code

T = TypeVar("T")

REASONS = 5
# That nobody has a platform any more is told an hour late; to find that out reads all connections.
PLATFORMS_KEPT = timedelta(hours=1)
# In the hours in which results come, the pulse moves with every look: a poll must not count all merchants each time.
COUNTED_EVERY = timedelta(seconds=3)
# Seconds. "Added this week" grows old without a change.
COUNTS_KEPT = 600


@dataclass(frozen=True)
class Tile:
    value: str
    label: str
    icon: str
    tone: str
    count: int
    told: str
    loud: str = ""


@dataclass(frozen=True)
class Reason:
    look: Look
    count: int
    share: str


@dataclass(frozen=True)
class Cluster:
    """One cause, and the merchants that it strikes now."""

    cause: int
    words: str
    look: Look
    count: int
    share: str


@dataclass(frozen=True)
class Counts:
    """All numbers of the page, from one grouped query."""

    healths: dict[str, int]
    running: int
    running_long: int
    soon: int
    very_soon: int
    expired: int
    added: int
    archived: int
    codes: dict[int, int]
    snoozed: dict[str, int]
    """Of the merchants in sight, by health."""
    failing_before: int | None = None
    """When yesterday ended, as far as the clock counted then."""

    @property
    def listed(self) -> int:
        return sum(self.healths.values()) - self.of("switched_off")

    def of(self, health: str) -> int:
        return self.healths.get(health, 0)

    def of_scope(self, scope: str) -> int:
        special = {"": self.listed, "running": self.running, "soon": self.soon, "archived": self.archived}
        return special[scope] if scope in special else self.of(scope)

    def snoozed_of(self, scope: str) -> int:
        """Of a health; else of those that count as all."""
        return self.snoozed.get(scope, 0) if scope else self.all_snoozed - self.snoozed.get("switched_off", 0)

    @property
    def all_snoozed(self) -> int:
        return sum(self.snoozed.values())


def counts(now: datetime, pulse: int) -> tuple[Counts, int]:
    """With the pulse at which they were counted: the same as long as nothing changes, and else hardly an older one."""
    return _kept("counts", lambda: count(now), now, pulse)


def clusters(now: datetime, pulse: int) -> tuple[list[Cluster], int]:
    """The causes that strike most merchants, with the pulse at which they were counted."""
    return _kept("clusters", _clusters, now, pulse)


def _kept(key: str, count: Callable[[], T], now: datetime, pulse: int) -> tuple[T, int]:
    today = str(now.date())
    kept: tuple[T, int, str, datetime] | None = cache.get(key)
    if kept and kept[2] == today and (kept[1] == pulse or timedelta(0) <= now - kept[3] < COUNTED_EVERY):
        return kept[0], kept[1]
    fresh = count()
    cache.set(key, (fresh, pulse, today, now), COUNTS_KEPT)
    return fresh, pulse


def count(now: datetime) -> Counts:
    """Reads one index and no row of a merchant: what is named here stands in `merchant_tiles`."""
    today = now.date()
    yesterdays = FailingTally.objects.filter(day=today - timedelta(days=1))
    long = Q(running_since__isnull=False, running_code__in=LONG_RUNNING_CODES)
    groups = (
        Merchant.objects.order_by()
        .values("health", "last_code", is_archived=Q(archived_at__isnull=False))
        .annotate(
            merchants=Count("health"),
            running=Count("health", filter=Q(running_since__isnull=False)),
            running_long=Count("health", filter=long),
            soon=Count("health", filter=soon(today)),
            very_soon=Count("health", filter=Q(switches_off_on__lte=today + timedelta(days=3))),
            snoozed=Count("health", filter=Q(snoozed_until__isnull=False)),
            added=Count("health", filter=Q(registered_at__gte=now - timedelta(days=7))),
            failing_before=Subquery(yesterdays.values("failing")),
        )
    )
    return _summed([dict(group) for group in groups])


def _summed(groups: list[dict[str, Any]]) -> Counts:
    registered = [group for group in groups if not group["is_archived"]]
    listed = [group for group in registered if group["health"] != "switched_off"]

    def total(among: list[dict[str, Any]], column: str, **same: object) -> int:
        return sum(g[column] for g in among if all(g[name] == value for name, value in same.items()))

    expired = [group for group in listed if status_of(group["last_code"]).plan_expired]
    codes = [(g["last_code"] or 0, g["merchants"]) for g in listed if g["health"] == "failing"]
    healths = sorted({str(group["health"]) for group in registered})
    return Counts(
        healths={health: total(registered, "merchants", health=health) for health in healths},
        running=total(listed, "running"),
        running_long=total(listed, "running_long"),
        soon=total(listed, "soon"),
        very_soon=total(listed, "very_soon"),
        expired=total(expired, "merchants", health="needs_reconnect"),
        added=total(listed, "added", health="never_synced"),
        archived=total(groups, "merchants", is_archived=True),
        codes={code: merchants for code, merchants in sorted(codes) if code},
        failing_before=next((group["failing_before"] for group in groups), None),
        snoozed={health: total(registered, "snoozed", health=health) for health in healths},
    )


def tiles(counts: Counts) -> list[Tile]:
    """The four healths that sum, with their sum before them."""
    unseen = counts.of("unseen")
    every = f"with {unseen:,} not looked at yet" if unseen else "the next four add up to it"
    expired = (
        f"{counts.expired:,} with an expired plan" if counts.expired else _share(counts, "needs_reconnect")
    )
    added = f"{counts.added:,} added this week"
    return [
        Tile("", "All merchants", "all", "", counts.listed, every),
        Tile("healthy", "Healthy", "okfill", "ok", counts.of("healthy"), _share(counts, "healthy")),
        Tile("failing", "Failing", "bad", "bad", counts.of("failing"), *_since_yesterday(counts)),
        Tile("needs_reconnect", "Needs reconnect", "plug", "hold", counts.of("needs_reconnect"), expired),
        Tile("never_synced", "Never synced", "never", "mute", counts.of("never_synced"), added),
    ]


def overlapping_tiles(counts: Counts) -> list[Tile]:
    """They overlap the healths, so they stand apart."""
    long = f"{counts.running_long:,} over 10 minutes"
    within, loud = "within 14 days", ""
    if counts.very_soon:
        within, loud = "", f"{counts.very_soon:,} within 3 days"
    return [
        Tile("running", "In progress", "run", "run", counts.running, long),
        Tile("soon", "Auto-disable soon", "power", "warn", counts.soon, within, loud),
    ]


def _since_yesterday(counts: Counts) -> tuple[str, str]:
    """What is told, and what of it is loud: more of them than there were."""
    if counts.failing_before is None or counts.failing_before == counts.of("failing") == 0:
        return _share(counts, "failing"), ""
    more = counts.of("failing") - counts.failing_before
    if more > 0:
        return "than yesterday", f"{more:,} more"
    return (f"{-more:,} fewer than yesterday" if more else "as many as yesterday"), ""


def _share(counts: Counts, health: str) -> str:
    share = 100 * counts.of(health) / counts.listed if counts.listed else 0
    return f"{share:.1f}% of merchants" if share else "none"


def reasons(counts: Counts) -> list[Reason]:
    """The codes that most of the failing merchants ended with."""
    most = sorted(counts.codes.items(), key=lambda item: (-item[1], item[0]))[:REASONS]
    return [Reason(look_of_code(code), number, f"{100 * number // most[0][1]}%") for code, number in most]


def _clusters() -> list[Cluster]:
    most = sorted(describing.struck().items(), key=lambda item: (-item[1], item[0]))[:REASONS]
    causes = Cause.objects.in_bulk([pk for pk, _ in most])
    return [
        Cluster(pk, causes[pk].words, look_of_code(causes[pk].code), number, f"{100 * number // most[0][1]}%")
        for pk, number in most
    ]


def code_choices(*chosen: int) -> list[tuple[int, str]]:
    """Every final code that Codat documents, and those in the URL even when they are none of them."""
    return [(code, status_of(code).word) for code in sorted({*FINAL_CODES, *chosen})]


def title(counts: Counts) -> str:
    """Of the page: a tab in the background tells by it how many merchants fail."""
    failing = counts.of("failing")
    return f"({failing:,}) Sync health" if failing else "Sync health"


def platforms(asked: Mapping[str, str]) -> Platforms:
    """What may be chosen, with the names of connections that came since they were read. A name that is asked for and
    not among them is looked up before it is refused: a connection may have come back."""
    now = timezone.now()
    kept: _Known | None = cache.get("platforms")
    if kept is None or now - kept.read_at >= PLATFORMS_KEPT or _came_back(kept.platforms, asked):
        kept = _Known(Platforms([], []), 0, now)
    newer = Connection.objects.filter(gone_at=None, pk__gt=kept.upto)
    if came := list(newer.values_list("side", "platform_name").annotate(newest=Max("pk")).order_by()):
        upto = max(newest for *_, newest in came)
        kept = _Known(_with(kept.platforms, came), upto, kept.read_at)
        cache.set("platforms", kept, PLATFORMS_KEPT.total_seconds())
    return kept.platforms


class _Known(NamedTuple):
    """Of all connections up to one, and when all were read."""

    platforms: Platforms
    upto: int
    read_at: datetime


def _came_back(known: Platforms, asked: Mapping[str, str]) -> bool:
    """Or was renamed: of those up to the newest that was read, there is one with the name that is asked for."""
    for side, names in asdict(known).items():
        name = clean(asked.get(side, ""))
        present = Connection.objects.filter(side=side, platform_name=name, gone_at=None)
        if name and name not in names and present.exists():
            return True
    return False


def _with(known: Platforms, came: list[tuple[str, str, int]]) -> Platforms:
    def names(side: str, kept: list[str]) -> list[str]:
        return sorted({*kept, *(name for of, name, _ in came if of == side)})

    sides = Connection.Side
    return Platforms(names(sides.COMMERCE, known.commerce), names(sides.ACCOUNTING, known.accounting))
