from typing import Any, Self

from django.db import models
from django.db.models import Q

from syncs.codat.statuses import Outcome
from syncs.models.user import User
from syncs.rules.entries import FIXED_BY_WORDS, OWNER_WORDS, RERUN_WORDS, TOLD

OUTCOMES = [(outcome.value, outcome.value) for outcome in Outcome]


class PlaybookEntryQuerySet(models.QuerySet["PlaybookEntry"]):
    def in_order(self) -> Self:
        """As they are tried."""
        return self.order_by("place", "pk")


class PlaybookEntry(models.Model):
    """What we say of a failure. The first entry that fits is told; rules/entries.py says what its parts mean."""

    slug = models.SlugField(
        "name", max_length=60, unique=True, help_text="Short and lasting, such as account-archived."
    )
    place = models.PositiveIntegerField(help_text="Entries are tried in this order, the smallest first.")
    pattern = models.CharField(max_length=500, blank=True)
    codes = models.CharField(max_length=100, blank=True)
    outcome = models.CharField("class of result", max_length=10, choices=OUTCOMES, blank=True)
    lead = models.CharField("what is wrong", max_length=200)
    detail = models.CharField("more about it", max_length=500)
    owner = models.CharField("who must act", max_length=10, choices=list(OWNER_WORDS.items()))
    owner_words = models.CharField("in other words", max_length=60, blank=True)
    rerun = models.CharField("will a re-run help?", max_length=20, choices=list(RERUN_WORDS.items()))
    rerun_words = models.CharField("in other words", max_length=120, blank=True)
    fixed_by = models.CharField(
        "how we know that it is fixed", max_length=12, choices=list(FIXED_BY_WORDS.items()), default=TOLD
    )
    says_all = models.BooleanField(
        "the code says all",
        default=False,
        help_text="Without a pattern: no cause under these codes needs an entry of its own.",
    )
    steps = models.TextField("what to do", max_length=2000, blank=True)
    message = models.TextField("message to the merchant", max_length=2000, blank=True)
    is_active = models.BooleanField("in use", default=True)
    edited_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    edited_at = models.DateTimeField(null=True, blank=True, help_text="Empty: as it came with Sync Desk.")

    objects = PlaybookEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "playbook entries"
        constraints = [
            models.CheckConstraint(condition=~Q(slug=""), name="playbook_has_a_name"),
            models.CheckConstraint(
                condition=~Q(pattern="") | ~Q(codes="") | ~Q(outcome=""), name="playbook_says_when_it_fits"
            ),
            models.CheckConstraint(
                condition=Q(owner__in=["codat", "merchant", "nobody", "us"]), name="playbook_owner_known"
            ),
            models.CheckConstraint(
                condition=Q(rerun__in=["after_fix", "already_running", "helps_now", "no", "not_needed"]),
                name="playbook_rerun_known",
            ),
            models.CheckConstraint(
                condition=Q(fixed_by__in=["linking", "other_days", "told"]), name="playbook_fix_known"
            ),
        ]

    def __str__(self) -> str:
        return self.slug


def raw_of(columns: dict[str, Any]) -> dict[str, Any]:
    """As the built-in file would have it. ValueError where a code is no number."""
    return {
        **columns,
        "id": columns["slug"],
        "codes": [int(code) for code in columns["codes"].replace(",", " ").split()],
        "steps": [line.strip() for line in columns["steps"].splitlines() if line.strip()],
        "message_to_merchant": columns["message"],
    }
