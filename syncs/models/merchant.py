import uuid
from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from syncs.models.folding import FoldedField, fold
from syncs.rules.fuse import days_left
from syncs.rules.health import NEVER_WELL, SEVERITY, WORD, Health
from syncs.rules.salesdays import today, zone_of

HEALTHS = [(health.value, WORD[health].lower()) for health in Health]
# "Auto-disable soon" on the health page: so many days left, or fewer.
SOON_DAYS = 14
CHECK_AT_MOST = timedelta(seconds=30)
# By so much those of two hosts may, and no more.
CLOCKS_DIFFER = timedelta(minutes=1)
_FAILED = [health.value for health, degree in SEVERITY.items() if degree == SEVERITY[Health.FAILING]]
_SEVERITIES = [
    models.When(health__in=_FAILED, last_success_at=None, then=NEVER_WELL),
    *(models.When(health=health.value, then=degree) for health, degree in SEVERITY.items()),
]


def believed(looked: datetime | None, now: datetime) -> datetime | None:
    """When a merchant was last looked at, as far as anybody knows: the future is of a clock that ran ahead."""
    return None if looked is None or looked > now + CLOCKS_DIFFER else looked


def switched_off_soon(today: date) -> Q:
    return Q(switches_off_on__lte=today + timedelta(days=SOON_DAYS))


class MerchantQuerySet(models.QuerySet["Merchant"]):
    def registered(self) -> Self:
        return self.filter(archived_at=None)

    def listed(self) -> Self:
        """The merchants of the tile "All": switched-off ones stand behind a link of their own."""
        return self.registered().exclude(health=Health.SWITCHED_OFF)

    def named(self, part: str) -> Self:
        """Those with this part in their name."""
        return self.filter(name_folded__contains=fold(part))

    def in_progress(self) -> Self:
        return self.filter(running_since__isnull=False)

    def looked_at_since(self, moment: datetime, now: datetime) -> Self:
        """As far as anybody knows: see `looked_at`."""
        return self.filter(refreshed_at__gt=moment, refreshed_at__lte=now + CLOCKS_DIFFER)

    def due_for_a_look(self, now: datetime) -> Self:
        return self.registered().filter(next_refresh_at__lte=now).order_by("next_refresh_at", "pk")


class Merchant(models.Model):
    """A Codat company that we registered. Read-only once registered: its company id."""

    company_id = models.UUIDField("company ID", unique=True)
    name = models.CharField(max_length=255)
    name_folded = FoldedField(of="name", editable=False)
    codat_name = models.CharField("name at Codat", max_length=255, blank=True)
    tags = models.JSONField(default=dict, blank=True)
    link_url = models.URLField("page where the merchant links its platforms", max_length=500, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text="As Codat tells it; empty means UTC.")
    sync_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    start_date = models.DateField(null=True, blank=True)
    enabled = models.BooleanField("sync enabled at Codat", null=True, blank=True)
    switched_on_at = models.DateTimeField(
        "seen to be switched on again", null=True, blank=True, help_text="After it was off."
    )
    configured_at = models.DateTimeField("configuration last read", null=True, blank=True)
    registered_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    archived_why = models.CharField(max_length=200, blank=True)

    # Written only in the transaction that stores the syncs they come from.
    health = models.CharField(max_length=20, choices=HEALTHS, default=Health.UNSEEN.value)
    severity = models.GeneratedField(
        expression=models.Case(*_SEVERITIES, default=NEVER_WELL),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    last_code = models.PositiveIntegerField(null=True, blank=True)
    last_cause = models.ForeignKey("syncs.Cause", models.PROTECT, null=True, blank=True, related_name="+")
    last_message = models.CharField(
        max_length=300, blank=True, help_text="Codat's words for the last final sync, as it gave them."
    )
    last_final_at = models.DateTimeField(null=True, blank=True)
    # By the last sync, or by a failure before it since the last success.
    last_pushed = models.BooleanField(null=True, blank=True)
    running_since = models.DateTimeField(null=True, blank=True)
    running_code = models.PositiveIntegerField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    silent_since = models.DateTimeField(
        db_default=Now(), help_text="The last success; without one, when the company was created."
    )
    failing_since = models.DateField("first failed sales day", null=True, blank=True)
    failed_days = models.PositiveSmallIntegerField(default=0)
    began_to_fail_at = models.DateTimeField(
        "seen to begin to fail",
        null=True,
        blank=True,
        help_text="Empty while it does not, and where nobody knows.",
    )
    switches_off_on = models.DateField(null=True, blank=True)
    switches_off_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When that day begins for the merchant: days of several zones have no order.",
    )
    last_days = models.CharField(
        max_length=31, blank=True, help_text="One letter a sales day (see MerchantDay), the newest last."
    )
    last_days_end = models.DateField(null=True, blank=True)

    refreshed_at = models.DateTimeField(null=True, blank=True)
    refresh_problem = models.CharField(max_length=300, blank=True)
    checked_at = models.DateTimeField("last “Check now”", null=True, blank=True)
    next_refresh_at = models.DateTimeField(null=True, blank=True)
    next_refresh_reason = models.CharField(max_length=200, blank=True)
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="The moment to which Codat's last webhook about it moved its look."
    )
    usual_delay_mean = models.FloatField(null=True, blank=True, help_text="Seconds after its sync hour.")
    usual_delay_spread = models.FloatField(null=True, blank=True, help_text="Seconds.")
    thinned_before = models.DateTimeField(
        null=True, blank=True, help_text="Old syncs that began before are not kept (manage.py thin_syncs)."
    )
    thinned_windows = models.JSONField(
        default=list, blank=True, help_text="What they wrote into the books: pairs of UTC moments."
    )
    on_it = models.CharField(
        max_length=310, blank=True, help_text="Who says that they are on it (see Care), as they are called."
    )
    snoozed_until = models.DateTimeField(
        null=True, blank=True, help_text="While a snooze of it stands (see Care)."
    )
    version = models.PositiveBigIntegerField(default=0)

    # As the page of one merchant reads them.
    connections_seen_at: datetime | None = None
    newest_entry: int | None = None

    objects = MerchantQuerySet.as_manager()

    class Meta:
        indexes = [
            # The health page's default order, and the same of what only few are. A condition, because PostgreSQL takes
            # no order from an index behind a column that IS NULL.
            models.Index(
                fields=["severity", "silent_since", "id"],
                name="merchant_worst_first",
                condition=Q(archived_at=None),
            ),
            models.Index(
                fields=["severity", "silent_since", "id"],
                name="merchant_running",
                condition=Q(archived_at=None, running_since__isnull=False),
            ),
            models.Index(
                fields=["severity", "silent_since", "id"],
                name="merchant_archived",
                condition=Q(archived_at__isnull=False),
            ),
            models.Index(
                fields=["health", "severity", "silent_since", "id"],
                name="merchant_health_order",
                condition=Q(archived_at=None),
            ),
            models.Index(
                fields=["severity", "silent_since", "id"],
                name="merchant_snoozed",
                condition=Q(archived_at=None, snoozed_until__isnull=False),
            ),
            # Who began to fail since some moment, in each order of the list: of the few that fail, no row is read.
            *(
                models.Index(
                    fields=[*order, "id", "began_to_fail_at"],
                    name=f"merchant_began_{name}",
                    condition=Q(archived_at=None, began_to_fail_at__isnull=False),
                )
                for name, order in {
                    "worst": ["severity", "silent_since"],
                    "name": ["name"],
                    "fuse": ["switches_off_at"],
                }.items()
            ),
            # All that the tiles count, so that counting reads no row; and who ended with a code that few have.
            models.Index(
                *("last_code", "health", "archived_at", "running_since", "running_code"),
                *("switches_off_on", "registered_at", "snoozed_until"),
                name="merchant_tiles",
            ),
            # Hands the most urgent merchants to the workers.
            models.Index(
                fields=["next_refresh_at"], name="merchant_next_refresh", condition=Q(archived_at=None)
            ),
            # Beside all that are due, these few are found without reading the others.
            models.Index(
                fields=["next_refresh_at"],
                name="merchant_never_looked_at",
                condition=Q(archived_at=None, refreshed_at=None),
            ),
            models.Index(fields=["name", "id"], name="merchant_name_order"),
            models.Index(fields=["switches_off_at", "id"], name="merchant_fuse_order"),
            # Whom a cause strikes now, and how many.
            models.Index(
                fields=["last_cause", "health"],
                name="merchant_of_cause",
                condition=Q(archived_at=None, last_cause__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="merchant_has_a_name"),
            models.CheckConstraint(condition=Q(health__in=list(Health)), name="merchant_health_known"),
            models.CheckConstraint(
                condition=Q(sync_hour=None) | Q(sync_hour__lte=23), name="merchant_sync_hour_in_a_day"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.time_zone)

    @property
    def zone_name(self) -> str:
        return self.zone.key

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def commerce(self) -> "Connection | None":
        return self._connection(Connection.Side.COMMERCE)

    @property
    def accounting(self) -> "Connection | None":
        return self._connection(Connection.Side.ACCOUNTING)

    def _connection(self, side: str) -> "Connection | None":
        """The linked one where there are several; from the prefetched rows where they are."""
        own = [c for c in self.connections.all() if c.side == side and c.gone_at is None]
        return next((c for c in own if c.is_linked), own[0] if own else None)

    def looked_at(self, now: datetime) -> datetime | None:
        return believed(self.refreshed_at, now)

    def is_being_checked(self, now: datetime) -> bool:
        """Somebody registered it or pressed “Check now”; after a while it is no news that no answer came."""
        if self.refreshed_at is None:
            return now - (self.checked_at or self.registered_at) <= CHECK_AT_MOST
        least = now - CHECK_AT_MOST
        return bool(self.checked_at and self.checked_at > max(self.looked_at(now) or least, least))

    def is_asked_for(self, now: datetime) -> bool:
        """Somebody pressed “Check now” since the last look. A moment in the future is of a clock that ran ahead."""
        pressed, looked = self.checked_at, self.looked_at(now)
        if pressed is None or pressed > now + CLOCKS_DIFFER:
            return False
        return looked is None or looked < pressed

    def days_left(self, now: datetime) -> int | None:
        """Days of its own calendar until Codat switches it off; None while nothing counts."""
        return days_left(self.switches_off_on, today(self.zone, now))

    @property
    def short_id(self) -> str:
        text = str(self.company_id)
        return f"{text[:8]}…{text[-4:]}"


def is_company_id(text: str) -> bool:
    """Only the usual written form counts: what a person pastes must be what is sent."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def for_rows(self) -> Self:
        """The present ones, with no more of each than a row of a list tells."""
        told = self.filter(gone_at=None).order_by("pk")
        return told.only("merchant", "side", "platform_name", "status", "gone_at")


class Connection(models.Model):
    """A merchant's commerce or accounting link at Codat."""

    class Side(models.TextChoices):
        COMMERCE = "commerce"
        ACCOUNTING = "accounting"
        OTHER = "other"

    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="connections")
    codat_id = models.CharField("connection ID", max_length=64)
    side = models.CharField(max_length=12, choices=Side.choices)
    platform_key = models.CharField(max_length=16, blank=True)
    platform_name = models.CharField(max_length=100)
    status = models.CharField(max_length=32, help_text="Codat's word: Linked, PendingAuth, …")
    link_url = models.URLField(max_length=500, blank=True)
    errors = models.JSONField(default=list, blank=True)
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "codat_id"], name="connection_once_per_merchant"),
            models.CheckConstraint(condition=~Q(codat_id=""), name="connection_has_an_id"),
            models.CheckConstraint(
                condition=Q(side__in=["accounting", "commerce", "other"]), name="connection_side_known"
            ),
        ]
        indexes = [
            models.Index(fields=["codat_id"], name="connection_by_codat_id"),
            # Who has linked both sides.
            models.Index(
                fields=["merchant", "side"],
                name="connection_linked",
                condition=Q(status="Linked", gone_at=None),
            ),
            models.Index(
                fields=["side", "platform_name", "merchant"],
                name="connection_of_platform",
                condition=Q(gone_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.platform_name} ({self.side})"

    @property
    def is_linked(self) -> bool:
        return self.status == "Linked" and self.gone_at is None
