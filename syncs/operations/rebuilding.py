"""Health columns and merchant days made anew from the stored syncs, and every difference from what stood there."""

from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Q

from syncs.models import Merchant
from syncs.operations import days, health, troubles
from syncs.rules.coverage import Day
from syncs.rules.salesdays import day_window, today


class Difference(NamedTuple):
    what: str
    stood: object
    should: object

    def __str__(self) -> str:
        return f"{self.what} was {_told(self.stood)}, should be {_told(self.should)}"


class Made(NamedTuple):
    differences: list[Difference]
    days: dict[date, Day]


def rebuild(merchant_id: int, now: datetime, *, check: bool = False) -> list[Difference]:
    """Every difference is put right, unless this is a check. Who was never looked at has nothing to differ.

    Nobody is kept waiting but by a merchant that differs: it is compared a second time, under its lock, since a look
    may have been stored between two reads of the first.
    """
    if not _compare(Merchant.objects.get(pk=merchant_id), now).differences:
        return []
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        stood = troubles.of(merchant, now)
        made = _compare(merchant, now)
        if made.differences and not check:
            days.write(merchant, min(made.days), made.days)
            troubles.follow(merchant, stood, now, "Had its health made anew from its syncs")
            merchant.version = F("version") + 1
            merchant.save(update_fields=[*health.SAVED, "version"])
    return made.differences


def _compare(merchant: Merchant, now: datetime) -> Made:
    """Leaves the columns of this instance as they should be."""
    if merchant.refreshed_at is None:
        return Made([], {})
    moment = _as_of(merchant, merchant.refreshed_at, now)
    columns, stood = _columns(merchant), merchant.health
    decided = health.recompute(merchant, moment)
    if _heard_of_connections_since(merchant) and health.fits_some_connections(merchant, stood, moment):
        merchant.health = stood
    before = columns | _by_name(days.stored(merchant, min(decided)))
    return Made(_differences(before, _columns(merchant) | _by_name(decided)), decided)


def _heard_of_connections_since(merchant: Merchant) -> bool:
    """The list of companies tells of them too; a health takes that in at its merchant's next look."""
    later = Q(seen_at__gt=merchant.refreshed_at) | Q(gone_at__gt=merchant.refreshed_at)
    return merchant.connections.filter(later).exists()


def _as_of(merchant: Merchant, looked: datetime, now: datetime) -> datetime:
    """When its columns were written: what only the time since then would change is no difference.

    A person who decides a review has days decided anew without a look.
    """
    end = merchant.last_days_end
    if end and end < today(merchant.zone, now):
        looked = max(looked, day_window(end, merchant.zone).finish)
    return min(looked, now)


def _columns(merchant: Merchant) -> dict[str, Any]:
    return {name: getattr(merchant, name) for name in health.COLUMNS}


def _by_name(decided: dict[date, Day]) -> dict[str, Any]:
    return {f"day {day}": decided[day] for day in sorted(decided)}


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    return [
        Difference(what, before.get(what), after.get(what))
        for what in before | after
        if before.get(what) != after.get(what)
    ]


def _told(value: object) -> str:
    if isinstance(value, Day):
        covered = f", covered by sync {value.covered_by}" if value.covered_by else ""
        decided = f" by sync {value.decided_by}" if value.decided_by else ""
        return f"{value.outcome.value}{decided}{covered}{' without sales' if value.covered_empty else ''}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return "nothing" if value in (None, "") else str(value)
