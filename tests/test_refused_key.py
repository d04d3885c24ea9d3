"""Codat does not accept our API key: every page says who must act, and what waits is not held against anybody."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from redis import Redis

from syncs.clock import Clock
from syncs.codat.client import CodatClient
from syncs.codat.errors import Refused
from syncs.models import Heartbeat, Merchant
from syncs.operations import api_key, importing
from syncs.operations.refresh import refresh
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_merchant
from tests.presses import asked, held_back, is_sent, last_entry, stored, verbs
from tests.test_pauses import all_beat
from tests.test_reconciling import NOW as LOOKED_FROM
from tests.test_reconciling import all_looks, listed, looked_at, uncertain
from tests.test_worker_beats import notices
from tests.upstream import ERROR, NONE_YET

NOW = datetime.fromisoformat("2026-06-17T12:00:00Z")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
UNAUTHORIZED = says(401, ERROR | {"statusCode": 401, "error": "Unauthorized"})
NOTICE = "Codat does not accept our API key. Nothing can be sent or read until an admin puts it right."

pytestmark = pytest.mark.django_db


def about_the_key(client: Client) -> list[str]:
    all_beat()
    return [notice for notice in notices(client) if "API key" in notice]


def refused_twice(server: Server, client: CodatClient, moved: Any) -> Merchant:
    merchant = make_merchant(configured_at=NOW)
    server.answers(UNAUTHORIZED)
    for _ in range(2):
        refresh(merchant.pk, client)
        moved.shift(10 * SECOND)
    return merchant


def test_the_second_401_in_a_row_is_told_on_every_page(
    moved: Any, scripted: Server, told: CodatClient, as_viewer: Client
) -> None:
    merchant = make_merchant()
    scripted.answers(UNAUTHORIZED)
    refresh(merchant.pk, told)
    assert about_the_key(as_viewer) == []
    moved.shift(SECOND)
    refresh(merchant.pk, told)
    assert about_the_key(as_viewer) == []
    moved.shift(4 * SECOND)
    refresh(merchant.pk, told)
    assert about_the_key(as_viewer) == [NOTICE]
    for path in ("/requests/", "/activity/", f"/merchants/{merchant.company_id}/"):
        assert "Codat does not accept our API key." in as_viewer.get(path).text


def test_one_that_met_401_between_others_that_did_not_is_no_news(
    moved: Any, scripted: Server, told: CodatClient, as_viewer: Client
) -> None:
    odd, even = make_merchant(), make_merchant(configured_at=NOW)
    for _ in range(3):
        scripted.answers(UNAUTHORIZED)
        refresh(odd.pk, told)
        moved.shift(10 * SECOND)
        scripted.answers(NONE_YET)
        refresh(even.pk, told)
        moved.shift(10 * SECOND)
    assert about_the_key(as_viewer) == []


@pytest.mark.parametrize("by", ["a refresh", "another no", "a list of companies"])
def test_any_answer_that_accepts_the_key_ends_it(
    moved: Any, scripted: Server, told: CodatClient, as_viewer: Client, by: str
) -> None:
    merchant = refused_twice(scripted, told, moved)
    assert about_the_key(as_viewer) == [NOTICE]
    Clock().tick(timezone.now())
    assert about_the_key(as_viewer) == [NOTICE]
    if by == "a list of companies":
        scripted.answers(
            says(200, {"results": [], "pageNumber": 1, "pageSize": 200, "totalResults": 0, "_links": {}})
        )
        importing.read_connections(told)
    else:
        scripted.answers(NONE_YET if by == "a refresh" else says(403, ERROR))
        refresh(merchant.pk, told)
    Clock().tick(timezone.now())
    assert about_the_key(as_viewer) == []
    assert not Heartbeat.objects.filter(name__startswith="key").exists()


def test_nothing_is_written_while_nothing_is_new(
    moved: Any, scripted: Server, told: CodatClient, django_assert_num_queries: Any
) -> None:
    refused_twice(scripted, told, moved)
    before = list(Heartbeat.objects.order_by("name").values())
    for _ in range(3):
        api_key.heard(Refused("No", http_status=401), timezone.now())
        moved.shift(10 * SECOND)
    assert list(Heartbeat.objects.order_by("name").values()) == before
    api_key.accepted()
    with django_assert_num_queries(1):
        api_key.accepted()


def test_readyz_says_it_too_and_stays_ready(
    broker: Redis, moved: Any, scripted: Server, told: CodatClient, client: Client
) -> None:
    all_beat()
    assert client.get("/readyz").json()["checks"]["Codat's API key"] == "fine"
    refused_twice(scripted, told, moved)
    response = client.get("/readyz")
    said = (
        "Not accepted by Codat since 17 Jun, 13:00:00 BST. "
        "Nothing can be sent or read until an admin puts it right."
    )
    assert (response.status_code, response.json()["checks"]["Codat's API key"]) == (200, said)


def test_a_press_waits_and_says_who_must_act(moved: Any, scripted: Server, told: CodatClient) -> None:
    request = asked()
    scripted.answers(UNAUTHORIZED)
    send(request.pk, told)
    assert held_back(request) == "Codat answered 401: “Unauthorized”."
    moved.shift(30 * SECOND)
    send(request.pk, told)
    assert held_back(request) == NOTICE
    moved.shift(30 * SECOND)
    assert is_sent(request, scripted, told)


def test_a_post_alone_that_met_it_names_the_key(moved: Any, scripted: Server, told: CodatClient) -> None:
    request = asked()
    scripted.answers(NONE_YET, UNAUTHORIZED)
    send(request.pk, told)
    about_it = "A 401 is about our API key: tell an admin."
    assert stored(request).state == State.REJECTED
    assert stored(request).result == last_entry(request)
    assert f"“Unauthorized”. {about_it} Nothing was run." in stored(request).result


def test_a_look_that_met_it_is_no_look(scripted: Server, told: CodatClient, as_viewer: Client) -> None:
    request = uncertain()
    scripted.answers(UNAUTHORIZED)
    assert all_looks(request, told) == []
    left = stored(request)
    assert (left.state, left.looks, verbs(left)) == (State.UNCERTAIN, 0, ["request.asked"])
    with time_machine.travel(LOOKED_FROM + 41 * MINUTE, tick=False):
        assert about_the_key(as_viewer) == [NOTICE]
    scripted.answers(listed("before", "new"))
    assert looked_at(request, told, LOOKED_FROM + 42 * MINUTE).looks == 1


def test_where_codat_accepts_the_key_from_others_nobody_waits_for_ever(
    scripted: Server, told: CodatClient, as_viewer: Client
) -> None:
    request, other = uncertain(), make_merchant()
    scripted.answers(UNAUTHORIZED)
    for half_minute in range(2, 90):
        at = LOOKED_FROM + half_minute * MINUTE / 2
        looked_at(request, told, at)
        Merchant.objects.filter(pk=other.pk).update(refreshed_at=at + SECOND)
        api_key.lift_when_accepted(at)
    assert stored(request).state == State.NEEDS_REVIEW
