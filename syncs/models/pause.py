from django.db import models
from django.db.models import F, Q


class Pause(models.Model):
    """A time in which nobody could call Codat, as the clock noted it: waiting through it is nobody's fault."""

    since = models.DateTimeField()
    until = models.DateTimeField(db_index=True, help_text="At the latest, while it stands.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="pause_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return f"{self.since} - {self.until}"
