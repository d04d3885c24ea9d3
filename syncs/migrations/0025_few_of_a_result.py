"""What few syncs of a result are is found without reading the others: failed though sales were written, and so on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0024_not_syncing"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(
                models.OrderBy(models.F("started_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("data_pushed", True), ("outcome", "failed")),
                name="sync_failed_and_written",
            ),
        ),
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(
                models.OrderBy(models.F("started_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("data_pushed", True), ("outcome", "empty")),
                name="sync_empty_and_written",
            ),
        ),
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(
                models.OrderBy(models.F("started_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("data_pushed", False), ("outcome", "synced")),
                name="sync_synced_and_unwritten",
            ),
        ),
    ]
