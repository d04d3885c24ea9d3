"""Health columns and merchant days made anew from the stored syncs, and every difference from what stood there."""

from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from syncs.models import Merchant
from syncs.operations import days, health
from syncs.rules.coverage import Day
from syncs.rules.salesdays import day_window, today

COLUMNS = (
    *("health", "last_code", "last_cause_id", "last_message", "last_final_at", "last_pushed"),
    *("running_since", "running_code", "last_success_at", "silent_since"),
    *("failing_since", "failed_days", "switches_off_on", "last_days", "last_days_end"),
)


class Difference(NamedTuple):
    what: str
    stood: object
    should: object

    def __str__(self) -> str:
        return f"{self.what} was {_told(self.stood)}, should be {_told(self.should)}"


def rebuild(merchant_id: int, now: datetime, *, check: bool = False) -> list[Difference]:
    """Every difference is put right, unless this is a check. Who was never looked at has nothing to differ."""
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        if merchant.refreshed_at is None:
            return []
        moment = _as_of(merchant, merchant.refreshed_at, now)
        before = _state(merchant, moment)
        health.recompute(merchant, moment)
        found = _differences(before, _state(merchant, moment))
        if check:
            transaction.set_rollback(True)
        elif found:
            merchant.version = F("version") + 1
            merchant.save(update_fields=[*COLUMNS, "version"])
    return found


def _as_of(merchant: Merchant, looked: datetime, now: datetime) -> datetime:
    """When its columns were written: what only the time since then would change is no difference.

    A person who decides a review has days decided anew without a look.
    """
    end = merchant.last_days_end
    if end and end < today(merchant.zone, now):
        looked = max(looked, day_window(end, merchant.zone).finish)
    return min(looked, now)


def _state(merchant: Merchant, moment: datetime) -> dict[str, Any]:
    columns = {name: getattr(merchant, name) for name in COLUMNS}
    decided = days.newest(merchant, moment, health.HISTORY)
    return columns | {f"day {day}": decided[day] for day in sorted(decided)}


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    return [
        Difference(what, before.get(what), should)
        for what, should in after.items()
        if before.get(what) != should
    ]


def _told(value: object) -> str:
    if isinstance(value, Day):
        covered = f", covered by sync {value.covered_by}" if value.covered_by else ""
        decided = f" by sync {value.decided_by}" if value.decided_by else ""
        return f"{value.outcome.value}{decided}{covered}{' without sales' if value.covered_empty else ''}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return "nothing" if value in (None, "") else str(value)
