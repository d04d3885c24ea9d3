"""A freeze and a claim that are written at the same moment: once a freeze is committed, no claim is any more."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from syncs.models import Freeze, SyncRequest
from syncs.operations import freezing, sending
from syncs.rules.states import State
from tests.presses import asked, stored

pytestmark = pytest.mark.django_db(transaction=True)
# Long enough for whoever does not have to wait.
SOON, PATIENCE = 1.0, 15.0


def freeze() -> bool:
    return freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")


def claim(request: SyncRequest) -> bool:
    loaded = SyncRequest.objects.select_related("merchant").get(pk=request.pk)
    return sending._claim(loaded, []) is not None


class Other(threading.Thread):
    """Does it in a thread with a database connection of its own."""

    def __init__(self, work: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self._work, self.result = work, None  # type: ignore[var-annotated]
        self.start()

    def run(self) -> None:
        try:
            self.result = self._work()
        finally:
            connections.close_all()

    def waits(self) -> bool:
        self.join(SOON)
        return self.is_alive()

    def does(self) -> Any:
        self.join(PATIENCE)
        return self.result


@contextmanager
def in_the_middle_of_a_claim(
    monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]
) -> Iterator[None]:
    """After its last word on freezing, before its commit."""
    real = sending.move

    def move(*args: Any, **kwargs: Any) -> bool:
        patch.undo()
        meanwhile()
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(sending, "move", move)
        yield


def test_a_freeze_waits_for_the_claim_that_is_being_written(monkeypatch: pytest.MonkeyPatch) -> None:
    request, others = asked(), []

    def freeze_meanwhile() -> None:
        others.append(Other(freeze))
        assert others[0].waits()

    with in_the_middle_of_a_claim(monkeypatch, freeze_meanwhile):
        assert claim(request)
    assert others[0].does() is True
    assert stored(request).state == State.SENDING


def test_a_claim_waits_for_the_freeze_that_is_being_written_and_obeys_it() -> None:
    request = asked()
    with transaction.atomic():
        assert freeze()
        other = Other(lambda: claim(request))
        assert other.waits()
    assert other.does() is False
    assert (stored(request).state, stored(request).waiting_for) == (State.QUEUED, freezing.FROZEN)


def test_claims_of_different_merchants_wait_for_each_other_only_where_the_database_has_one_writer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request, another, others = asked(), asked(), []

    def claim_another() -> None:
        others.append(Other(lambda: claim(another)))
        assert others[0].waits() == (connection.vendor == "sqlite")

    with in_the_middle_of_a_claim(monkeypatch, claim_another):
        assert claim(request)
    assert others[0].does() is True
