"""What there is to tell, written in the transaction of what happened, and only where some rule tells of it."""

from datetime import datetime

from syncs.models import AlertEvent, AlertRule, Merchant
from syncs.rules.alerts import Event

LONGEST = 300


def is_wanted(event: Event) -> bool:
    rules = AlertRule.objects.active().filter(kind=AlertRule.Kind.CHANGES)
    return any(event in events for events in rules.values_list("events", flat=True))


def note(
    event: Event, what: str, *, now: datetime, occurrence: str, merchant: Merchant | None = None
) -> None:
    """The same occurrence counts once, whoever notes it again."""
    if is_wanted(event):
        note_all([AlertEvent(event=event, merchant=merchant, occurrence=occurrence, what=what, at=now)])


def note_all(events: list[AlertEvent]) -> None:
    for event in events:
        event.what = event.what[:LONGEST]
    AlertEvent.objects.bulk_create(events, ignore_conflicts=True)
