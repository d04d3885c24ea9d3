import uuid

from django.db import models
from django.db.models import F, Q, QuerySet

from syncs.models.merchant import Merchant
from syncs.models.request import SyncRequest
from syncs.models.user import User


class Bulk(models.Model):
    """One press for many merchants. Its requests bear its id; whom it asked nothing for stands in `not_asked`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=SyncRequest.Kind.choices)
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=500)
    query = models.TextField(
        blank=True,
        help_text="“?” and the filters of the list whose merchants were all meant; empty: ticked by hand.",
    )
    form_token = models.UUIDField(unique=True)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="bulks")
    asked_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="stopped_bulks")

    class Meta:
        permissions = [("ask_many", "Can ask for syncs of many merchants at once")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["historic", "latest"]), name="bulk_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="latest", first_day=None, last_day=None)
                # Each is asked for by name: in SQL, a check that compares with NULL passes.
                | Q(
                    kind="historic",
                    first_day__isnull=False,
                    last_day__isnull=False,
                    last_day__gte=F("first_day"),
                ),
                name="bulk_historic_has_a_range",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None, stopped_by=None)
                | Q(stopped_at__isnull=False, stopped_by__isnull=False),
                name="bulk_stopped_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for many, {self.asked_at:%-d %b %Y, %H:%M}"

    @property
    def requests(self) -> "QuerySet[SyncRequest]":
        return SyncRequest.objects.filter(bulk=self.pk)


class NotAsked(models.Model):
    """A merchant that a bulk was meant for, and why nothing was asked for it."""

    bulk = models.ForeignKey(Bulk, models.PROTECT, related_name="not_asked")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, blank=True, help_text="What reasons of one kind have in common.")
    why = models.CharField(max_length=300)

    class Meta:
        verbose_name_plural = "not asked"
        constraints = [models.UniqueConstraint(fields=["bulk", "merchant"], name="not_asked_once_in_a_bulk")]

    def __str__(self) -> str:
        return self.why
