"""Codat has answered, and the database is busy or gone: what the answer said must not be lost with it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.models import SyncRequest
from syncs.operations import answers, reconciling
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_merchant, make_request
from tests.presses import outcomes, stored, verbs
from tests.upstream import CANARY, NONE_YET, STARTED, posts

pytestmark = pytest.mark.django_db(transaction=True)
STARTED_ID = STARTED["commerceSyncId"]


class Busy:
    """Refuses statements that begin so, as often as it is told."""

    def __init__(self, beginning: str, times: int) -> None:
        self.beginning, self.times = beginning, times

    def __call__(self, execute: Any, sql: str, *how: Any) -> Any:
        if sql.startswith(self.beginning) and self.times:
            self.times -= 1
            raise OperationalError("database is locked")
        return execute(sql, *how)


class BusyAfterwards(CodatClient):
    """The real client, after whose POST the database is busy."""

    busy: Busy

    def request_range(self, *args: Any, **kwargs: Any) -> Any:
        summary = super().request_range(*args, **kwargs)
        connection.execute_wrappers.append(self.busy)
        return summary


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "STORE_AGAIN_AFTER", (0.0, 0.0))


@pytest.fixture
def request_() -> SyncRequest:
    return make_request(make_merchant())


@contextmanager
def busy_after_the_post(server: Server, busy: Busy) -> Iterator[CodatClient]:
    server.answers(NONE_YET, says(200, STARTED))
    budget = LocalBudget(per_minute=100_000)
    with BusyAfterwards(base_url=server.url, api_key=CANARY, budget=budget) as client:
        client.busy = busy
        try:
            yield client
        finally:
            connection.execute_wrappers.remove(busy)


@pytest.mark.parametrize(
    "beginning",
    [
        'UPDATE "syncs_attempt"',
        'UPDATE "syncs_syncrequest"',
        'UPDATE "syncs_merchant"',
        'INSERT INTO "syncs_activity"',
    ],
)
def test_a_database_that_is_busy_is_given_the_answer_again(
    scripted: Server, request_: SyncRequest, beginning: str
) -> None:
    busy = Busy(beginning, times=2)
    with busy_after_the_post(scripted, busy) as client:
        send(request_.pk, client)
    left = stored(request_)
    assert (left.state, left.commerce_sync_id, left.version) == (State.ACCEPTED, STARTED_ID, 2)
    assert outcomes(request_) == ["accepted"]
    assert verbs(request_) == ["request.asked", "request.sending", "request.accepted"]
    assert (busy.times, len(posts(scripted))) == (0, 1)


def test_a_database_that_is_gone_leaves_it_to_the_clock_and_the_id_in_the_log(
    scripted: Server, request_: SyncRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with busy_after_the_post(scripted, Busy("UPDATE", times=100)) as client, pytest.raises(OperationalError):
        send(request_.pk, client)
    assert f"request {request_.pk}: Codat started sync {STARTED_ID}" in caplog.text
    assert stored(request_).state == State.SENDING
    reconciling.give_up_on_lost_senders(timezone.now() + timedelta(minutes=6))
    assert (stored(request_).state, outcomes(request_)) == (State.UNCERTAIN, ["uncertain"])
    assert len(posts(scripted)) == 1


def test_an_answer_that_was_stored_before_its_writer_was_told_so_is_stored_once(
    scripted: Server, request_: SyncRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, told = answers._accept, []

    def accept_and_lose_the_connection(*args: Any) -> bool:
        told.append(accept(*args))
        if len(told) == 1:
            raise OperationalError("the server closed the connection")
        return told[-1]

    monkeypatch.setattr(answers, "_accept", accept_and_lose_the_connection)
    with busy_after_the_post(scripted, Busy("", times=0)) as client:
        send(request_.pk, client)
    assert told == [True, True]
    assert verbs(request_) == ["request.asked", "request.sending", "request.accepted"]
