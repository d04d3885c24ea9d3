"""Many rows brought up to date at once."""

from collections.abc import Sequence
from typing import Any, cast

from django.db import connection
from django.db.models import Field, Model


def update_each(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Writes these fields of rows of one model, as bulk_update does.

    One statement a row, all sent together: bulk_update's CASE of every single value took 32 ms for the 90 syncs of
    a first look, this takes 1 ms (2 ms on PostgreSQL).
    """
    if not rows:
        return
    meta, quoted = rows[0]._meta, connection.ops.quote_name
    columns = [cast("Field[Any, Any]", meta.get_field(name)) for name in [*fields, "id"]]
    *changed, key = [f"{quoted(str(column.column))} = %s" for column in columns]
    statement = f"UPDATE {quoted(meta.db_table)} SET {', '.join(changed)} WHERE {key}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[_saved(column, row) for column in columns] for row in rows])


def _saved(column: "Field[Any, Any]", row: Model) -> Any:
    return column.get_db_prep_save(column.pre_save(row, add=False), connection)
