"""What docs/run-safely.md rests on: a commit outlives a power cut, and a message is only a nudge."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from django.db import ConnectionHandler, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker
from redis import Redis

from codat_admin import app, settings
from syncs import tasks
from tests.queues import messages, queue_at
from tests.valkey import free_port, running_valkey

ANSWERS = {
    "sqlite": {"PRAGMA journal_mode": "wal", "PRAGMA synchronous": 2, "PRAGMA recursive_triggers": 1},
    "postgresql": {"SHOW synchronous_commit": "on", "SHOW idle_in_transaction_session_timeout": "1min"},
}


@pytest.fixture
def careless_server(db: None) -> Iterator[None]:
    """PostgreSQL may have been told, for all who do not ask otherwise, not to wait for the disk."""
    if connection.vendor == "postgresql":
        tell_server("SET synchronous_commit = off")
    yield
    if connection.vendor == "postgresql":
        tell_server("RESET synchronous_commit")


def tell_server(what: str) -> None:
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" {what}')


def ask(base: BaseDatabaseWrapper, question: str) -> object:
    with base.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


@pytest.fixture
def embedded(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[BaseDatabaseWrapper]:
    """The embedded database, whichever one the other tests run on."""
    handler = ConnectionHandler({"default": settings.SQLITE | {"NAME": str(tmp_path / "base.sqlite3")}})
    with django_db_blocker.unblock():
        yield handler["default"]
        handler["default"].close()


def test_a_commit_waits_for_the_disk(careless_server: None, embedded: BaseDatabaseWrapper) -> None:
    served = connection.vendor == "postgresql"
    with closing(connection.copy() if served else embedded) as base:
        answers = {question: ask(base, question) for question in ANSWERS[base.vendor]}
    assert answers == ANSWERS[connection.vendor]


def test_the_embedded_database_has_one_writer_from_the_first_line_of_a_transaction(
    embedded: BaseDatabaseWrapper, tmp_path: Path
) -> None:
    # As `transaction.atomic` begins one.
    embedded.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    locked = pytest.raises(sqlite3.OperationalError, match="locked")
    with closing(sqlite3.connect(tmp_path / "base.sqlite3", timeout=0)) as stranger, locked:
        stranger.execute("BEGIN IMMEDIATE")


def test_an_address_of_a_file_leaves_nothing_of_that_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/other.sqlite3")
    assert settings._database() == settings.SQLITE | {"NAME": f"{tmp_path}/other.sqlite3"}


@pytest.mark.parametrize(
    "given", ["", "?options=-c%20synchronous_commit%3Doff", "?options=-c%20work_mem%3D8MB"]
)
def test_an_address_cannot_ask_for_less(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://me@host/base{given}")
    # PostgreSQL takes the last word for a setting.
    assert settings._database()["OPTIONS"]["options"].endswith("-c synchronous_commit=on")


@pytest.mark.parametrize("given", ["", "?connect_timeout=9"])
def test_a_database_host_that_is_gone_is_noticed_within_half_a_minute(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://me@host/base{given}")
    options = settings._database()["OPTIONS"]
    assert options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"] <= 30
    assert options["tcp_user_timeout"] <= 30_000
    assert int(options["connect_timeout"]) == (9 if given else 5)


def test_no_task_is_given_out_a_second_time() -> None:
    ours = [task for name, task in app.tasks.items() if name.startswith("syncs.tasks.")]
    assert len(ours) >= 6
    assert not any(task.acks_late or task.reject_on_worker_lost for task in ours)
    assert not app.conf.task_acks_late
    assert not app.conf.task_reject_on_worker_lost


def test_a_worker_takes_no_message_before_it_can_work_on_it() -> None:
    assert app.conf.worker_prefetch_multiplier == 1


def test_what_a_worker_holds_leaves_no_trace_in_the_queue(broker: Redis) -> None:
    """So a message is never given out twice, and a queue that dies owes nobody anything."""
    tasks.nudge(tasks.send, 1)
    with app.connection_for_read() as connection, connection.channel() as channel:
        assert app.amqp.queues["sending"](channel).get() is not None
        assert not [name for name in broker.scan_iter() if name.startswith(b"unacked")]
        assert not messages(broker, "sending")
    assert not messages(broker, "sending")


def test_what_a_worker_held_when_its_queue_died_is_not_kept_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    port = free_port()
    with queue_at(f"redis://127.0.0.1:{port}/0"), ExitStack() as stack, running_valkey(port=port):
        tasks.nudge(tasks.send, 1)
        connection = stack.enter_context(app.connection_for_read())
        channel = stack.enter_context(connection.channel())
        assert app.amqp.queues["sending"](channel).get() is not None
    assert not list(tmp_path.iterdir())


def test_a_press_is_not_held_up_by_tries_to_publish() -> None:
    assert not app.conf.task_publish_retry
