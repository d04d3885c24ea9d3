"""The browser's tab tells how things stand: in its title how many merchants fail, in its icon if something does."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.operations import counting, heartbeats
from tests.factories import make_failing_merchant, make_merchant
from tests.test_health_live import changed, poll_of
from tests.test_health_page import page

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def title(html: str) -> str:
    return re.findall(r"<title>([^<]*)</title>", html)[0]


def titled(html: str) -> list[str]:
    return re.findall(r'data-title="([^"]*)"', html)


def icon(html: str) -> str:
    return re.findall(r'id="favicon" href="([^"]*)"', html)[0].rpartition("/")[2]


def alive() -> None:
    for part in (*heartbeats.PARTS, heartbeats.QUEUE_TAKES):
        heartbeats.beat(part, host="here", pid=1)


def test_it_begins_with_the_number_of_those_that_fail_whatever_is_filtered(as_viewer: Client) -> None:
    make_failing_merchant()
    make_failing_merchant()
    make_merchant()
    assert title(page(as_viewer, "/?health=healthy")) == "(2) Sync health · Sync Desk"


def test_where_nobody_fails_there_is_no_number(as_viewer: Client) -> None:
    make_merchant()
    assert title(page(as_viewer)) == "Sync health · Sync Desk"


def test_a_poll_brings_the_new_title(as_viewer: Client) -> None:
    merchant = make_merchant()
    html = page(as_viewer)
    changed(merchant, health="failing", last_code=5000)
    assert titled(as_viewer.get(poll_of(html)).text) == ["(1) Sync health · Sync Desk"]


def test_the_icon_is_plain_while_all_is_well_and_red_while_nothing_is_sent(as_viewer: Client) -> None:
    with time_machine.travel(timezone.now().replace(hour=12), tick=False) as clock:
        alive()
        html = page(as_viewer)
        assert icon(html) == "favicon.svg"
        assert 'data-trouble=""' in html
        clock.shift(timedelta(minutes=5))
        assert icon(page(as_viewer, "/activity/")) == "favicon-bad.svg"
        answer = as_viewer.get(poll_of(html)).text
        assert re.search(r'data-trouble="bad" id="banners"', answer)


def test_it_is_amber_while_sending_is_frozen(as_lead: Client) -> None:
    alive()
    as_lead.post("/sending/freeze/", {"reason": "Codat asked for it"})
    assert icon(page(as_lead)) == "favicon-warn.svg"


def test_before_somebody_signs_in_it_tells_nothing(db: None) -> None:
    assert icon(Client().get("/sign-in/").text) == "favicon.svg"


def test_a_hidden_tab_is_told_both_for_little(as_viewer: Client) -> None:
    make_failing_merchant()
    alive()
    counting.keep(timezone.now())
    assert as_viewer.get("/health/sign/").json() == {"title": "(1) Sync health · Sync Desk", "trouble": ""}
    assert 'data-sign="/health/sign/"' in page(as_viewer)
    with CaptureQueriesContext(connection) as captured:
        as_viewer.get("/health/sign/")
    assert len(captured) <= 5


def test_a_stranger_is_told_nothing(db: None) -> None:
    assert Client().get("/health/sign/").status_code == 302
