import uuid
from typing import Any, Never, Self

from django.db import models
from django.db.models import F, Subquery, Value
from django.db.models.functions import Coalesce, Now

from syncs.models.merchant import Merchant
from syncs.models.request import SyncRequest
from syncs.models.user import User


class OnlyAddedTo(Exception):
    """Somebody tried to change or remove an entry of the activity. The database refuses it too (triggers.py)."""

    def __init__(self) -> None:
        super().__init__("Activity is only ever added to.")


class ActivityQuerySet(models.QuerySet["Activity"]):
    def for_page(self) -> Self:
        return self.select_related("actor", "merchant", "request__sync").order_by("-at", "-pk")

    def update(self, **kwargs: Any) -> Never:
        raise OnlyAddedTo

    def delete(self) -> Never:
        raise OnlyAddedTo


class NewestEntry:
    """In the place of the pulse, which moves with what other lists show."""

    @staticmethod
    def now() -> int:
        """One query."""
        return Activity.objects.order_by("-at", "-pk").values_list("pk", flat=True).first() or 0

    @staticmethod
    def total() -> Coalesce:
        """For a query of something else."""
        return Coalesce(Subquery(Activity.objects.order_by("-at", "-pk").values("pk")[:1]), Value(0))


class Activity(models.Model):
    """Who did what, when and why. Only ever added to."""

    at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="activity", help_text="Empty: Sync Desk."
    )
    verb = models.CharField(max_length=40)
    what = models.CharField(max_length=500, help_text="What was done, in words.")
    merchant = models.ForeignKey(Merchant, models.PROTECT, null=True, blank=True, related_name="activity")
    request = models.ForeignKey(SyncRequest, models.PROTECT, null=True, blank=True, related_name="activity")
    bulk = models.UUIDField(null=True, blank=True, help_text="Of what was done to a bulk as a whole.")
    reason = models.CharField(max_length=500, blank=True)
    before = models.CharField(max_length=300, blank=True)
    after = models.CharField(max_length=300, blank=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activity"
        indexes = [
            models.Index(F("at").desc(), F("id").desc(), name="activity_newest_first"),
            models.Index("merchant", F("at").desc(), name="activity_of_merchant"),
        ]

    def __str__(self) -> str:
        return self.verb

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise OnlyAddedTo
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise OnlyAddedTo

    @property
    def bulk_key(self) -> uuid.UUID | None:
        """Of the bulk that it is about, or whose request it is about."""
        return self.bulk or (self.request.bulk if self.request else None)
