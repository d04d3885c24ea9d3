"""What a sender finds before it claims: too late, not now, or go."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.errors import Later
from syncs.codat.pace import Purpose
from syncs.codat.quota import Quota
from syncs.models import Merchant, SyncRequest
from syncs.operations.connections import route
from syncs.operations.sending import send
from tests.codat.examples import no_company
from tests.codat.server import Server, hangs_up, keeps_silent, says
from tests.factories import make_connection
from tests.presses import NOW, asked, cancelled, held_back, is_sent, stored
from tests.presses import now_stands_still as now_stands_still
from tests.presses import request_ as request_
from tests.upstream import CANARY, NONE_YET, client_of, posts

pytestmark = pytest.mark.usefixtures("now_stands_still")


def test_what_waited_over_an_hour_is_not_what_the_person_meant(
    scripted: Server, told: CodatClient, db: None
) -> None:
    request = asked(asked_at=NOW - timedelta(minutes=61))
    assert not is_sent(request, scripted, told)
    assert cancelled(request).startswith("Too late: this waited for over an hour.")
    assert not scripted.requests


@pytest.mark.parametrize(
    "columns",
    [
        {"asked_at": NOW - timedelta(minutes=59)},
        {"asked_at": NOW - timedelta(days=2), "bulk": "5a4b6c0e-3f0c-4d9c-9a52-6f6a3c2f5f10"},
    ],
    ids=["within the hour", "part of a bulk"],
)
def test_what_may_wait_is_sent(scripted: Server, told: CodatClient, db: None, columns: Any) -> None:
    assert is_sent(asked(**columns), scripted, told)


def test_an_archived_merchant_gets_nothing(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    Merchant.objects.update(archived_at=NOW)
    assert not is_sent(request_, scripted, told)
    assert "archived" in cancelled(request_)


def test_books_that_were_replaced_since_the_press_get_nothing(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    merchant = request_.merchant
    SyncRequest.objects.update(route=route(merchant))
    # Codat was asked before the press, and answered after it.
    merchant.connections.filter(side="accounting").update(gone_at=request_.asked_at - timedelta(seconds=1))
    make_connection(merchant, side="accounting", platform_name="Sage")
    assert not is_sent(request_, scripted, told)
    assert "connection" in cancelled(request_)


def test_a_connection_that_went_before_the_press_was_known_then(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    make_connection(request_.merchant, gone_at=NOW - timedelta(days=1))
    SyncRequest.objects.update(route=route(request_.merchant))
    assert is_sent(request_, scripted, told)


def test_a_sync_that_was_switched_off_since_gets_nothing(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    Merchant.objects.update(health="switched_off", enabled=False)
    assert not is_sent(request_, scripted, told)
    assert "switched off at Codat" in cancelled(request_)


def test_a_platform_that_was_unlinked_meanwhile_is_waited_for(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    request_.merchant.connections.filter(side="commerce").update(status="Deauthorized")
    assert not is_sent(request_, scripted, told)
    assert held_back(request_) == "Shopify is not linked. Waiting for the merchant to link it."


@pytest.mark.parametrize(
    "answer",
    [
        says(401, {"error": "Unauthorized"}),
        says(403, {"error": "Forbidden"}),
        says(404, b"<html>no such page</html>"),
        says(500, {"error": "oops"}),
        says(503, b"<html>maintenance</html>"),
        says(200, b"<html>a login page</html>"),
        says(200, b'[{"syncId": "tru'),
        says(200, "a text"),
        pytest.param(keeps_silent, marks=pytest.mark.slow),
        hangs_up,
    ],
)
def test_when_codat_cannot_be_looked_at_the_request_waits(
    scripted: Server, told: CodatClient, request_: SyncRequest, answer: Any
) -> None:
    scripted.answers(answer)
    send(request_.pk, told)
    assert not posts(scripted)
    assert held_back(request_)


def test_a_look_that_is_told_to_wait_waits_so_long(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(says(429, {"error": "Slow down"}, Retry_After="90"))
    send(request_.pk, told)
    assert held_back(request_) == "Codat asked us to wait (429)."
    assert stored(request_).not_before >= NOW + timedelta(seconds=90)


def test_a_company_that_codat_does_not_know_never_will_be(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(says(404, no_company(request_.merchant.company_id)))
    send(request_.pk, told)
    assert cancelled(request_) == "Codat does not know this company any more. Nothing was sent."


def test_a_spent_budget_holds_it_back(scripted: Server, request_: SyncRequest) -> None:
    scripted.answers(NONE_YET)
    with CodatClient(base_url=scripted.url, api_key=CANARY, budget=LocalBudget(per_minute=60)) as client:
        client._budget.slow_down(40)
        send(request_.pk, client)
    assert held_back(request_) == "Codat asked us to pause."
    assert not scripted.requests


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_sent_when_its_time_has_come(scripted: Server) -> None:
    request = asked(asked_at=NOW)
    with client_of(scripted.url) as client, time_machine.travel(NOW, tick=False) as clock:
        running = [{"syncId": "a-sync", "syncStatusCode": 1000, "syncUtc": NOW.isoformat()}]
        assert not is_sent(request, scripted, client, running)
        clock.shift(29)
        assert not is_sent(request, scripted, client)
        clock.shift(1)
        assert is_sent(request, scripted, client)


def test_a_look_takes_the_call_for_its_post(scripted: Server, request_: SyncRequest) -> None:
    """A look whose POST then finds none would be a call for nothing, and so would the next one."""
    budget = LocalBudget(per_minute=1)
    with CodatClient(base_url=scripted.url, api_key=CANARY, budget=budget) as client:
        for _ in range(19):
            budget.take(Purpose.SEND)
        assert is_sent(request_, scripted, client)
        send((another := asked()).pk, client)
        assert "spread out" in held_back(another)
        assert len(scripted.requests) == 2


def test_a_press_is_not_held_up_by_what_a_bulk_has_taken(scripted: Server, db: None) -> None:
    budget = LocalBudget(per_minute=1)
    with CodatClient(base_url=scripted.url, api_key=CANARY, budget=budget) as client:
        for _ in range(15):
            budget.take(Purpose.BULK)
        bulk, press = asked(bulk=uuid4(), priority=-1), asked()
        assert not is_sent(bulk, scripted, client)
        assert is_sent(press, scripted, client)


def test_what_the_day_keeps_for_presses_is_not_for_a_bulk(scripted: Server, db: None) -> None:
    budget = LocalBudget(per_minute=60)
    with CodatClient(base_url=scripted.url, api_key=CANARY, budget=budget) as client:
        budget.heard(Quota(11_000, 50, NOW + timedelta(hours=3)))
        bulk, press = asked(bulk=uuid4(), priority=-1), asked()
        assert not is_sent(bulk, scripted, client)
        assert "kept for single requests" in held_back(bulk)
        assert is_sent(press, scripted, client)


def test_a_stop_of_all_calls_after_the_look_holds_the_post_back(
    scripted: Server, told: CodatClient, request_: SyncRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spent(company_id: str) -> None:
        raise Later("The budget is spent.", retry_after=7)

    monkeypatch.setattr(told, "confirm_send", spent)
    assert not is_sent(request_, scripted, told)
    assert held_back(request_) == "The budget is spent."
