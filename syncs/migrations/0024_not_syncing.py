"""A merchant whose daily syncs stop without a failure has a word of its own, among the worst. What the database computes
cannot be altered: the column is made anew, with the indexes that it stands in."""

from django.db import migrations, models
from django.db.models import Q

HEALTHS = [
    ("unseen", "not looked at yet"),
    ("healthy", "healthy"),
    ("failing", "failing"),
    ("silent", "not syncing"),
    ("needs_reconnect", "needs reconnect"),
    ("never_synced", "never synced"),
    ("switched_off", "switched off"),
]
SEVERITY = models.GeneratedField(
    expression=models.Case(
        models.When(
            health__in=["failing", "silent", "needs_reconnect", "switched_off"], last_success_at=None, then=0
        ),
        models.When(health="failing", then=1),
        models.When(health="silent", then=1),
        models.When(health="needs_reconnect", then=1),
        models.When(health="switched_off", then=1),
        models.When(health="never_synced", then=2),
        models.When(health="unseen", then=3),
        models.When(health="healthy", then=4),
        default=0,
    ),
    output_field=models.PositiveSmallIntegerField(),
    db_persist=True,
)
WORST_FIRST = {
    "merchant_worst_first": Q(archived_at=None),
    "merchant_running": Q(archived_at=None, running_since__isnull=False),
    "merchant_archived": Q(archived_at__isnull=False),
    "merchant_snoozed": Q(archived_at=None, snoozed_until__isnull=False),
}
INDEXES = [
    *(
        models.Index(fields=["severity", "silent_since", "id"], name=name, condition=condition)
        for name, condition in WORST_FIRST.items()
    ),
    models.Index(
        fields=["health", "severity", "silent_since", "id"],
        name="merchant_health_order",
        condition=Q(archived_at=None),
    ),
    models.Index(
        fields=["severity", "silent_since", "id", "began_to_fail_at"],
        name="merchant_began_worst",
        condition=Q(archived_at=None, began_to_fail_at__isnull=False),
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0023_began_to_fail_at"),
    ]

    operations = [
        migrations.RemoveConstraint("merchant", "merchant_health_known"),
        *(migrations.RemoveIndex("merchant", index.name) for index in INDEXES),
        migrations.RemoveField("merchant", "severity"),
        migrations.AlterField(
            "care",
            "health",
            models.CharField(max_length=20, choices=HEALTHS, help_text="What was wrong when it began."),
        ),
        migrations.AlterField(
            "merchant",
            "health",
            models.CharField(max_length=20, choices=HEALTHS, default="unseen"),
        ),
        migrations.AddField("merchant", "severity", SEVERITY),
        *(migrations.AddIndex("merchant", index) for index in INDEXES),
        migrations.AddConstraint(
            "merchant",
            models.CheckConstraint(
                condition=Q(health__in=[health for health, _ in HEALTHS]), name="merchant_health_known"
            ),
        ),
    ]
