from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

BATCH = 1000


def fold_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """One statement a row, a batch at a time: of a hundred thousand names, a CASE of all would take minutes."""
    merchants = apps.get_model("syncs", "Merchant").objects.using(schema_editor.connection.alias)
    with schema_editor.connection.cursor() as cursor:
        names = list(merchants.values_list("name", "pk"))
        for start in range(0, len(names), BATCH):
            folded = [(name.casefold(), pk) for name, pk in names[start : start + BATCH]]
            cursor.executemany("UPDATE syncs_merchant SET name_folded = %s WHERE id = %s", folded)


def drop_the_index_of_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What is searched from now on has its own (syncs/trigrams.py)."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS merchant_name_trigrams")


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0007_pulse_and_tallies"),
    ]

    operations = [
        migrations.AddField(
            model_name="merchant",
            name="name_folded",
            field=models.TextField(default="", editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(fold_names, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(drop_the_index_of_names, migrations.RunPython.noop, elidable=True),
    ]
