"""The table of moves is the database's own law: tried for every pair of states, by SQL and by the ORM."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from syncs import triggers
from syncs.models import SyncRequest
from syncs.rules.states import ACTIVE, FINAL, MOVES, State
from tests.factories import make_merchant, make_request, make_sync

pytestmark = pytest.mark.django_db

Way = Callable[[SyncRequest, State], Any]


def end(state: State) -> Any:
    return None if state in ACTIVE else timezone.now()


def by_sql(request: SyncRequest, after: State) -> None:
    with connection.cursor() as cursor:
        change = "UPDATE syncs_syncrequest SET state = %s, finished_at = %s WHERE id = %s"
        cursor.execute(change, [after.value, end(after), request.pk])


def by_update(request: SyncRequest, after: State) -> None:
    SyncRequest.objects.filter(pk=request.pk).update(state=after, finished_at=end(after))


def by_save(request: SyncRequest, after: State) -> None:
    stale = SyncRequest.objects.get(pk=request.pk)
    stale.state, stale.finished_at = after.value, end(after)
    stale.save()


def by_bulk_update(request: SyncRequest, after: State) -> None:
    stale = SyncRequest.objects.get(pk=request.pk)
    stale.state, stale.finished_at = after.value, end(after)
    SyncRequest.objects.bulk_update([stale], ["state", "finished_at"])


def in_state(before: State) -> SyncRequest:
    """With a sync, so that each state may be the next one."""
    merchant = make_merchant()
    return make_request(merchant, state=before, sync=make_sync(merchant))


def is_refused(request: SyncRequest, after: State, way: Way) -> bool:
    """Tried, and taken back where it went through."""
    try:
        with transaction.atomic():
            way(request, after)
            assert SyncRequest.objects.get(pk=request.pk).state == after
            transaction.set_rollback(True)
    except IntegrityError as error:
        return triggers.NO_SUCH_MOVE in str(error)
    return False


@pytest.mark.parametrize("way", [by_sql, by_update, by_save, by_bulk_update])
@pytest.mark.parametrize("before", sorted(State))
def test_the_moves_of_the_table_pass_and_all_others_are_refused(before: State, way: Way) -> None:
    request = in_state(before)
    others = set(State) - {before}
    passed = {after for after in others if not is_refused(request, after, way)}
    assert passed == {after for after in others if (before, after) in MOVES}
    assert SyncRequest.objects.get().state == before


@pytest.mark.parametrize("state", sorted(State))
def test_what_stays_in_its_state_may_change_otherwise(state: State) -> None:
    request = in_state(state)
    request.result = "Looked at again"
    request.save()
    assert SyncRequest.objects.get().result == "Looked at again"


@pytest.mark.parametrize("before", sorted(FINAL))
def test_a_final_state_is_left_by_none_of_many_rows_at_once(before: State) -> None:
    waiting = in_state(State.QUEUED)
    request = in_state(before)
    with pytest.raises(IntegrityError, match=triggers.NO_SUCH_MOVE), transaction.atomic():
        SyncRequest.objects.update(state=State.SENDING, finished_at=None)
    assert SyncRequest.objects.get(pk=request.pk).state == before
    assert SyncRequest.objects.get(pk=waiting.pk).state == State.QUEUED


def test_without_the_trigger_it_would_pass_and_every_migrate_puts_it_back() -> None:
    request = in_state(State.SUCCEEDED)
    triggers.remove()
    assert not is_refused(request, State.QUEUED, by_sql)
    call_command("migrate", verbosity=0)
    assert is_refused(request, State.QUEUED, by_sql)
