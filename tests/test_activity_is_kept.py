"""The log is only ever added to: the model refuses it, and the database refuses it whoever asks."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from syncs import triggers
from syncs.models import Activity
from syncs.models.activity import OnlyAddedTo
from syncs.operations import log

pytestmark = pytest.mark.django_db
CHANGES = ["UPDATE syncs_activity SET reason = 'another'", "DELETE FROM syncs_activity"]
ALL_AT_ONCE = {
    "sqlite": "INSERT OR REPLACE INTO syncs_activity SELECT * FROM syncs_activity",
    "postgresql": "TRUNCATE syncs_activity",
}


@pytest.fixture
def entry() -> Activity:
    return log.record("note.added", "Added a note", reason="why")


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return triggers.SENTENCE in str(error)
    return False


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_refuses_it(entry: Activity, statement: str) -> None:
    assert refused(statement)
    assert Activity.objects.get().reason == "why"


@pytest.mark.django_db(transaction=True)
def test_nor_is_there_a_way_past_the_rows(entry: Activity) -> None:
    statement = ALL_AT_ONCE[connection.vendor]
    assert refused(statement)
    triggers.remove()
    assert not refused(statement)


@pytest.mark.parametrize("statement", CHANGES)
def test_without_the_triggers_it_would_not(entry: Activity, statement: str) -> None:
    triggers.remove()
    assert not refused(statement)


@pytest.mark.parametrize("statement", CHANGES)
def test_every_migrate_puts_the_triggers_back(entry: Activity, statement: str) -> None:
    triggers.remove()
    call_command("migrate", verbosity=0)
    assert refused(statement)


def test_installing_twice_does_no_harm(entry: Activity) -> None:
    triggers.install()
    triggers.install()
    assert refused(CHANGES[0])
    assert log.record("note.added", "Another").pk


def test_the_model_refuses_to_save_an_entry_again(entry: Activity) -> None:
    entry.reason = "another"
    with pytest.raises(OnlyAddedTo):
        entry.save()


def test_the_model_refuses_to_delete_an_entry(entry: Activity) -> None:
    with pytest.raises(OnlyAddedTo):
        entry.delete()


def test_lists_of_entries_are_neither_changed_nor_deleted(entry: Activity) -> None:
    with pytest.raises(OnlyAddedTo):
        Activity.objects.filter(pk=entry.pk).update(reason="another")
    with pytest.raises(OnlyAddedTo):
        Activity.objects.all().delete()
    with pytest.raises(OnlyAddedTo):
        Activity.objects.bulk_update([entry], ["reason"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_between_tests_the_tables_are_emptied_and_the_triggers_stand_again(turn: str) -> None:
    assert not Activity.objects.exists()
    log.record("note.added", turn)
    assert refused(CHANGES[1])
