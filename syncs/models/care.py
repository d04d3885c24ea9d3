from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from syncs.models.merchant import HEALTHS, Merchant
from syncs.models.user import User
from syncs.rules.health import Health
from syncs.rules.troubles import Trouble


class CareQuerySet(models.QuerySet["Care"]):
    def standing(self) -> Self:
        return self.filter(ended_at=None)

    def over(self, now: datetime) -> Self:
        """Those whose time is up."""
        return self.standing().filter(until__lte=now)


class Care(models.Model):
    """A person's word on a merchant in trouble: that they are on it, or that nobody need look at it for a time."""

    class Kind(models.TextChoices):
        ACK = "ack", "on it"
        SNOOZE = "snooze", "snoozed"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="cares")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="cares")
    note = models.CharField(max_length=500, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(help_text="It ends then by itself, at the latest.")
    health = models.CharField(max_length=20, choices=HEALTHS, help_text="What was wrong when it began.")
    code = models.PositiveIntegerField(null=True, blank=True)
    days_left = models.PositiveSmallIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: Sync Desk."
    )

    objects = CareQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "care"
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind"], condition=Q(ended_at=None), name="care_one_of_a_kind"
            ),
            models.CheckConstraint(condition=Q(kind__in=["ack", "snooze"]), name="care_kind_known"),
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="care_ends_after_it_began"),
        ]
        indexes = [models.Index(fields=["until"], name="care_standing", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return f"{self.merchant_id}: {self.get_kind_display()}"

    @property
    def trouble(self) -> Trouble:
        """What it was about."""
        return Trouble(Health(self.health), self.code, self.days_left)
