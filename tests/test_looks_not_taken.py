"""A look that we ourselves did not allow is no look: nobody is asked to decide because of it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import Later
from syncs.codat.shared_budget import SharedBudget
from syncs.models import SyncRequest
from syncs.operations import reconciling
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.presses import stored, verbs
from tests.test_reconciling import NOW, all_looks, listed, looked_at, uncertain
from tests.test_reconciling import verified as verified
from tests.upstream import CANARY, ERROR, NONE_YET, STARTED, posts
from tests.valkey import free_port

MINUTE = timedelta(minutes=1)


@pytest.fixture
def request_(db: None) -> SyncRequest:
    return uncertain()


def held_up(server: Server, budget: Any) -> CodatClient:
    return CodatClient(base_url=server.url, api_key=CANARY, budget=budget)


def paused_for(minutes: int) -> LocalBudget:
    budget = LocalBudget()
    with time_machine.travel(NOW, tick=False):
        budget.slow_down(minutes * 60)
    return budget


def test_during_a_pause_nobody_has_looked(scripted: Server, request_: SyncRequest) -> None:
    budget = paused_for(45)
    scripted.answers(listed("before", "new"))
    with held_up(scripted, budget) as client:
        assert all_looks(request_, client) == []
        left = stored(request_)
        assert (left.state, left.looks, left.candidates) == (State.UNCERTAIN, 0, [])
        assert verbs(left) == ["request.asked"]
        assert not scripted.requests
        assert looked_at(request_, client, NOW + 46 * MINUTE).looks == 1


def test_after_it_all_looks_are_still_taken(scripted: Server, request_: SyncRequest) -> None:
    scripted.answers(NONE_YET)
    with held_up(scripted, paused_for(1)) as client:
        assert len(all_looks(request_, client)) == 6
    assert (len(scripted.requests), stored(request_).state) == (6, State.NEEDS_REVIEW)


def test_while_redis_is_away_nobody_has_looked(scripted: Server, request_: SyncRequest) -> None:
    away = SharedBudget.from_url(f"redis://127.0.0.1:{free_port()}/0")
    with held_up(scripted, away) as client:
        left = looked_at(request_, client, NOW + MINUTE)
    assert (left.state, left.looks, verbs(left)) == (State.UNCERTAIN, 0, ["request.asked"])
    assert left.not_before == NOW + MINUTE + reconciling.LEAST_PAUSE


def test_a_replay_that_we_held_back_is_none(
    scripted: Server,
    told: CodatClient,
    request_: SyncRequest,
    verified: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_call_left(company_id: str) -> None:
        raise Later("Codat asked us to pause.", retry_after=40)

    scripted.answers(says(200, STARTED))
    with monkeypatch.context() as patch:
        patch.setattr(told, "reserve_send", no_call_left)
        left = looked_at(request_, told, NOW + MINUTE)
    assert (left.state, left.looks, verbs(left)) == (State.UNCERTAIN, 0, ["request.asked"])
    assert left.not_before == NOW + MINUTE + timedelta(seconds=40)
    assert not posts(scripted)
    assert looked_at(request_, told, NOW + 2 * MINUTE).state == State.ACCEPTED


def test_codats_own_no_is_a_look(scripted: Server, told: CodatClient, request_: SyncRequest) -> None:
    scripted.answers(says(429, ERROR, Retry_After="5"))
    assert looked_at(request_, told, NOW + MINUTE).looks == 1
