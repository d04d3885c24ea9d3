from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models

from syncs.rules.salesdays import is_known_zone


def validate_time_zone(name: str) -> None:
    if name and not is_known_zone(name):
        raise ValidationError("This is not a time zone. Write a name such as Europe/London.")


class User(AbstractUser):
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text="Times are shown in this zone. Empty: the panel's own.",
    )
    shortcuts = models.BooleanField("keyboard shortcuts", default=True)
    columns = models.CharField(
        "columns of Sync health", max_length=100, blank=True, help_text="Those that show. Empty: all of them."
    )
    default_view = models.ForeignKey(
        "syncs.SavedView",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="What Sync health opens with.",
    )

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        words = self.display_name.split()
        return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper()

    @property
    def zone(self) -> ZoneInfo | None:
        """None means the panel's own zone; a name that has gone from the zone database counts as none."""
        return ZoneInfo(self.time_zone) if is_known_zone(self.time_zone) else None
