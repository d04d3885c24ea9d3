"""What the database itself refuses, whoever asks. Recreated after every migrate.

On SQLite a later change of a table makes it anew and silently drops its triggers; and `INSERT OR REPLACE`
passes by those on DELETE unless the connection says `recursive_triggers`, as ours do.
A request may be inserted in any state: only its moves from there are held to the table of states.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from syncs.rules.states import ACTIVE, MOVES

SENTENCE = "activity is only ever added to"
NO_SUCH_MOVE = "a sync request never makes this move"
PINNED = "what a sync request asks for never changes"
STILL_ACTIVE = "an active sync request is never removed"
NOT_ITS_SYNC = "the sync belongs to another merchant"
SAME_COMPANY = "the company of a merchant never changes"


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


def _changes(*columns: str) -> str:
    """Also from or to NULL, which compares with nothing."""
    return " OR ".join(
        f"OLD.{column} <> NEW.{column} OR (OLD.{column} IS NULL) <> (NEW.{column} IS NULL)"
        for column in columns
    )


IS_ACTIVE = f"OLD.state IN ({', '.join(repr(state.value) for state in sorted(ACTIVE))})"
OF_ANOTHER = "NEW.merchant_id <> (SELECT merchant_id FROM syncs_sync WHERE id = NEW.sync_id)"
GUARDS = (
    Guard("activity_no_update", "UPDATE", "syncs_activity", SENTENCE),
    Guard("activity_no_delete", "DELETE", "syncs_activity", SENTENCE),
    Guard("merchant_company", "UPDATE", "syncs_merchant", SAME_COMPANY, _changes("company_id")),
    Guard("request_moves", "UPDATE", "syncs_syncrequest", NO_SUCH_MOVE, _moves()),
    Guard(
        "request_pinned",
        "UPDATE",
        "syncs_syncrequest",
        PINNED,
        _changes(
            "merchant_id",
            "kind",
            "first_day",
            "last_day",
            "body",
            "idempotency_key",
            "form_token",
            "asked_by_id",
        ),
    ),
    Guard("request_no_delete", "DELETE", "syncs_syncrequest", STILL_ACTIVE, IS_ACTIVE),
    Guard("request_sync", "UPDATE", "syncs_syncrequest", NOT_ITS_SYNC, OF_ANOTHER),
    Guard("request_new_sync", "INSERT", "syncs_syncrequest", NOT_ITS_SYNC, OF_ANOTHER),
    Guard("activity_no_truncate", "TRUNCATE", "syncs_activity", SENTENCE),
    Guard("request_no_truncate", "TRUNCATE", "syncs_syncrequest", STILL_ACTIVE),
)


# Of a name that stands on the right table; one that a superuser has switched off ("D") guards nothing.
STANDING = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE tgenabled IN ('O', 'A') AND pg_table_is_visible(tgrelid)
    """,
}


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
            RETURN {"OLD" if guard.event == "DELETE" else "NEW"};
        END $$
        """
    each = "STATEMENT" if guard.event == "TRUNCATE" else "ROW"
    yield f"{begin} FOR EACH {each} EXECUTE FUNCTION syncs_{guard.name}()"


def _guards(vendor: str) -> list[Guard]:
    """SQLite knows no TRUNCATE."""
    return [guard for guard in GUARDS if vendor != "sqlite" or guard.event != "TRUNCATE"]


def _drop(guard: Guard, vendor: str) -> str:
    return f"DROP TRIGGER IF EXISTS {guard.name}" + ("" if vendor == "sqlite" else f" ON {guard.table}")


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        remove(using)
        for guard in _guards(connection.vendor):
            for statement in _create(guard, connection.vendor):
                cursor.execute(statement)


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The names of those that ought to stand in this database and do not."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(STANDING[connection.vendor])
        standing = set(cursor.fetchall())
    return [guard.name for guard in _guards(connection.vendor) if (guard.name, guard.table) not in standing]


def remove(using: str = DEFAULT_DB_ALIAS) -> None:
    """For a migration on SQLite, and for the moment in which tests empty the tables."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for guard in GUARDS:
            if guard.table in tables:
                cursor.execute(_drop(guard, connection.vendor))


def before_migrate(*, using: str = DEFAULT_DB_ALIAS, plan: Sequence[Any] = (), **_: Any) -> None:
    """SQLite changes a table by making it anew, which it refuses while the trigger of another one reads it.

    The command `migrate` puts them back also where it fails.
    """
    if plan and connections[using].vendor == "sqlite":
        remove(using)


def after_migrate(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    # Migrating back to nothing ends here too, without the tables.
    if {guard.table for guard in GUARDS} <= set(connections[using].introspection.table_names()):
        install(using)
