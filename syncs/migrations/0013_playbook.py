from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from syncs.rules.entries import ENTRIES, OWNER_WORDS, RERUN_WORDS, Entry


def write_the_built_in(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """As they come with Sync Desk on this day. Without them the same entries serve, but nobody can edit them."""
    entries = apps.get_model("syncs", "PlaybookEntry").objects.using(schema_editor.connection.alias)
    entries.bulk_create(
        entries.model(place=10 * number, **columns(entry)) for number, entry in enumerate(ENTRIES, 1)
    )


def columns(entry: Entry) -> dict[str, Any]:
    return {
        "slug": entry.id,
        "pattern": entry.pattern.pattern if entry.pattern else "",
        "codes": ", ".join(map(str, sorted(entry.codes))),
        "outcome": entry.outcome.value if entry.outcome else "",
        "lead": entry.lead,
        "detail": entry.detail,
        "owner": entry.owner,
        "owner_words": said(entry.owner_words, OWNER_WORDS[entry.owner]),
        "rerun": entry.rerun,
        "rerun_words": said(entry.rerun_words, RERUN_WORDS[entry.rerun]),
        "fixed_by": entry.fixed_by,
        "says_all": entry.says_all,
        "steps": "\n".join(entry.steps),
        "message": entry.message,
    }


def said(words: str, by_default: str) -> str:
    return "" if words == by_default else words


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0012_alerts"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlaybookEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "slug",
                    models.SlugField(
                        help_text="Short and lasting, such as account-archived.",
                        max_length=60,
                        unique=True,
                        verbose_name="name",
                    ),
                ),
                (
                    "place",
                    models.PositiveIntegerField(
                        help_text="Entries are tried in this order, the smallest first."
                    ),
                ),
                ("pattern", models.CharField(blank=True, max_length=500)),
                ("codes", models.CharField(blank=True, max_length=100)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("running", "running"),
                            ("synced", "synced"),
                            ("empty", "empty"),
                            ("failed", "failed"),
                            ("unknown", "unknown"),
                        ],
                        max_length=10,
                        verbose_name="class of result",
                    ),
                ),
                ("lead", models.CharField(max_length=200, verbose_name="what is wrong")),
                ("detail", models.CharField(max_length=500, verbose_name="more about it")),
                (
                    "owner",
                    models.CharField(
                        choices=[
                            ("merchant", "The merchant"),
                            ("us", "Us"),
                            ("codat", "Codat"),
                            ("nobody", "Nobody"),
                        ],
                        max_length=10,
                        verbose_name="who must act",
                    ),
                ),
                ("owner_words", models.CharField(blank=True, max_length=60, verbose_name="in other words")),
                (
                    "rerun",
                    models.CharField(
                        choices=[
                            ("helps_now", "Yes, try now"),
                            ("after_fix", "Not until this is fixed"),
                            ("no", "No"),
                            ("already_running", "Wait, a sync is running"),
                            ("not_needed", "Not needed"),
                        ],
                        max_length=20,
                        verbose_name="will a re-run help?",
                    ),
                ),
                ("rerun_words", models.CharField(blank=True, max_length=120, verbose_name="in other words")),
                (
                    "fixed_by",
                    models.CharField(
                        choices=[
                            ("told", "Somebody says so"),
                            ("linking", "Both platforms are linked again"),
                            ("other_days", "Other days: a range that overlaps no sync"),
                        ],
                        default="told",
                        max_length=12,
                        verbose_name="how we know that it is fixed",
                    ),
                ),
                (
                    "says_all",
                    models.BooleanField(
                        default=False,
                        help_text="Without a pattern: no cause under these codes needs an entry of its own.",
                        verbose_name="the code says all",
                    ),
                ),
                ("steps", models.TextField(blank=True, max_length=2000, verbose_name="what to do")),
                (
                    "message",
                    models.TextField(blank=True, max_length=2000, verbose_name="message to the merchant"),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                (
                    "edited_at",
                    models.DateTimeField(
                        blank=True, help_text="Empty: as it came with Sync Desk.", null=True
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "playbook entries",
            },
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(
                condition=models.Q(("gone_at", None), ("status", "Linked")),
                fields=["merchant", "side"],
                name="connection_linked",
            ),
        ),
        migrations.AddIndex(
            model_name="merchant",
            index=models.Index(
                condition=models.Q(("archived_at", None), ("last_cause__isnull", False)),
                fields=["last_cause", "health"],
                name="merchant_of_cause",
            ),
        ),
        migrations.AddField(
            model_name="playbookentry",
            name="edited_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="playbookentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("slug", ""), _negated=True), name="playbook_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="playbookentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("pattern", ""), _negated=True),
                    models.Q(("codes", ""), _negated=True),
                    models.Q(("outcome", ""), _negated=True),
                    _connector="OR",
                ),
                name="playbook_says_when_it_fits",
            ),
        ),
        migrations.AddConstraint(
            model_name="playbookentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("owner__in", ["codat", "merchant", "nobody", "us"])),
                name="playbook_owner_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="playbookentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rerun__in", ["after_fix", "already_running", "helps_now", "no", "not_needed"])
                ),
                name="playbook_rerun_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="playbookentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("fixed_by__in", ["linking", "other_days", "told"])),
                name="playbook_fix_known",
            ),
        ),
        migrations.RunPython(write_the_built_in, migrations.RunPython.noop, elidable=True),
    ]
