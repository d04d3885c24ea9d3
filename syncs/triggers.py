"""What the database itself refuses, whoever asks. Recreated after every migrate.

On SQLite a later change of a table makes it anew and silently drops its triggers.
"""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

SENTENCE = "activity is only ever added to"

CREATE = {
    "sqlite": [
        f"""
        CREATE TRIGGER activity_no_{verb} BEFORE {verb} ON syncs_activity
        BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END
        """
        for verb in ("update", "delete")
    ],
    "postgresql": [
        f"""
        CREATE OR REPLACE FUNCTION syncs_activity_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation'; END $$
        """,
        *(
            f"""
            CREATE TRIGGER activity_no_{verb} BEFORE {verb} ON syncs_activity
            FOR EACH ROW EXECUTE FUNCTION syncs_activity_refuse()
            """
            for verb in ("update", "delete")
        ),
    ],
}
DROP = {
    "sqlite": "DROP TRIGGER IF EXISTS activity_no_{verb}",
    "postgresql": "DROP TRIGGER IF EXISTS activity_no_{verb} ON syncs_activity",
}


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        remove(using)
        for statement in CREATE[connection.vendor]:
            cursor.execute(statement)


def remove(using: str = DEFAULT_DB_ALIAS) -> None:
    """For the moment in which tests empty the tables; the product never calls it but to install anew."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for verb in ("update", "delete"):
            cursor.execute(DROP[connection.vendor].format(verb=verb))


def after_migrate(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    # Migrating back to nothing ends here too, without the table.
    if "syncs_activity" in connections[using].introspection.table_names():
        install(using)
