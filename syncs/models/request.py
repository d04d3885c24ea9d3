import uuid
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from syncs.models.freeze import Freeze
from syncs.models.merchant import Merchant
from syncs.models.outage import Outage
from syncs.models.sync import Sync
from syncs.models.user import User
from syncs.rules.states import ACTIVE, State
from syncs.rules.windows import Window

STATES = [(state.value, state.value.replace("_", " ").lower()) for state in State]
ACTIVE_STATES = sorted(state.value for state in ACTIVE)
# States that claim Codat ran it.
WITH_UPSTREAM_ID = [
    State.ACCEPTED.value,
    State.SUCCEEDED.value,
    State.SUCCEEDED_EMPTY.value,
    State.FAILED.value,
]


class SyncRequestQuerySet(models.QuerySet["SyncRequest"]):
    def active(self) -> Self:
        return self.filter(state__in=ACTIVE_STATES)

    def needing_a_person(self) -> Self:
        return self.filter(state=State.NEEDS_REVIEW)

    def for_page(self) -> Self:
        """Each knows whether anything is sent now, at no query of its own."""
        frozen = models.Exists(Freeze.objects.standing())
        return self.select_related("merchant", "asked_by", "sync").annotate(sending_frozen=frozen)

    def under_way(self) -> Self:
        """The active ones for a page that tells what comes next: each knows when it was sent last."""
        return self.active().for_page().with_last_try()

    def with_last_try(self) -> Self:
        tries = Attempt.objects.filter(request=models.OuterRef("pk")).order_by("-number")
        return self.annotate(sent_at=models.Subquery(tries.values("started_at")[:1]))


class SyncRequest(models.Model):
    """One press of a button here that asks Codat for a sync. The row is the truth and the queue."""

    class Kind(models.TextChoices):
        LATEST = "latest", "Sync latest"
        HISTORIC = "historic", "Re-run"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=STATES, default=State.QUEUED.value)
    state_since = models.DateTimeField(db_default=Now())
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    window_start = models.DateTimeField(null=True, blank=True)
    window_finish = models.DateTimeField(help_text="For a latest request: its syncTo.")
    window_answered = models.BooleanField(default=False, help_text="The window is the one Codat answered.")
    body = models.TextField(help_text="The exact bytes to send, pinned at the press.")
    form_token = models.UUIDField(unique=True)
    idempotency_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="requests")
    asked_at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=500, blank=True)
    seen_overlap = models.JSONField(
        default=list,
        blank=True,
        help_text="What of these days was in the books already, seen and accepted: pairs of UTC moments.",
    )
    route = models.JSONField(
        default=list, blank=True, help_text="Ids of the connections it was asked for; empty: not known."
    )
    books_confirmed = models.BooleanField(default=False)
    override_reason = models.CharField(
        max_length=500, blank=True, help_text="Why it helps where the playbook says: fix first."
    )
    outage_reason = models.CharField(
        max_length=500, blank=True, help_text="Why it does not wait for an outage's end."
    )
    in_spite_of = models.ForeignKey(
        Outage, models.PROTECT, null=True, blank=True, related_name="overrides", help_text="That outage."
    )
    bulk = models.UUIDField(null=True, blank=True, db_index=True, help_text="Shared by requests of one bulk.")
    resend_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="resends")
    priority = models.SmallIntegerField(default=0, help_text="Higher goes first.")
    not_before = models.DateTimeField(db_default=Now())
    waiting_for = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    looks = models.PositiveSmallIntegerField(default=0)
    commerce_sync_id = models.CharField(max_length=100, blank=True)
    sync = models.ForeignKey(Sync, models.PROTECT, null=True, blank=True, related_name="requests")
    result = models.CharField(max_length=500, blank=True, help_text="How it ended, in a sentence.")
    correlation_id = models.CharField(max_length=64, blank=True)
    candidates = models.JSONField(default=list, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    # As `for_page` and `under_way` read them.
    sending_frozen = False
    sent_at: datetime | None = None
    # As its own page reads them: number and outcome of each try, and how many entries of the activity are about it.
    told_tries: list[list[Any]] | None = None
    told_entries: int | None = None

    objects = SyncRequestQuerySet.as_manager()

    class Meta:
        permissions = [
            ("ask_sync", "Can ask for syncs"),
            ("decide_review", "Can decide reviews"),
            ("override_guard", "Can override guards"),
            ("freeze_sending", "Can freeze sending"),
            ("administer", "Can use the admin site"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant"],
                condition=Q(state__in=ACTIVE_STATES),
                name="request_one_active_per_merchant",
            ),
            models.UniqueConstraint(
                fields=["merchant", "commerce_sync_id"],
                condition=~Q(commerce_sync_id=""),
                name="request_owns_its_upstream_id",
            ),
            models.UniqueConstraint(
                fields=["sync"], condition=Q(sync__isnull=False), name="request_owns_its_sync"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="request_state_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=["historic", "latest"]), name="request_kind_known"),
            models.CheckConstraint(
                condition=Q(window_start=None) | Q(window_start__lt=F("window_finish")),
                name="request_window_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(kind="historic")
                # Each is asked for by name: in SQL, a check that compares with NULL passes.
                | Q(
                    window_start__isnull=False,
                    first_day__isnull=False,
                    last_day__isnull=False,
                    last_day__gte=F("first_day"),
                ),
                name="request_historic_has_a_range",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=WITH_UPSTREAM_ID) | ~Q(commerce_sync_id="") | Q(sync__isnull=False),
                name="request_accepted_has_upstream_id",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ACTIVE_STATES, finished_at=None)
                | (~Q(state__in=ACTIVE_STATES) & Q(finished_at__isnull=False)),
                name="request_finished_when_not_active",
            ),
            models.CheckConstraint(condition=~Q(body=""), name="request_has_a_body"),
        ]
        indexes = [
            # The sender's and the clock's queue.
            models.Index(
                "state",
                F("priority").desc(),
                "not_before",
                "id",
                name="request_queue",
                condition=Q(state__in=ACTIVE_STATES),
            ),
            models.Index(F("asked_at").desc(), F("id").desc(), name="request_newest_first"),
            models.Index("merchant", F("asked_at").desc(), name="request_of_merchant"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.merchant_id}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_on_its_way(self) -> bool:
        """Whether its next news is a matter of seconds, and not of a person."""
        return self.is_active and self.state != State.NEEDS_REVIEW

    @property
    def seen_windows(self) -> list[Window]:
        """What the person who asked knew to be in the books already."""
        return [Window(*map(datetime.fromisoformat, pair)) for pair in self.seen_overlap]


class Attempt(models.Model):
    """The committed intent to send one POST, and what came of it."""

    class Outcome(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        UNCERTAIN = "uncertain"
        NOT_SENT = "not_sent"
        LATER = "later"
        REFUSED = "refused"

    # At most one of these a request: each stands for a POST that may have had an effect.
    MAY_HAVE_EFFECT = (Outcome.OPEN, Outcome.ACCEPTED, Outcome.UNCERTAIN)

    request = models.ForeignKey(SyncRequest, models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    body_sha256 = models.CharField(max_length=64)
    listed_before = models.JSONField(help_text="Ids of the syncs Codat listed just before.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    finished_at = models.DateTimeField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(outcome__in=["accepted", "open", "uncertain"]),
                name="attempt_one_that_may_have_effect",
            ),
            models.CheckConstraint(
                condition=Q(outcome="open", finished_at=None)
                | Q(
                    outcome__in=["accepted", "later", "not_sent", "refused", "uncertain"],
                    finished_at__isnull=False,
                ),
                name="attempt_finished_when_not_open",
            ),
        ]
        indexes = [models.Index(F("finished_at").desc(), name="attempt_last_finished")]

    def __str__(self) -> str:
        return f"attempt {self.number} of request {self.request_id}"
