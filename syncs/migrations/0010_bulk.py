import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0009_few_among_many"),
    ]

    operations = [
        migrations.CreateModel(
            name="Bulk",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("latest", "Sync latest"), ("historic", "Re-run")], max_length=10
                    ),
                ),
                ("first_day", models.DateField(blank=True, null=True)),
                ("last_day", models.DateField(blank=True, null=True)),
                ("reason", models.CharField(max_length=500)),
                (
                    "query",
                    models.TextField(
                        blank=True,
                        help_text="“?” and the filters of the list whose merchants were all meant; empty: ticked by hand.",
                    ),
                ),
                ("form_token", models.UUIDField(unique=True)),
                ("asked_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bulks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "stopped_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stopped_bulks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "permissions": [("ask_many", "Can ask for syncs of many merchants at once")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["historic", "latest"])), name="bulk_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("first_day", None), ("kind", "latest"), ("last_day", None)),
                            models.Q(
                                ("first_day__isnull", False),
                                ("kind", "historic"),
                                ("last_day__gte", models.F("first_day")),
                                ("last_day__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="bulk_historic_has_a_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stopped_at", None), ("stopped_by", None)),
                            models.Q(("stopped_at__isnull", False), ("stopped_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="bulk_stopped_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NotAsked",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True, help_text="What reasons of one kind have in common.", max_length=20
                    ),
                ),
                ("why", models.CharField(max_length=300)),
                (
                    "bulk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="not_asked",
                        to="syncs.bulk",
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="syncs.merchant",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "not asked",
                "constraints": [
                    models.UniqueConstraint(fields=("bulk", "merchant"), name="not_asked_once_in_a_bulk")
                ],
            },
        ),
    ]
