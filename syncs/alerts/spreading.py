"""The clock's part: what happened goes to the rules that tell of it, a minute's worth in one message."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from syncs.alerts import messages, scope
from syncs.alerts.apart import kept_apart
from syncs.models import Alert, AlertEvent, AlertRule, Delivery
from syncs.rules.alerts import QUIET, Event

# So long the first waits for others: many merchants that fail in one pass are one message.
GATHER = timedelta(minutes=1)
AT_ONCE = 2000


def spread(now: datetime) -> None:
    """Two clocks do no harm: who comes second finds nothing left."""
    untold = AlertEvent.objects.filter(told_at=None).order_by("at", "pk")
    oldest = untold.values_list("at", flat=True).first()
    if oldest is None or now - oldest < GATHER:
        return
    with transaction.atomic():
        locked = untold.select_for_update(of=("self",)).select_related("merchant")
        events = list(locked[:AT_ONCE])
        AlertEvent.objects.filter(pk__in=[event.pk for event in events]).update(told_at=now)
        for rule in AlertRule.objects.active().filter(kind=AlertRule.Kind.CHANGES):
            with kept_apart(rule, "Changes could not be told", now), transaction.atomic():
                _tell(rule, _of_rule(rule, events, now), now)


def _of_rule(rule: AlertRule, events: Sequence[AlertEvent], now: datetime) -> list[AlertEvent]:
    """Nothing from before the rule was what it is."""
    wanted = [event for event in events if event.event in rule.events and event.at >= rule.counts_from]
    of_merchants = {event.merchant_id for event in wanted if event.merchant_id}
    found = scope.of(rule, now.date()).filter(pk__in=of_merchants)
    concerned = set(found.values_list("pk", flat=True)) if of_merchants else set()
    return [
        event
        for event in wanted
        if event.merchant is None or (event.merchant.pk in concerned and not _is_quiet(rule, event))
    ]


def _is_quiet(rule: AlertRule, event: AlertEvent) -> bool:
    is_snoozed = event.merchant is not None and event.merchant.snoozed_until is not None
    return rule.quiet_while_snoozed and is_snoozed and Event(event.event) in QUIET


def _tell(rule: AlertRule, events: Sequence[AlertEvent], now: datetime) -> None:
    if not events:
        return
    message = messages.of_events(events, rule.tzinfo)
    delivery = Delivery.objects.create(
        rule=rule, subject=message.subject, text=message.text, made_at=now, next_try_at=now
    )
    Alert.objects.bulk_create(Alert(rule=rule, event=event, delivery=delivery) for event in events)
