from django.db import migrations, models
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0016_health_tally"),
    ]

    operations = [
        migrations.AddField(
            "outage", "last", models.DateTimeField(help_text="The newest of these failures.", null=True)
        ),
        migrations.AddField(
            "outage",
            "try_from",
            models.DateTimeField(
                blank=True,
                help_text="Set while none fails and none runs, though some wait for its end: the next of them is tried then.",
                null=True,
            ),
        ),
        migrations.AddField(
            "syncrequest",
            "in_spite_of",
            models.ForeignKey(
                blank=True,
                help_text="That outage.",
                null=True,
                on_delete=PROTECT,
                related_name="overrides",
                to="syncs.outage",
            ),
        ),
        migrations.AddField(
            "syncrequest",
            "outage_reason",
            models.CharField(
                blank=True, help_text="Why it does not wait for an outage's end.", max_length=500
            ),
        ),
        migrations.AlterField(
            "syncrequest",
            "override_reason",
            models.CharField(
                blank=True, help_text="Why it helps where the playbook says: fix first.", max_length=500
            ),
        ),
    ]
