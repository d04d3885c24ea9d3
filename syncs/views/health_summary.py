"""What stands above the list of the sync health page, all from one query: the tiles and why syncs fail."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.cache import cache
from django.db.models import Max
from django.utils import timezone

from syncs.codat.statuses import FINAL_CODES, status_of
from syncs.filters import Platforms
from syncs.list_filters import clean
from syncs.models import Cause, Connection
from syncs.operations import counting
from syncs.operations.counting import Counted, Counts
from syncs.presentation import Look, look_of_code

REASONS = 5
# That nobody has a platform any more is told an hour late; to find that out reads all connections.
PLATFORMS_KEPT = timedelta(hours=1)
# In the hours in which results come, the pulse moves with every look: not every poll needs the newest count.
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


def counted(now: datetime, pulse: int) -> Counted:
    """By the clock, or here where no clock counts: the same while nothing changes, and else hardly an older one."""
    kept: tuple[Counted, datetime] | None = cache.get("counts")
    if kept and kept[1].date() == now.date():
        is_of_a_moment_ago = timedelta(0) <= now - kept[1] < COUNTED_EVERY
        if is_of_a_moment_ago or kept[0].pulse == pulse:
            return kept[0]
    fresh = counting.lately(now, pulse) or counting.count(now, pulse)
    cache.set("counts", (fresh, now), COUNTS_KEPT)
    return fresh


def tiles(counts: Counts) -> list[Tile]:
    """The four healths that sum, with their sum before them."""
    apart = {"not syncing": counts.of("silent"), "not looked at yet": counts.of("unseen")}
    others = " and ".join(f"{number:,} {word}" for word, number in apart.items() if number)
    every = f"with {others}" if others else "the next four add up to it"
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


def others(numbers: Mapping[int, int], kind: str) -> str:
    """What the card leaves out, of codes or of causes."""
    left = sorted(numbers.values(), reverse=True)[REASONS:]
    return f"and {sum(left):,} with {len(left):,} other {kind}{'' if len(left) == 1 else 's'}" if left else ""


def clusters(counted: Counted) -> list[Cluster]:
    """The causes that strike most merchants."""
    kept: tuple[dict[int, int], list[Cluster]] | None = cache.get("clusters")
    if kept and kept[0] == counted.struck:
        return kept[1]
    most = sorted(counted.struck.items(), key=lambda item: (-item[1], item[0]))[:REASONS]
    causes = Cause.objects.in_bulk([pk for pk, _ in most])
    told = [_cluster(causes[pk], number, most[0][1]) for pk, number in most if pk in causes]
    cache.set("clusters", (counted.struck, told), COUNTS_KEPT)
    return told


def _cluster(cause: Cause, number: int, most: int) -> Cluster:
    return Cluster(cause.pk, cause.words, look_of_code(cause.code), number, f"{100 * number // most}%")


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
