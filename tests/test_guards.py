"""After all migrations the database's own catalogue holds every guard, on its table, and switched on."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from syncs import tasks, triggers
from syncs.clock import Clock
from syncs.models import Freeze
from syncs.operations import freezing, heartbeats
from tests.presses import asked, ticks
from tests.queues import messages

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
        found = {(name, table, sql.split()[4]) for name, table, sql in cursor.fetchall()}
    # What moves the pulse refuses nothing (tests/test_pulse.py).
    return {guard for guard in found if "_moves_pulse" not in guard[0]}


def all_guards() -> set[tuple[str, str, str]]:
    return EXPECTED | (ON_POSTGRESQL if connection.vendor == "postgresql" else set())


def test_every_guard_stands_after_all_migrations() -> None:
    assert standing() == all_guards()


def test_the_list_here_is_the_list_there() -> None:
    """Who takes a guard away has to say so twice."""
    assert {(guard.name, guard.table, guard.event) for guard in triggers.GUARDS} == EXPECTED | ON_POSTGRESQL


def drop(name: str) -> None:
    on = " ON syncs_syncrequest" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on}")


def test_one_that_is_gone_is_missed_and_comes_back_with_the_next_migrate() -> None:
    assert triggers.missing() == []
    drop("request_moves")
    assert all_guards() - standing() == {("request_moves", "syncs_syncrequest", "UPDATE")}
    assert triggers.missing() == ["request_moves"]
    call_command("migrate", verbosity=0)
    assert standing() == all_guards()


@pytest.fixture
def at_the_version_before(transactional_db: None) -> Iterator[None]:
    call_command("migrate", "syncs", "0021", verbosity=0)
    yield
    call_command("migrate", verbosity=0)


@pytest.fixture
def at_an_older_version(transactional_db: None) -> Iterator[None]:
    call_command("migrate", "syncs", "0002", verbosity=0)
    yield
    call_command("migrate", verbosity=0)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [RuntimeError, KeyboardInterrupt])
def test_a_migrate_that_fails_leaves_every_guard_where_it_was(
    at_the_version_before: None, monkeypatch: pytest.MonkeyPatch, wrong: type[BaseException]
) -> None:
    assert standing() == all_guards()

    def fail(*_: Any, **__: Any) -> None:
        raise wrong("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(MigrationExecutor, "apply_migration", fail)
        with pytest.raises(wrong, match="the disk is full"):
            call_command("migrate", verbosity=0)
    assert standing() == all_guards()


@pytest.mark.slow
def test_postgresql_keeps_its_guards_while_it_migrates(
    at_an_older_version: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite could not change a table that a guard of another one reads."""
    real, seen = MigrationExecutor.apply_migration, []

    def look(*words: Any, **options: Any) -> Any:
        seen.append(standing())
        return real(*words, **options)

    monkeypatch.setattr(MigrationExecutor, "apply_migration", look)
    call_command("migrate", verbosity=0)
    expected = all_guards() if connection.vendor == "postgresql" else set()
    assert seen
    assert all(guards == expected for guards in seen)


def test_without_them_the_house_is_not_ready_and_says_what_to_do(client: Client) -> None:
    drop("request_moves")
    drop("request_pinned")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["guards"] == (
        "Missing in the database: request_moves, request_pinned. Run: manage.py migrate"
    )


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize(
    "begin", [lambda: ticks(Clock()), tasks.send_nothing_unguarded], ids=["clock", "worker"]
)
def test_without_them_clock_and_workers_begin_by_freezing_sending(
    begin: Any, as_viewer: Client, broker: Any
) -> None:
    asked()
    drop("request_moves")
    begin()
    [stop] = freezing.standing()
    assert (stop.cause, stop.by) == (Freeze.Cause.PERSON, None)
    assert "On the server since" in as_viewer.get("/").text
    assert "Run manage.py migrate, then resume" in as_viewer.get("/").text
    assert not [message for message in messages(broker, "sending") if message[0] == "send"]


@pytest.mark.parametrize(
    "begin", [lambda: ticks(Clock()), tasks.send_nothing_unguarded], ids=["clock", "worker"]
)
def test_with_them_nothing_is_frozen(begin: Any, no_broker: None) -> None:
    begin()
    assert not freezing.is_frozen()


def test_the_clock_looks_again_and_again() -> None:
    clock = Clock()
    clock._look_for_guards(timezone.now())
    drop("request_moves")
    clock._look_for_guards(timezone.now())
    assert not freezing.is_frozen()
    clock._look_for_guards(timezone.now() + heartbeats.BEAT_EVERY)
    assert freezing.is_frozen()
