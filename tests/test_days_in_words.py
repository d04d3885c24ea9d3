"""A day reads the same in the history, the grid, the fuse and the strip, also where a failed run reached into it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from syncs.codat.client import CodatClient
from syncs.models import Merchant
from syncs.rules.states import State
from tests.codat.server import Server
from tests.factories import make_request, make_user
from tests.looks import NOW, looked, never_seen, row

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
TO_COME = "its sync has not run yet"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def merchant(db: None) -> Merchant:
    """Its sync of yesterday, 20 November, is due tonight at ten."""
    return never_seen(time_zone="Europe/London", sync_hour=22, start_date=date(2026, 11, 1))


@pytest.fixture
def burning(scripted: Server, told: CodatClient, merchant: Merchant) -> Merchant:
    """The run of 19 November, which began on the 20th at ten, has failed, and that of the night before."""
    began = datetime(2026, 11, 18, 22, 5, tzinfo=UTC)
    codes = (2000, 5000, 5000)
    rows = [
        row(f"night-{n}", code, (began + timedelta(days=n)).isoformat(), errorMessage="Oops" * (code > 3000))
        for n, code in enumerate(codes)
    ]
    return looked(merchant, scripted, told, *rows)


def page(client: Client, merchant: Merchant) -> str:
    return client.get(f"/merchants/{merchant.company_id}/").text


def line(html: str, number: int) -> str:
    """A row of the history, newest first."""
    cell = html.partition('id="history"')[2].split('data-l="Sales days"')[number + 1].partition("</td>")[0]
    return " ".join(cell.replace("<br>", " ").split())


def test_a_run_has_the_days_up_to_its_own_and_a_part_of_the_next(
    as_viewer: Client, burning: Merchant
) -> None:
    html = page(as_viewer, burning)
    assert 'about 18 – 19 Nov<span class="sub"> and a part of 20 Nov, inferred</span>' in line(html, 0)
    assert "Fri 20 Nov: its sync has not run yet" in html
    assert "Thu 19 Nov: failed" in html


def test_the_fuse_and_the_list_have_the_words_of_the_grid(as_viewer: Client, burning: Merchant) -> None:
    fuse = f"Yesterday: {TO_COME}. If it fails, that is failed day {burning.failed_days + 1}."
    assert fuse in page(as_viewer, burning)
    assert f"the newest: {TO_COME}" in as_viewer.get("/?health=").text


def test_while_the_run_of_yesterday_is_under_way_all_say_so(
    scripted: Server, told: CodatClient, burning: Merchant, client: Client
) -> None:
    with time_machine.travel(NOW + timedelta(hours=13, minutes=30), tick=False):
        looked(burning, scripted, told, row("tonight", 1000, "2026-11-21T22:05:00Z"))
        client.force_login(make_user("viewer"))
        html = page(client, burning)
    assert "Fri 20 Nov: a sync is running" in html
    assert "Yesterday: a sync is running. If it fails, that is failed day" in html


def test_a_run_within_one_day_has_only_a_part_of_it(
    scripted: Server, told: CodatClient, merchant: Merchant, as_viewer: Client
) -> None:
    """Pressed at two in the afternoon, after a success at noon."""
    start, finish = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (12, 14))
    make_request(
        merchant,
        state=State.ACCEPTED,
        kind="latest",
        commerce_sync_id="ours",
        window_start=start,
        window_finish=finish,
        window_answered=True,
    )
    looked(merchant, scripted, told, row("ours", 5000, finish.isoformat(), errorMessage="Oops"))
    html = page(as_viewer, merchant)
    assert 'a part of 20 Nov<span class="sub"> as Codat answered</span>' in line(html, 0)
    assert f"Fri 20 Nov: {TO_COME}" in html
    assert "a part of 20 Nov" in as_viewer.get("/syncs/").text


def test_a_run_of_whole_days_has_them_alone(
    scripted: Server, told: CodatClient, merchant: Merchant, as_viewer: Client
) -> None:
    days = {"first_day": date(2026, 11, 18), "last_day": date(2026, 11, 20)}
    make_request(merchant, state=State.ACCEPTED, commerce_sync_id="ours", **days)
    looked(merchant, scripted, told, row("ours", 5000, "2026-11-21T08:30:00Z", errorMessage="Oops"))
    html = page(as_viewer, merchant)
    assert '18 – 20 Nov<span class="sub"> as requested</span>' in line(html, 0)
    assert "Fri 20 Nov: failed" in html
    assert "about" not in line(html, 0)
