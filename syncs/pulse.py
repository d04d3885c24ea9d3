"""Whoever changes what lists show moves the pulse, in the same transaction. Installed after every migrate.

A poll compares it with the one that its page was made at, and has nothing more to do while it is the same.

It is several rows, whose versions are added up. A transaction moves the first row that no other one holds, or makes
one: so no writer ever waits for another here, whatever else both of them hold, and none can deadlock. With a single
row, all claims and all refreshes would wait for each other; a sequence would move before the commit, for a reader who
does not see the change yet. There are as many rows as there ever were writers at once.

On PostgreSQL the triggers fire once a statement, also for one that found no row: a move too many costs a poll its
shortcut, and no more. SQLite has one writer, and there one row.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

# Of merchants: a version moves with all that their rows show (connections, requests, names, health).
WATCHED = {
    "syncs_merchant": ("INSERT", "DELETE", "UPDATE OF version, archived_at"),
    "syncs_syncrequest": ("INSERT", "DELETE", "UPDATE"),
    "syncs_freeze": ("INSERT", "DELETE", "UPDATE"),
    "syncs_outage": ("INSERT", "DELETE", "UPDATE"),
}
STANDING = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')",
}
MOVE_FIRST_FREE_ROW = """
    CREATE OR REPLACE FUNCTION syncs_move_pulse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE syncs_pulse SET version = version + 1
        WHERE id = (SELECT id FROM syncs_pulse ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED);
        IF NOT FOUND THEN
            INSERT INTO syncs_pulse (version) VALUES (1);
        END IF;
        RETURN NULL;
    END $$
"""
MOVE_THE_ROW = """
    INSERT INTO syncs_pulse (id, version) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET version = version + 1
"""


def _names(vendor: str) -> Iterator[tuple[str, str, str]]:
    """Name, event and table; SQLite wants a trigger for each event."""
    for table, events in WATCHED.items():
        for event in events if vendor == "sqlite" else [" OR ".join(events)]:
            suffix = f"_{event.split()[0].lower()}" if vendor == "sqlite" else ""
            yield f"{table.removeprefix('syncs_')}_moves_pulse{suffix}", event, table


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        remove(using)
        if connection.vendor == "postgresql":
            cursor.execute(MOVE_FIRST_FREE_ROW)
        for name, event, table in _names(connection.vendor):
            begin = f"CREATE TRIGGER {name} AFTER {event} ON {table}"
            if connection.vendor == "postgresql":
                cursor.execute(f"{begin} FOR EACH STATEMENT EXECUTE FUNCTION syncs_move_pulse()")
            else:
                cursor.execute(f"{begin} BEGIN {MOVE_THE_ROW}; END")


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The names of those that ought to stand in this database and do not."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(STANDING[connection.vendor])
        standing = {name for (name,) in cursor.fetchall()}
    return [name for name, _, _ in _names(connection.vendor) if name not in standing]


def remove(using: str = DEFAULT_DB_ALIAS) -> None:
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for name, _, table in _names(connection.vendor):
            if table in tables:
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def before_migrate(*, using: str = DEFAULT_DB_ALIAS, plan: Sequence[Any] = (), **_: Any) -> None:
    """As the guards have it (syncs/triggers.py)."""
    if plan and connections[using].vendor == "sqlite":
        remove(using)


def after_migrate(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Migrated back to where there is none, a trigger would refuse every change."""
    if {"syncs_pulse", *WATCHED} <= set(connections[using].introspection.table_names()):
        install(using)
    else:
        remove(using)
