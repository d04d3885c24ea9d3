from typing import Self

from django.db import models
from django.db.models import Q

from syncs.models.user import User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def seen_by(self, user: User) -> Self:
        return self.filter(Q(owner=user) | Q(is_shared=True))


class SavedView(models.Model):
    """The filters, order and columns of a list under a name."""

    class Page(models.TextChoices):
        HEALTH = "health", "Sync health"
        SYNCS = "syncs", "All syncs"

    owner = models.ForeignKey(User, models.PROTECT, related_name="views")
    page = models.CharField(max_length=10, choices=Page.choices)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=4096, help_text="As it stands in the address of the list.")
    is_shared = models.BooleanField("shared with everybody", default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "page", "name"], name="view_once_per_person"),
            models.CheckConstraint(condition=~Q(name=""), name="view_has_a_name"),
            models.CheckConstraint(condition=Q(page__in=["health", "syncs"]), name="view_page_known"),
        ]

    def __str__(self) -> str:
        return self.name
