"""After all migrations the database's own catalogue holds every guard, on its table, and switched on."""

import pytest
from django.core.management import call_command
from django.db import connection

from syncs import triggers

pytestmark = pytest.mark.django_db

CATALOGUES = {
    "sqlite": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'",
    # What a superuser has switched off ("D") stands there, and guards nothing.
    "postgresql": """
        SELECT tgname, relname, pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger
        JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal AND tgenabled = 'O'
    """,
}
EXPECTED = {
    ("activity_no_delete", "syncs_activity", "DELETE"),
    ("activity_no_update", "syncs_activity", "UPDATE"),
    ("merchant_company", "syncs_merchant", "UPDATE"),
    ("request_moves", "syncs_syncrequest", "UPDATE"),
    ("request_new_sync", "syncs_syncrequest", "INSERT"),
    ("request_no_delete", "syncs_syncrequest", "DELETE"),
    ("request_pinned", "syncs_syncrequest", "UPDATE"),
    ("request_sync", "syncs_syncrequest", "UPDATE"),
}
# SQLite has no such statement.
ON_POSTGRESQL = {
    ("activity_no_truncate", "syncs_activity", "TRUNCATE"),
    ("request_no_truncate", "syncs_syncrequest", "TRUNCATE"),
}


def standing() -> set[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUES[connection.vendor])
        # "CREATE TRIGGER name BEFORE event ON table": on SQLite as we wrote it, on PostgreSQL as it understood it.
        return {(name, table, sql.split()[4]) for name, table, sql in cursor.fetchall()}


def all_guards() -> set[tuple[str, str, str]]:
    return EXPECTED | (ON_POSTGRESQL if connection.vendor == "postgresql" else set())


def test_every_guard_stands_after_all_migrations() -> None:
    assert standing() == all_guards()


def test_the_list_here_is_the_list_there() -> None:
    """Who takes a guard away has to say so twice."""
    assert {(guard.name, guard.table, guard.event) for guard in triggers.GUARDS} == EXPECTED | ON_POSTGRESQL


def test_one_that_is_gone_is_missed_and_comes_back_with_the_next_migrate() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TRIGGER request_moves"
            + (" ON syncs_syncrequest" if connection.vendor == "postgresql" else "")
        )
    assert all_guards() - standing() == {("request_moves", "syncs_syncrequest", "UPDATE")}
    call_command("migrate", verbosity=0)
    assert standing() == all_guards()
