"""A look that a host dated into the future, because its clock ran ahead: the next one takes its place, and until then
nobody is told an age that nobody knows."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Freeze, Merchant
from syncs.operations import freezing, webhooks
from syncs.operations.handing_out import claim_due_merchants
from tests.codat.server import Server
from tests.factories import make_merchant
from tests.looks import NOW, looked, never_seen, row
from tests.test_merchant_live import card
from tests.test_merchant_page import page

pytestmark = pytest.mark.django_db
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def dated(ahead: timedelta, **columns: Any) -> Merchant:
    later = {"refreshed_at": NOW + ahead, "next_refresh_at": NOW + ahead + DAY}
    return make_merchant(**later | columns)


def test_the_next_look_takes_its_place(scripted: Server, told: CodatClient) -> None:
    merchant = never_seen()
    with time_machine.travel(NOW + 2 * DAY, tick=False):
        assert looked(merchant, scripted, told, row()).refreshed_at == NOW + 2 * DAY
    assert looked(merchant, scripted, told, row()).refreshed_at == NOW


def test_an_answer_that_is_stored_late_makes_nothing_older(scripted: Server, told: CodatClient) -> None:
    """Two looks that overlapped, on hosts whose clocks differ by seconds."""
    merchant = never_seen()
    with time_machine.travel(NOW + 30 * SECOND, tick=False):
        looked(merchant, scripted, told, row())
    assert looked(merchant, scripted, told, row()).refreshed_at == NOW + 30 * SECOND


def test_its_open_page_is_asked_once_a_minute() -> None:
    """And not all the time: whoever looks may be on the same host, and date it so again."""
    wrong, right = dated(2 * DAY), dated(30 * SECOND)
    asked = []
    for second in range(60):
        asked += claim_due_merchants(NOW + second * SECOND, 5, [wrong.pk, right.pk])
        Merchant.objects.filter(pk=wrong.pk).update(next_refresh_at=NOW + 3 * DAY, next_refresh_reason="")
    assert asked == [wrong.pk]


def test_the_list_says_that_its_age_is_not_known(as_viewer: Client) -> None:
    dated(2 * DAY)
    assert "of an unknown age" in as_viewer.get("/").text


def test_its_page_says_so_too(as_viewer: Client) -> None:
    merchant = dated(2 * DAY, refresh_problem="Codat answered 503.")
    html = page(as_viewer, merchant)
    told = "Nobody knows when its syncs were checked: the time of a host was wrong"
    assert told in card(html, "h-history")
    assert "What you see is from a look of which nobody knows when it was." in card(html, "h-connections")


def test_what_codat_told_since_is_news(scripted: Server, told: CodatClient) -> None:
    assert webhooks.is_news(dated(2 * DAY, told_at=NOW - SECOND), NOW)
    assert not webhooks.is_news(dated(0 * DAY, told_at=NOW - SECOND), NOW)


def test_it_is_no_answer_of_codats_that_lifts_a_freeze() -> None:
    freezing.freeze(Freeze.Cause.SILENCE, now=NOW - DAY, reason="No answer")
    dated(2 * DAY)
    freezing.resume_when_answered(timezone.now())
    assert Freeze.objects.standing().exists()
    dated(0 * DAY)
    freezing.resume_when_answered(timezone.now())
    assert not Freeze.objects.standing().exists()
