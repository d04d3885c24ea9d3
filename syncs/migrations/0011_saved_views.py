import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0010_bulk"),
    ]

    operations = [
        migrations.CreateModel(
            name="FailingTally",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("failing", models.PositiveIntegerField()),
                ("counted_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "page",
                    models.CharField(
                        choices=[("health", "Sync health"), ("syncs", "All syncs")], max_length=10
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "query",
                    models.CharField(help_text="As it stands in the address of the list.", max_length=4096),
                ),
                ("is_shared", models.BooleanField(default=False, verbose_name="shared with everybody")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "page", "name"), name="view_once_per_person"),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="view_has_a_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("page__in", ["health", "syncs"])), name="view_page_known"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="user",
            name="columns",
            field=models.CharField(
                blank=True,
                help_text="Those that show. Empty: all of them.",
                max_length=100,
                verbose_name="columns of Sync health",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="default_view",
            field=models.ForeignKey(
                blank=True,
                help_text="What Sync health opens with.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="syncs.savedview",
            ),
        ),
    ]
