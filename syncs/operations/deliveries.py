"""Messages on their way: each is tried by one worker at a time, again after ever longer pauses, and for a day at most.

Told at least once: a worker that dies between the send and its word leaves a message that is sent again.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from syncs.codat.shortening import shortened
from syncs.models import Alert, AlertEvent, AlertRule, Delivery, Heartbeat, User
from syncs.operations import log
from syncs.rules import alerts

logger = logging.getLogger(__name__)

# Longer than any try takes.
LEASE = timedelta(minutes=2)
KEPT = timedelta(days=90)
# The name of a sign of life: since when a rule's messages fail.
FAILING = "alerts fail: "

Send = Callable[[Delivery], None]


class NotDelivered(Exception):
    """The sentence is shown to leads and admins, and holds no address."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def make_test(rule: AlertRule, *, by: User, now: datetime) -> Delivery:
    """An inactive rule is tried too: so one finds out before it is switched on."""
    who, why = by.display_name, f"to see whether messages of the rule “{rule.name}” arrive"
    text = f"This is a test: {who} sent this {why}. They do; nothing else has happened."
    subject = f"Test of the alert rule “{rule.name}”"
    with transaction.atomic():
        log.record("alert.tested", f"Sent a test of the alert rule {rule.name}", actor=by)
        return Delivery.objects.create(
            rule=rule, subject=subject, text=text, made_at=now, next_try_at=now, is_test=True
        )


def tests_of(rule_id: int) -> QuerySet[Delivery]:
    """The newest first."""
    return Delivery.objects.filter(rule_id=rule_id, is_test=True).order_by("-made_at", "-pk")


def due(now: datetime, limit: int = 20) -> list[int]:
    return list(Delivery.objects.due(now).values_list("pk", flat=True)[:limit])


def deliver(pk: int, send: Send) -> None:
    """One try, if it is due and nobody else has begun it. `send` raises NotDelivered."""
    delivery = _claim(pk, timezone.now())
    if delivery is None:
        return
    if not (delivery.rule.is_active or delivery.is_test):
        _give_up(delivery, "The rule was switched off.", timezone.now())
        return
    try:
        send(delivery)
    except NotDelivered as error:
        _try_again(delivery, error.sentence, timezone.now())
    except Exception as error:  # its words may hold an address
        _try_again(delivery, f"Something went wrong here ({type(error).__name__}).", timezone.now())
    else:
        _sent(delivery, timezone.now())


def _claim(pk: int, now: datetime) -> Delivery | None:
    mine = Delivery.objects.due(now).filter(pk=pk).order_by()
    if mine.update(next_try_at=now + LEASE, tries=F("tries") + 1) != 1:
        return None
    return Delivery.objects.select_related("rule").get(pk=pk)


def _sent(delivery: Delivery, now: datetime) -> None:
    with transaction.atomic():
        here = Delivery.objects.queued().filter(pk=delivery.pk)
        here.update(state=Delivery.State.SENT, ended_at=now, problem="")
        well = AlertRule.objects.filter(pk=delivery.rule_id, failing_since__isnull=False)
        if well.update(failing_since=None, problem=""):
            Heartbeat.objects.filter(name=_sign(delivery.rule_id)).delete()


def _try_again(delivery: Delivery, problem: str, now: datetime) -> None:
    problem = shortened(problem, 200)
    logger.warning("alert %s of rule %s is not delivered: %s", delivery.pk, delivery.rule_id, problem)
    again_at = alerts.next_try(delivery.made_at, delivery.tries, now, is_test=delivery.is_test)
    with transaction.atomic():
        note_failing(delivery.rule_id, problem, now)
        if again_at is None:
            _give_up(delivery, problem, now)
        else:
            Delivery.objects.queued().filter(pk=delivery.pk).update(next_try_at=again_at, problem=problem)


def _give_up(delivery: Delivery, problem: str, now: datetime) -> None:
    here = Delivery.objects.queued().filter(pk=delivery.pk)
    here.update(state=Delivery.State.FAILED, ended_at=now, problem=problem)


def note_failing(rule_id: int, problem: str, now: datetime) -> None:
    rules = AlertRule.objects.filter(pk=rule_id)
    rules.filter(failing_since=None).update(failing_since=now)
    rules.update(problem=problem)
    Heartbeat.objects.get_or_create(name=_sign(rule_id), defaults={"at": now, "host": "", "pid": 0})


def let_off(rule: AlertRule) -> None:
    """It was changed or switched off: whether it fails is found out anew."""
    AlertRule.objects.filter(pk=rule.pk).update(failing_since=None, problem="")
    Heartbeat.objects.filter(name=_sign(rule.pk)).delete()


def failing(seen: Mapping[str, datetime]) -> list[int]:
    """The rules whose messages fail, from the signs of life that every page reads."""
    return [int(name.removeprefix(FAILING)) for name in seen if name.startswith(FAILING)]


def _sign(rule_id: int) -> str:
    return f"{FAILING}{rule_id}"


def forget_old(now: datetime) -> None:
    """The clock's part."""
    before = now - KEPT
    with transaction.atomic():
        Alert.objects.filter(delivery__made_at__lt=before, delivery__ended_at__isnull=False).delete()
        Delivery.objects.filter(made_at__lt=before, ended_at__isnull=False).delete()
        AlertEvent.objects.filter(at__lt=before - alerts.GIVE_UP_AFTER, told_at__isnull=False).delete()
