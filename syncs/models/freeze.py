from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q

from syncs.models.user import User


class FreezeQuerySet(models.QuerySet["Freeze"]):
    def standing(self) -> Self:
        return self.filter(ended_at=None)


class Freeze(models.Model):
    """A stop to all sending. While one stands, nothing is sent; several may stand at once, one for each cause."""

    class Cause(models.TextChoices):
        PERSON = "person"
        RESTORE = "restore"
        """The database was restored from a backup: it may not know of what was sent since."""
        SILENCE = "silence"
        """Requests in a row went out and got no answer to trust."""

    cause = models.CharField(max_length=10, choices=Cause.choices)
    since = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="freezes")
    reason = models.CharField(max_length=500)
    pause = models.DurationField(
        default=timedelta(0), help_text="Of one that ends by itself: it stands for so long at least."
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_itself = models.BooleanField(default=False)

    objects = FreezeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], condition=Q(ended_at=None), name="freeze_stands_once_for_a_cause"
            ),
            models.CheckConstraint(
                condition=Q(cause__in=["person", "restore", "silence"]), name="freeze_cause_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_by_itself=False) | Q(cause="silence", ended_at__isnull=False),
                name="freeze_only_of_silence_ends_by_itself",
            ),
        ]
        indexes = [models.Index("cause", F("since").desc(), name="freeze_newest_of_a_cause")]

    def __str__(self) -> str:
        return f"{self.cause} since {self.since:%-d %b %Y, %H:%M}"

    @property
    def ends_from(self) -> datetime:
        """The earliest moment at which it may end by itself."""
        return self.since + self.pause
