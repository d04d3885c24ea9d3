from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0018_words_apart"),
    ]

    operations = [
        migrations.AlterField(
            "outage", "last", models.DateTimeField(help_text="The newest of these failures.")
        ),
    ]
