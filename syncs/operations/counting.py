"""How all merchants stand, in numbers: what the tiles say, and which causes strike how many.

To count takes reading all merchants there are, so the clock does it while results come in, and pages read what it
counted. Where no clock has counted lately, whoever asks counts.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Subquery

from syncs.codat.statuses import LONG_RUNNING_CODES, status_of
from syncs.models import FailingTally, HealthTally, Merchant, Pulse
from syncs.models.merchant import switched_off_soon
from syncs.operations import describing

# How far a count may be behind the pulse: the clock counts every three seconds while it moves.
BEHIND = timedelta(seconds=10)
# "Added this week" grows old without a change.
AGES = timedelta(minutes=5)


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


@dataclass(frozen=True)
class Counted:
    """All numbers, and the pulse when their counting began."""

    counts: Counts
    struck: dict[int, int]
    pulse: int


def keep(now: datetime) -> None:
    """Counts, if anything changed since it was counted last."""
    pulse = Pulse.now()
    kept = HealthTally.objects.first()
    if kept and kept.pulse == pulse and _is_of(now, kept, AGES):
        return
    HealthTally.objects.update_or_create(
        pk=HealthTally.ONLY, defaults={**asdict(count(now, pulse)), "counted_at": now}
    )


def count(now: datetime, pulse: int) -> Counted:
    """Here and now: two queries, each over all merchants."""
    return Counted(_counts(now), describing.struck(), pulse)


def lately(now: datetime, pulse: int) -> Counted | None:
    """One query; None where the clock has not counted what this pulse tells of, nor a moment before it, and where a
    clock of another version counted other things."""
    kept = HealthTally.objects.first()
    if kept is None or not _is_of(now, kept, 2 * AGES if kept.pulse == pulse else BEHIND):
        return None
    try:
        counts = Counts(**kept.counts | {"codes": _by_number(kept.counts["codes"])})
    except (KeyError, TypeError):
        return None
    return Counted(counts, _by_number(kept.struck), kept.pulse)


def _is_of(now: datetime, kept: HealthTally, age: timedelta) -> bool:
    """What is "soon" is another thing each day."""
    return abs(now - kept.counted_at) < age and kept.counted_at.date() == now.date()


def _by_number(written: dict[str, int]) -> dict[int, int]:
    """JSON has no numbers for keys."""
    return {int(key): value for key, value in written.items()}


def _counts(now: datetime) -> Counts:
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
            soon=Count("health", filter=switched_off_soon(today)),
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
