from django.db import models
from django.db.models import Q

from syncs.models.user import User


class ImportRun(models.Model):
    """One pass over all of the client's companies at Codat, and how far it came."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for a worker"
        RUNNING = "running", "under way"
        DONE = "done", "done"
        FAILED = "failed", "stopped"

    OPEN = (State.WAITING, State.RUNNING)

    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    started_at = models.DateTimeField()
    heard_at = models.DateTimeField(help_text="When it was last heard of.")
    finished_at = models.DateTimeField(null=True, blank=True)
    may_archive = models.PositiveIntegerField(
        default=0, help_text="How many merchants that are gone at Codat a person agreed to archive."
    )
    pages = models.PositiveIntegerField("pages read", default=0)
    total = models.PositiveIntegerField(null=True, blank=True, help_text="Companies, as Codat counts them.")
    seen = models.PositiveIntegerField("companies read", default=0)
    added = models.PositiveIntegerField(default=0)
    restored = models.PositiveIntegerField(default=0)
    archived = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(
        default=0, help_text="Merchants that are gone at Codat and wait for a person's word to be archived."
    )
    notes = models.JSONField(default=list, blank=True, help_text="What was skipped, in sentences.")
    problem = models.CharField(max_length=300, blank=True, help_text="Why it stopped, or archived nothing.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="import_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], finished_at=None)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="import_finished_when_not_open",
            ),
        ]

    def __str__(self) -> str:
        return f"Import {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def summary(self) -> str:
        counts = {
            "new": self.added,
            "restored": self.restored,
            "archived": self.archived,
            "skipped": self.skipped,
        }
        told = [f"{number:,} {word}" for word, number in counts.items() if number]
        return f"{self.seen:,} companies read, {', '.join(told) or 'nothing new'}"
