from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from syncs.rules.salesdays import start_of, zone_of

BATCH = 1000


def write_moments(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Of those whose fuse burns, a batch at a time."""
    merchants = apps.get_model("syncs", "Merchant").objects.using(schema_editor.connection.alias)
    burning = list(merchants.filter(switches_off_on__isnull=False).only("switches_off_on", "time_zone"))
    for merchant in burning:
        merchant.switches_off_at = start_of(merchant.switches_off_on, zone_of(merchant.time_zone))
    merchants.bulk_update(burning, ["switches_off_at"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0019_outage_last"),
    ]

    operations = [
        migrations.AddField(
            "merchant",
            "switches_off_at",
            models.DateTimeField(
                editable=False,
                null=True,
                help_text="When that day begins for the merchant: days of several zones have no order.",
            ),
        ),
        migrations.RemoveIndex("merchant", "merchant_fuse_order"),
        migrations.AddIndex(
            "merchant", models.Index(fields=["switches_off_at", "id"], name="merchant_fuse_order")
        ),
        migrations.RunPython(write_moments, migrations.RunPython.noop, elidable=True),
    ]
