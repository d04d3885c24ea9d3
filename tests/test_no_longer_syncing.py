"""A merchant whose daily syncs stop, though none fails, is not told to be well."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from syncs.codat.client import CodatClient
from syncs.models import AlertEvent, Merchant
from syncs.operations import rebuilding
from tests.alerting import make_rule
from tests.codat.server import Server
from tests.conftest import NOON
from tests.factories import make_merchant
from tests.looks import looked, never_seen, row
from tests.test_merchant_gaps import page, with_days

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved")]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LAST = row("last", 2000, (NOON - 10 * HOUR).isoformat())
Look = Callable[[Any], Merchant]


@pytest.fixture
def merchant(scripted: Server, told: CodatClient) -> Merchant:
    """Its last daily sync ended well at two in the morning."""
    merchant = never_seen(name="Harbour & Pine", configured_at=NOON)
    return looked(merchant, scripted, told, LAST)


@pytest.fixture
def look_again(merchant: Merchant, scripted: Server, told: CodatClient) -> Look:
    return lambda answer: looked(merchant, scripted, told, answer)


def silent(columns: dict[str, Any] | None = None) -> Merchant:
    facts = {"health": "silent", "last_final_at": NOON - 5 * DAY, "last_success_at": NOON - 5 * DAY}
    return make_merchant(name="Harbour & Pine", **facts | (columns or {}))


def words(html: str) -> str:
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", html, flags=re.DOTALL).split())


@pytest.mark.parametrize(("later", "health"), [(2 * DAY, "healthy"), (3 * DAY, "silent")])
def test_after_three_days_without_a_result_it_is_no_longer_healthy(
    merchant: Merchant, look_again: Look, moved: Any, later: timedelta, health: str
) -> None:
    moved.shift(later)
    assert look_again(LAST).health == health
    assert rebuilding.rebuild(merchant.pk, NOON + later, check=True) == []


def test_a_look_that_finds_it_has_something_to_tell_and_the_next_result_that_it_is_over(
    look_again: Look, moved: Any
) -> None:
    make_rule("failing", "recovered")
    moved.shift(3 * DAY)
    assert look_again(LAST).began_to_fail_at == NOON + 3 * DAY
    look_again(row("new", 2000, (NOON + 3 * DAY).isoformat()))
    noted = AlertEvent.objects.order_by("pk").values_list("event", "what")
    assert noted[0] == ("failing", "No daily sync has ended for three days")
    assert [event for event, _ in noted] == ["failing", "recovered"]


def test_what_runs_just_now_is_not_silent(look_again: Look, moved: Any) -> None:
    moved.shift(4 * DAY)
    assert look_again(row("new", 1000, (NOON + 4 * DAY).isoformat())).health == "healthy"


def test_its_page_says_so_who_must_act_and_that_waiting_does_not_help(noon: None, as_support: Client) -> None:
    html = page(as_support, with_days(silent(), ("w", 3), ("g", 5)))
    told = words(html)
    assert "No daily sync has ended for three days or longer, and none has failed." in told
    assert "Who must act Us" in told
    assert "Yes: Sync latest starts where the last success ended" in told
    assert "It covers 12 – 16 Jun: it starts where the last success ended." in told
    assert "Do not wait for the daily sync: none has ended for days." in told
    assert "The sales are in the books" not in told
    assert "next daily sync" not in told
    assert "Use Sync latest" in told


def test_it_stands_among_the_worst_with_its_own_word_and_link(noon: None, as_support: Client) -> None:
    make_merchant(name="Aster")
    silent()
    html = words(as_support.get("/").text)
    assert html.index("Harbour &amp; Pine") < html.index("Aster")
    assert "No daily sync since 12 Jun, and none has failed" in html
    assert "with 1 not syncing" in html
    only = words(as_support.get("/?health=silent").text)
    assert "Harbour &amp; Pine" in only
    assert "Aster" not in only


def test_it_waits_for_us(noon: None, as_support: Client) -> None:
    silent()
    assert "Harbour &amp; Pine" in as_support.get("/?owner=us").text
    assert "Harbour &amp; Pine" not in as_support.get("/?owner=merchant").text
