"""The clock's part: the note for a shift, once a day for each rule that wants one."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from syncs.alerts import handover, messages, scope
from syncs.alerts.apart import kept_apart
from syncs.models import AlertRule, Delivery
from syncs.rules.alerts import digest_due

# What the first one of a rule looks back on.
A_DAY = timedelta(days=1)


def make_due(now: datetime) -> None:
    """Two clocks do no harm: a rule has one digest a day, and the database knows it."""
    for rule in AlertRule.objects.active().filter(kind=AlertRule.Kind.DIGEST, at__isnull=False):
        with kept_apart(rule, "The hand-over could not be written", now):
            _make(rule, now)


def _make(rule: AlertRule, now: datetime) -> None:
    if rule.at is None:
        return
    day = digest_due(rule.at, rule.weekdays, rule.tzinfo, counts_from=rule.counts_from, now=now)
    if day is None or rule.deliveries.filter(digest_of=day).exists():
        return
    merchants, listed = scope.of(rule, now.date()), scope.listed(rule)
    note = handover.write(merchants, since=_since(rule, now), now=now, zone=rule.tzinfo, listed=listed)
    subject = messages.subject(f"Hand-over, {note.at:%a %-d %b}: {note.headline}")
    try:
        with transaction.atomic():
            Delivery.objects.create(
                rule=rule, digest_of=day, subject=subject, text=note.text(), made_at=now, next_try_at=now
            )
    except IntegrityError:
        return  # another clock was first


def _since(rule: AlertRule, now: datetime) -> datetime:
    """The last one; of a weekend that was left out, all of it."""
    last = rule.deliveries.filter(digest_of__isnull=False).order_by("-made_at").first()
    return last.made_at if last else now - A_DAY
