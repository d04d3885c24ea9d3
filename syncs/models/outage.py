from typing import Self

from django.db import models
from django.db.models import Q


class OutageQuerySet(models.QuerySet["Outage"]):
    def standing(self) -> Self:
        return self.filter(ended_at=None)


class Outage(models.Model):
    """So many merchants of one platform failed at once, by Codat's own fault, that it is not about any of them."""

    side = models.CharField(max_length=12)
    platform_name = models.CharField(max_length=100)
    code = models.IntegerField()
    since = models.DateTimeField(help_text="The first of these failures.")
    failed = models.PositiveIntegerField(help_text="Merchants, within the last hour that was looked at.")
    ran = models.PositiveIntegerField(help_text="Those of the platform whose sync ran in that hour.")
    last = models.DateTimeField(help_text="The newest of these failures.")
    try_from = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Set while none fails and none runs, though some wait for its end: the next of them is tried then.",
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = OutageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["side", "platform_name"],
                condition=Q(ended_at=None),
                name="outage_stands_once_for_a_platform",
            ),
            models.CheckConstraint(
                condition=Q(side__in=["accounting", "commerce"]), name="outage_side_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.platform_name} since {self.since:%-d %b %Y, %H:%M}"

    @property
    def is_quiet(self) -> bool:
        """Whether it is over nobody knows: none has run since."""
        return self.try_from is not None
