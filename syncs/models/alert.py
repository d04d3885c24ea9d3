"""Who is told of what, what there is to tell, and each message on its way."""

from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from syncs.models.merchant import Merchant
from syncs.models.user import validate_time_zone
from syncs.rules.alerts import Event
from syncs.rules.salesdays import is_known_zone

EVENTS = [(event.value, event.value) for event in Event]


def working_days() -> list[int]:
    """Monday is 0."""
    return [0, 1, 2, 3, 4]


class AlertRuleQuerySet(models.QuerySet["AlertRule"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


class AlertRule(models.Model):
    """Whom to tell of what: changes as they happen, or a digest at the start of a shift."""

    class Kind(models.TextChoices):
        CHANGES = "changes", "Changes, as they happen"
        DIGEST = "digest", "A digest at the start of a shift"

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook, as Slack takes it"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField("tells", max_length=8, choices=Kind.choices, default=Kind.CHANGES)
    events = models.JSONField("changes", default=list, blank=True)
    merchants = models.CharField(
        max_length=500,
        blank=True,
        help_text="Filters of the health list, as its address shows them after the “?”. Empty: all merchants.",
    )
    tag = models.CharField(
        max_length=100, blank=True, help_text="Only merchants with this tag at Codat: “name” or “name=value”."
    )
    channel = models.CharField(max_length=7, choices=Channel.choices, default=Channel.EMAIL)
    address = models.CharField(
        max_length=500, help_text="E-mail addresses, separated by commas; or the webhook's https:// address."
    )
    is_active = models.BooleanField("active", default=True)
    quiet_while_snoozed = models.BooleanField(
        default=True, help_text="Tell nothing of a merchant while it is snoozed, but that it recovered."
    )
    zone = models.CharField(
        "time zone",
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text="Times in the messages are told in it. Empty: the panel's own.",
    )
    at = models.TimeField("time of day", null=True, blank=True, help_text="Of a digest.")
    weekdays = models.JSONField("days", default=working_days, blank=True)
    counts_from = models.DateTimeField(help_text="When it was made or changed last: nothing older is told.")
    failing_since = models.DateTimeField(null=True, blank=True, help_text="Nothing was delivered since then.")
    problem = models.CharField(max_length=200, blank=True)

    objects = AlertRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["changes", "digest"]), name="alert_kind_known"),
            models.CheckConstraint(condition=Q(channel__in=["email", "webhook"]), name="alert_channel_known"),
            models.CheckConstraint(condition=~Q(address=""), name="alert_goes_somewhere"),
            models.CheckConstraint(
                condition=~Q(kind="digest") | Q(at__isnull=False), name="alert_digest_has_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tzinfo(self) -> ZoneInfo:
        return ZoneInfo(self.zone if is_known_zone(self.zone) else settings.TIME_ZONE)


class AlertEvent(models.Model):
    """Something that rules want to tell, written with what happened; `told_at` once each rule has had its turn."""

    event = models.CharField(max_length=10, choices=EVENTS)
    merchant = models.ForeignKey(Merchant, models.PROTECT, null=True, blank=True, related_name="+")
    occurrence = models.CharField(max_length=64, help_text="The same thing is written once.")
    what = models.CharField(max_length=300)
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "merchant", "occurrence"], name="alert_event_once"),
            models.UniqueConstraint(
                fields=["event", "occurrence"],
                condition=Q(merchant=None),
                name="alert_event_of_the_house_once",
            ),
            models.CheckConstraint(condition=Q(event__in=list(Event)), name="alert_event_known"),
        ]
        indexes = [models.Index(fields=["at"], name="alert_untold", condition=Q(told_at=None))]

    def __str__(self) -> str:
        return f"{self.event} {self.occurrence}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def queued(self) -> Self:
        return self.filter(state=Delivery.State.QUEUED)

    def due(self, now: datetime) -> Self:
        return self.queued().filter(next_try_at__lte=now).order_by("next_try_at", "pk")


class Delivery(models.Model):
    """One message of one rule, and how it got on. What it says is fixed when it is made."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENT = "sent"
        FAILED = "failed"

    rule = models.ForeignKey(AlertRule, models.PROTECT, related_name="deliveries")
    digest_of = models.DateField(null=True, blank=True, help_text="The day, in the rule's zone, of a digest.")
    is_test = models.BooleanField(default=False)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.QUEUED)
    made_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField("last problem", max_length=200, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["rule", "digest_of"], name="delivery_one_digest_a_day"),
            models.CheckConstraint(
                condition=Q(state="queued", ended_at=None)
                | Q(state__in=["failed", "sent"], ended_at__isnull=False),
                name="delivery_ended_when_not_queued",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], name="delivery_due", condition=Q(state="queued")),
            models.Index(F("made_at").desc(), name="delivery_newest_first"),
        ]

    def __str__(self) -> str:
        return self.subject


class Alert(models.Model):
    """An event that a rule tells, and in which message: each rule tells each event once."""

    rule = models.ForeignKey(AlertRule, models.PROTECT, related_name="+")
    event = models.ForeignKey(AlertEvent, models.PROTECT, related_name="+")
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="alerts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "event"], name="alert_told_once")]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.event_id}"
