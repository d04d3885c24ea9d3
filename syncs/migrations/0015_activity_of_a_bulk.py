from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0014_outage"),
    ]

    operations = [
        migrations.AddField(
            model_name="activity",
            name="bulk",
            field=models.UUIDField(blank=True, help_text="Of what was done to a bulk as a whole.", null=True),
        ),
    ]
