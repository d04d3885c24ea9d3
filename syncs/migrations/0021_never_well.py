"""Who fails and never had a success is a group of its own. What the database computes cannot be altered: the column is
made anew, with the indexes that it stands in."""

from django.db import migrations, models
from django.db.models import Q

FAILED = ["failing", "needs_reconnect", "switched_off"]
SEVERITY = models.GeneratedField(
    expression=models.Case(
        models.When(health__in=FAILED, last_success_at=None, then=0),
        models.When(health="failing", then=1),
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
]


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0020_fuse_order"),
    ]

    operations = [
        *(migrations.RemoveIndex("merchant", index.name) for index in INDEXES),
        migrations.RemoveField("merchant", "severity"),
        migrations.AddField("merchant", "severity", SEVERITY),
        *(migrations.AddIndex("merchant", index) for index in INDEXES),
    ]
