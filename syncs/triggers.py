"""What the database itself refuses, whoever asks. Recreated after every migrate.

On SQLite a later change of a table makes it anew and silently drops its triggers.
A request may be inserted in any state: only its moves from there are held to the table of states.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from syncs.rules.states import MOVES

SENTENCE = "activity is only ever added to"
NO_SUCH_MOVE = "a sync request never makes this move"


@dataclass(frozen=True)
class Guard:
    """Refuses what `event` would do to a row of the table, where `when` is true of OLD and NEW."""

    name: str
    event: str
    table: str
    sentence: str
    when: str = "TRUE"


def _moves() -> str:
    """Staying in a state is no move: much else of a row may change there."""
    allowed = ", ".join(f"'{before} {after}'" for before, after in sorted(MOVES))
    return f"OLD.state <> NEW.state AND OLD.state || ' ' || NEW.state NOT IN ({allowed})"


GUARDS = (
    Guard("activity_no_update", "UPDATE", "syncs_activity", SENTENCE),
    Guard("activity_no_delete", "DELETE", "syncs_activity", SENTENCE),
    Guard("request_moves", "UPDATE", "syncs_syncrequest", NO_SUCH_MOVE, _moves()),
)


def _create(guard: Guard, vendor: str) -> Iterator[str]:
    """On PostgreSQL the condition stands in the function: in the trigger, it would forbid to alter the column."""
    begin = f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table}"
    if vendor == "sqlite":
        yield f"{begin} WHEN {guard.when} BEGIN SELECT RAISE(ABORT, '{guard.sentence}'); END"
        return
    yield f"""
        CREATE OR REPLACE FUNCTION syncs_{guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {guard.when} THEN
                RAISE EXCEPTION '{guard.sentence}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    yield f"{begin} FOR EACH ROW EXECUTE FUNCTION syncs_{guard.name}()"


def _drop(guard: Guard, vendor: str) -> str:
    return f"DROP TRIGGER IF EXISTS {guard.name}" + ("" if vendor == "sqlite" else f" ON {guard.table}")


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        remove(using)
        for guard in GUARDS:
            for statement in _create(guard, connection.vendor):
                cursor.execute(statement)


def remove(using: str = DEFAULT_DB_ALIAS) -> None:
    """For the moment in which tests empty the tables; the product never calls it but to install anew."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for guard in GUARDS:
            cursor.execute(_drop(guard, connection.vendor))


def after_migrate(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    # Migrating back to nothing ends here too, without the tables.
    if {guard.table for guard in GUARDS} <= set(connections[using].introspection.table_names()):
        install(using)
