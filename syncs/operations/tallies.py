"""How many merchants ended a sales day how, counted by the clock: of millions of merchant days no page counts them."""

import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count

from syncs.models import DayTally, MerchantDay

DAYS = 30
# Results of these come in all the time; older days change only where a late run or a correction decides them anew.
RECENT = 3
# Seconds that one turn may take. A small desk has all days counted in each, a large one those that wait longest.
A_TURN = 0.5


def shown_days(now: datetime) -> list[date]:
    """The sales days before today, the newest last."""
    return [now.date() - timedelta(days=ago) for ago in range(DAYS, 0, -1)]


def keep(now: datetime) -> None:
    """Recent days first, then what was counted longest ago, as far as a turn goes; in any case what never was."""
    began, days = time.monotonic(), shown_days(now)
    known = dict(DayTally.objects.values_list("day", "counted_at"))
    unknown = [day for day in days if day not in known]
    recent = [day for day in reversed(days[-RECENT:]) if day in known]
    old = sorted((day for day in days[:-RECENT] if day in known), key=known.__getitem__)
    _write(count(unknown, now))
    for day in (*recent, *old):
        if time.monotonic() - began > A_TURN:
            break
        _write(count([day], now))
    DayTally.objects.filter(day__lt=days[0]).delete()


def of(days: Iterable[date], now: datetime) -> list[DayTally]:
    """Those of which something is known. Where the clock has not been yet, they are counted on the spot."""
    kept = {tally.day: tally for tally in DayTally.objects.filter(day__in=days)}
    return [*kept.values(), *count([day for day in days if day not in kept], now)]


def count(days: list[date], now: datetime) -> list[DayTally]:
    """One query, for any number of days; not stored yet."""
    found: dict[date, dict[str, Any]] = {}
    rows = MerchantDay.objects.filter(day__in=days).order_by().values_list("day", "outcome")
    for day, outcome, number in rows.annotate(number=Count("pk")):
        found.setdefault(day, {})[outcome] = number
    return [DayTally(day=day, outcomes=outcomes, counted_at=now) for day, outcomes in found.items()]


def _write(tallies: list[DayTally]) -> None:
    DayTally.objects.bulk_create(
        tallies, update_conflicts=True, unique_fields=["day"], update_fields=["outcomes", "counted_at"]
    )
