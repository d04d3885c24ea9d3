"""What tests of alerts share: rules, a minute that passes, and messages that arrive."""

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from syncs import channels
from syncs.alerts import spreading
from syncs.models import AlertRule, Delivery, Merchant
from syncs.operations import deliveries, health, troubles
from tests.factories import make_cause, numbers

SOME_TIME_AGO = timedelta(hours=1)


def make_rule(*events: str, **columns: Any) -> AlertRule:
    """Tells of these changes by e-mail; since an hour ago."""
    defaults = {
        "name": f"Rule {next(numbers)}",
        "kind": "changes",
        "events": list(events),
        "channel": "email",
        "address": "desk@example.com",
        "counts_from": timezone.now() - SOME_TIME_AGO,
    }
    return AlertRule.objects.create(**defaults | columns)


def make_digest(at: time = time(8), **columns: Any) -> AlertRule:
    defaults = {"kind": "digest", "at": at, "counts_from": timezone.now() - timedelta(days=30)}
    return make_rule(**defaults | columns)


def becomes(merchant: Merchant, word: str, code: int, **columns: Any) -> None:
    """As a look at Codat would leave it: its health changes under its lock, and what follows follows."""
    now = timezone.now()
    merchant.refresh_from_db()
    before = troubles.of(merchant, now)
    for name, value in {"health": word, "last_code": code, "last_cause": make_cause(code), **columns}.items():
        setattr(merchant, name, value)
    merchant.save()
    troubles.follow(merchant, before, now)
    merchant.save(update_fields=health.SAVED)


def spread(after: timedelta = timedelta(minutes=1)) -> list[Delivery]:
    """What the clock makes of it a minute later, the oldest first."""
    spreading.spread(timezone.now() + after)
    return list(Delivery.objects.order_by("pk"))


def arrive(now: datetime | None = None) -> None:
    for pk in deliveries.due(now or timezone.now()):
        deliveries.deliver(pk, channels.deliver)
