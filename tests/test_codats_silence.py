"""Codat answers no look: every page says so, with the moment up to which what it shows is known."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.clock import Clock
from syncs.codat.client import CodatClient
from syncs.models import Heartbeat, Merchant
from syncs.operations import silence
from syncs.operations.refresh import refresh
from tests.codat.server import Server, hangs_up, says
from tests.factories import make_merchant
from tests.test_pauses import all_beat
from tests.test_worker_beats import notices
from tests.upstream import ERROR, NONE_YET

NOW = datetime.fromisoformat("2026-06-17T12:00:00Z")
DOWN = says(503, ERROR | {"statusCode": 503, "error": "Unavailable"})
NOTICE = "Codat does not answer. Showing data from 13:00. What is asked for is saved and waits."

pytestmark = pytest.mark.django_db


def notice(client: Client) -> list[str]:
    all_beat()
    return [notice for notice in notices(client) if "does not answer" in notice]


def looked_at_in_vain(
    server: Server, client: CodatClient, moved: Any, *merchants: Merchant, answer: Any = DOWN
) -> None:
    server.answers(answer)
    for merchant in merchants:
        refresh(merchant.pk, client)
        moved.shift(timedelta(seconds=40))


def two() -> list[Merchant]:
    return [make_merchant(configured_at=NOW, refreshed_at=NOW - timedelta(hours=1)) for _ in range(2)]


@pytest.mark.parametrize("answer", [DOWN, hangs_up], ids=["503", "nothing"])
def test_where_two_looks_in_a_row_bring_no_answer_every_page_says_so(
    scripted: Server, told: CodatClient, moved: Any, as_viewer: Client, answer: Any
) -> None:
    looked_at_in_vain(scripted, told, moved, *two(), answer=answer)
    assert notice(as_viewer) == [NOTICE]


def test_a_failed_look_or_one_merchant_whose_looks_fail_is_not_told(
    scripted: Server, told: CodatClient, moved: Any, as_viewer: Client
) -> None:
    one, _ = two()
    looked_at_in_vain(scripted, told, moved, one, one, one)
    assert notice(as_viewer) == []


def test_another_merchant_is_asked_soon_where_one_is_not_answered(
    scripted: Server, told: CodatClient
) -> None:
    one, other = two()
    Merchant.objects.filter(pk=other.pk).update(next_refresh_at=timezone.now() + timedelta(hours=3))
    scripted.answers(DOWN)
    refresh(one.pk, told)
    other.refresh_from_db()
    assert other.next_refresh_at is not None
    assert timedelta(seconds=25) < other.next_refresh_at - timezone.now() <= timedelta(seconds=30)
    assert other.next_refresh_reason == "asked whether Codat answers for others"


def test_two_that_fail_at_once_are_not_told_before_a_while(
    scripted: Server, told: CodatClient, as_viewer: Client
) -> None:
    scripted.answers(DOWN)
    for merchant in two():
        refresh(merchant.pk, told)
    assert notice(as_viewer) == []


@pytest.mark.parametrize("status", [404, 401, 429])
def test_a_refusal_is_an_answer(
    scripted: Server, told: CodatClient, moved: Any, as_viewer: Client, status: int
) -> None:
    answer = says(status, ERROR | {"statusCode": status, "error": "No"})
    looked_at_in_vain(scripted, told, moved, *two(), answer=answer)
    assert notice(as_viewer) == []


def test_between_the_two_nobody_was_answered(
    scripted: Server, told: CodatClient, moved: Any, as_viewer: Client
) -> None:
    first, second = two()
    looked_at_in_vain(scripted, told, moved, first)
    looked_at_in_vain(scripted, told, moved, make_merchant(configured_at=NOW), answer=NONE_YET)
    looked_at_in_vain(scripted, told, moved, second)
    assert notice(as_viewer) == []


def test_it_goes_with_the_first_good_answer(
    scripted: Server, told: CodatClient, moved: Any, as_viewer: Client
) -> None:
    first, second = two()
    looked_at_in_vain(scripted, told, moved, first, second)
    silence.lift_when_answered(timezone.now())
    assert notice(as_viewer) == [NOTICE]
    looked_at_in_vain(scripted, told, moved, first, answer=NONE_YET)
    Clock().tick(timezone.now())
    assert notice(as_viewer) == []
    assert not Heartbeat.objects.filter(name__startswith="no answer").exists()
