from collections.abc import Collection
from datetime import datetime
from typing import Self

from django.apps import apps
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from syncs.codat.statuses import DUPLICATE_RISK_CODES, Outcome, Status, status_of
from syncs.models.merchant import Merchant
from syncs.rules.coverage import DayOutcome

OUTCOMES = [(outcome.value, outcome.value) for outcome in Outcome]
DAY_OUTCOMES = [(outcome.value, outcome.value.replace("_", " ")) for outcome in DayOutcome]
FINAL = [outcome.value for outcome in Outcome if outcome.is_final]
SYNCED_DAYS = [DayOutcome.SYNCED.value, DayOutcome.EMPTY.value]
SUCCESSFUL = [outcome.value for outcome in Outcome if outcome.is_success]


class Cause(models.Model):
    """Why syncs fail: a code and a message without its ids. The same cause over many merchants is one row."""

    code = models.PositiveIntegerField()
    message = models.CharField(max_length=300, blank=True, help_text="Normalised: ids taken out, lower case.")
    sample = models.TextField(blank=True)
    first_seen = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "message"], name="cause_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.sample or status_of(self.code).word}"

    @property
    def words(self) -> str:
        """As it reads for all merchants; the sample is one merchant's."""
        return f"{self.message[:1].upper()}{self.message[1:]}" or "No message"


class SyncQuerySet(models.QuerySet["Sync"]):
    def newest_first(self) -> Self:
        return self.order_by("-started_at", "-pk")

    def final(self) -> Self:
        return self.filter(outcome__in=FINAL)

    def successful(self) -> Self:
        return self.filter(outcome__in=SUCCESSFUL)

    def but_stopped_ranges(self) -> Self:
        """Those that say something of their merchant and its days (`rules.health.is_stopped_range`)."""
        requests = apps.get_model("syncs", "SyncRequest").objects.filter(sync=OuterRef("pk"))
        # Of these few rows each by itself: PostgreSQL would read all requests for an `EXISTS`.
        asked_as = Coalesce(Subquery(requests.values("kind")[:1]), Value(""))
        return self.alias(asked_as=asked_as).exclude(Q(code__in=DUPLICATE_RISK_CODES), asked_as="historic")

    def results(self) -> Self:
        """The final ones that a merchant's health may come from."""
        return self.final().but_stopped_ranges()

    def newest_of(self, sync_ids: Collection[str]) -> "Sync | None":
        """Codat lists more syncs of some merchants than a database takes parameters."""
        wanted = set(sync_ids)
        rows = self.newest_first().values_list("pk", "sync_id").iterator() if wanted else ()
        newest = next((pk for pk, sync_id in rows if sync_id in wanted), None)
        return self.get(pk=newest) if newest else None


class Sync(models.Model):
    """One run in Codat, as Codat reports it."""

    class Initiator(models.TextChoices):
        SCHEDULE = "schedule"
        OURS = "ours"
        UNKNOWN = "unknown"

    class Known(models.TextChoices):
        """How we know the window."""

        ANSWERED = "answered", "as Codat answered"
        REQUESTED = "requested", "as requested"
        INFERRED = "inferred", "inferred"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="syncs")
    # Texts: Codat's documents show ids that are no UUIDs.
    sync_id = models.CharField("sync ID", max_length=100)
    commerce_sync_id = models.CharField("commerce sync ID", max_length=100, blank=True)
    code = models.IntegerField(null=True, blank=True)
    text = models.CharField(max_length=200, blank=True)
    message = models.TextField(blank=True)
    outcome = models.CharField(max_length=10, choices=OUTCOMES)
    cause = models.ForeignKey(Cause, models.PROTECT, null=True, blank=True, related_name="syncs")
    data_pushed = models.BooleanField(null=True, blank=True)
    started_at = models.DateTimeField(
        help_text="Codat's syncUtc; when it told none, the moment we first saw it."
    )
    window_start = models.DateTimeField(null=True, blank=True)
    window_finish = models.DateTimeField(null=True, blank=True)
    window_known = models.CharField(max_length=10, choices=Known.choices, blank=True)
    initiator = models.CharField(max_length=10, choices=Initiator.choices, default=Initiator.UNKNOWN)
    first_seen = models.DateTimeField()
    final_seen = models.DateTimeField(null=True, blank=True)
    raw = models.JSONField()

    # Not stored: where it stood until Codat told another start.
    moved_from: datetime | None = None

    objects = SyncQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "sync_id"], name="sync_once_per_merchant"),
            models.CheckConstraint(condition=~Q(sync_id=""), name="sync_has_an_id"),
            models.CheckConstraint(condition=Q(outcome__in=list(Outcome)), name="sync_outcome_known"),
            models.CheckConstraint(
                condition=Q(initiator__in=["ours", "schedule", "unknown"]), name="sync_initiator_known"
            ),
            models.CheckConstraint(
                condition=Q(window_known__in=["", "answered", "inferred", "requested"]),
                name="sync_window_known_known",
            ),
            # In SQL, a check that compares with NULL passes: each end is asked for by name.
            models.CheckConstraint(
                condition=Q(window_start=None, window_finish=None)
                | Q(
                    window_start__isnull=False,
                    window_finish__isnull=False,
                    window_start__lt=F("window_finish"),
                ),
                name="sync_window_in_order",
            ),
        ]
        indexes = [
            # A merchant's history, newest first.
            models.Index("merchant", F("started_at").desc(), F("id").desc(), name="sync_history"),
            # All syncs across merchants, newest first: of everybody, and where few among many are looked for.
            models.Index(F("started_at").desc(), F("id").desc(), name="sync_newest_first"),
            models.Index("code", F("started_at").desc(), F("id").desc(), name="sync_of_code"),
            models.Index(
                *("cause", F("started_at").desc(), F("id").desc()),
                name="sync_of_cause",
                condition=Q(cause__isnull=False),
            ),
            models.Index(
                *(F("started_at").desc(), F("id").desc()), name="sync_of_ours", condition=Q(initiator="ours")
            ),
            # With all that comparing the causes of some days reads.
            models.Index(
                *(F("started_at").desc(), F("id").desc(), "cause", "merchant"),
                name="sync_failures",
                condition=Q(outcome="failed"),
            ),
            models.Index(
                *(F("started_at").desc(), F("id").desc()),
                name="sync_of_nobody_known",
                condition=Q(initiator="unknown"),
            ),
            models.Index(
                *(F("started_at").desc(), F("id").desc()),
                name="sync_not_told_if_pushed",
                condition=Q(data_pushed=None),
            ),
            # Of few among many, too: without them a page, and counting a thousand, reads row after row of others.
            models.Index(
                *(F("started_at").desc(), F("id").desc()), name="sync_empty", condition=Q(outcome="empty")
            ),
            models.Index(
                *(F("started_at").desc(), F("id").desc()),
                name="sync_nothing_written",
                condition=Q(data_pushed=False),
            ),
            *(
                models.Index(
                    *(F("started_at").desc(), F("id").desc()),
                    name=name,
                    condition=Q(outcome=outcome, data_pushed=is_written),
                )
                for name, outcome, is_written in (
                    ("sync_failed_and_written", "failed", True),
                    ("sync_empty_and_written", "empty", True),
                    ("sync_synced_and_unwritten", "synced", False),
                )
            ),
            models.Index(
                *("outcome", F("started_at").desc(), F("id").desc()),
                name="sync_not_final",
                condition=Q(outcome__in=["running", "unknown"]),
            ),
            # A pasted id goes straight to its merchant.
            models.Index(fields=["sync_id"], name="sync_by_id"),
            models.Index(
                fields=["commerce_sync_id"], name="sync_by_commerce_id", condition=~Q(commerce_sync_id="")
            ),
        ]

    def __str__(self) -> str:
        return self.sync_id

    @property
    def status(self) -> Status:
        return status_of(self.code)


class MerchantDay(models.Model):
    """How one sales day ended: what strips, grids and charts read, never the syncs."""

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="days")
    day = models.DateField()
    outcome = models.CharField(max_length=12, choices=DAY_OUTCOMES)
    sync = models.ForeignKey(Sync, models.PROTECT, null=True, blank=True, related_name="+")
    covered_by = models.ForeignKey(Sync, models.PROTECT, null=True, blank=True, related_name="+")
    covered_empty = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "day"], name="day_once_per_merchant"),
            models.CheckConstraint(condition=Q(outcome__in=list(DayOutcome)), name="day_outcome_known"),
        ]
        # The daily chart counts outcomes of a day over all merchants.
        indexes = [models.Index(fields=["day", "outcome"], name="day_outcomes")]

    def __str__(self) -> str:
        return f"{self.day}: {self.outcome}"
