import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0002_shown_and_accepted"),
    ]

    operations = [
        migrations.CreateModel(
            name="Freeze",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[("person", "Person"), ("restore", "Restore"), ("silence", "Silence")],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("reason", models.CharField(max_length=500)),
                (
                    "pause",
                    models.DurationField(
                        default=datetime.timedelta(0),
                        help_text="Of one that ends by itself: it stands for so long at least.",
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by_itself", models.BooleanField(default=False)),
            ],
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                models.OrderBy(models.F("finished_at"), descending=True), name="attempt_last_finished"
            ),
        ),
        migrations.AddField(
            model_name="freeze",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="freezes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="freeze",
            index=models.Index(
                models.F("cause"),
                models.OrderBy(models.F("since"), descending=True),
                name="freeze_newest_of_a_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="freeze",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("cause",),
                name="freeze_stands_once_for_a_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="freeze",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause__in", ["person", "restore", "silence"])), name="freeze_cause_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="freeze",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_by_itself", False),
                    models.Q(("cause", "silence"), ("ended_at__isnull", False)),
                    _connector="OR",
                ),
                name="freeze_only_of_silence_ends_by_itself",
            ),
        ),
    ]
