"""Blanks of any kind and number are one, and what nobody sees is left out of the names that are searched in."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from syncs.models.folding import fold

BATCH = 1000
# Who was renamed meanwhile was folded then.
FOLD = "UPDATE syncs_merchant SET name_folded = %s WHERE id = %s AND name = %s"


def fold_names_anew(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """No version moves: nothing that a page shows is another."""
    merchants = apps.get_model("syncs", "Merchant").objects.using(schema_editor.connection.alias)
    names = merchants.order_by("pk").values_list("pk", "name", "name_folded")
    last = 0
    with schema_editor.connection.cursor() as cursor:
        while batch := list(names.filter(pk__gt=last)[:BATCH]):
            changed = [(folded, pk, name) for pk, name, was in batch if (folded := fold(name)) != was]
            if changed:
                cursor.executemany(FOLD, changed)
            last = batch[-1][0]


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0025_few_of_a_result"),
    ]

    operations = [
        migrations.RunPython(fold_names_anew, migrations.RunPython.noop, elidable=True),
    ]
