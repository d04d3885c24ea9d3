"""How many merchants ended a sales day how, and were failing when a day ended, counted by the clock: of millions of
merchant days no page counts them."""

import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count

from syncs.models import DayTally, FailingTally, Merchant, MerchantDay
from syncs.rules.health import Health

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
    _keep_failing(now)
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


def _keep_failing(now: datetime) -> None:
    """Today's is written anew in each turn: what stands there when the day ends is what the day ended with."""
    failing = Merchant.objects.registered().filter(health=Health.FAILING).count()
    FailingTally.objects.bulk_create(
        [FailingTally(day=now.date(), failing=failing, counted_at=now)],
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=["failing", "counted_at"],
    )
    FailingTally.objects.filter(day__lt=now.date() - timedelta(days=DAYS)).delete()


def _write(tallies: list[DayTally]) -> None:
    DayTally.objects.bulk_create(
        tallies, update_conflicts=True, unique_fields=["day"], update_fields=["outcomes", "counted_at"]
    )
