"""All syncs, requests and activity of the last 24 hours, 7, 14 or 31 days: spans that end now."""

import csv
import re
from datetime import timedelta

import pytest
from django.test import Client

from syncs.models import Activity, SyncRequest
from syncs.operations import log
from tests.conftest import NOON
from tests.factories import make_cause, make_merchant, make_request, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved")]

AGES = {0.5: "12 hours", 2: "two days", 10: "ten days", 20: "twenty days", 40: "forty days"}
SPANS = [
    ("24h", ["12 hours"]),
    ("7d", ["12 hours", "two days"]),
    ("14d", ["12 hours", "two days", "ten days"]),
    ("31d", ["12 hours", "two days", "ten days", "twenty days"]),
]


@pytest.mark.parametrize(("span", "listed"), SPANS)
def test_syncs_that_began_then(as_viewer: Client, span: str, listed: list[str]) -> None:
    merchant = make_merchant()
    for age, name in AGES.items():
        make_sync(merchant, started_at=NOON - timedelta(days=age), sync_id=name)
    file = as_viewer.get(f"/syncs.csv?last={span}").getvalue().decode()
    assert [line[-1] for line in list(csv.reader(file.splitlines()))[1:]] == listed
    html = as_viewer.get(f"/syncs/?last={span}").text
    assert len(re.findall(r'<tr id="sync-', html)) == len(listed)
    assert f'<option value="{span}" selected>' in html


@pytest.mark.parametrize(("span", "listed"), SPANS)
def test_requests_that_were_asked_for_then(as_viewer: Client, span: str, listed: list[str]) -> None:
    for age, name in AGES.items():
        asked = make_request(make_merchant(), reason=name)
        SyncRequest.objects.filter(pk=asked.pk).update(asked_at=NOON - timedelta(days=age))
    file = as_viewer.get(f"/requests.csv?scope={span}").getvalue().decode()
    assert [line[8] for line in list(csv.reader(file.splitlines()))[1:]] == listed
    html = as_viewer.get(f"/requests/?scope={span}").text
    assert len(re.findall(r'<tr id="request-', html)) == len(listed)
    assert 'aria-pressed="true"' not in html, "a tile counts what is of today"


@pytest.mark.parametrize(("span", "listed"), SPANS)
def test_what_was_done_then(as_viewer: Client, span: str, listed: list[str]) -> None:
    for age, name in AGES.items():
        log.record("note.added", name, at=NOON - timedelta(days=age))
    assert Activity.objects.count() == len(AGES)
    html = as_viewer.get(f"/activity/?last={span}").text
    found = [name for name in AGES.values() if name in html]
    assert found == listed
    assert f'<option value="{span}" selected>' in html


@pytest.mark.parametrize("page", ["syncs/?last", "activity/?last", "requests/?scope"])
@pytest.mark.parametrize("value", ["8d", "-7d", "7D", "٧d", "<b>"])
def test_another_span_is_ignored_and_said(as_viewer: Client, page: str, value: str) -> None:
    assert "is not a filter of this page. It was ignored." in as_viewer.get(f"/{page}={value}").text


def test_a_span_goes_with_the_other_filters(as_viewer: Client) -> None:
    fine, other = make_merchant(name="Harbour"), make_merchant(name="Wren")
    for merchant in (fine, other):
        make_sync(merchant, started_at=NOON - timedelta(days=2))
        make_sync(merchant, started_at=NOON - timedelta(days=20))
    html = as_viewer.get("/syncs/?last=7d&merchant=harb").text
    assert len(re.findall(r'<tr id="sync-', html)) == 1


@pytest.mark.parametrize(("span", "days"), [("24h", "16 – 17 Jun"), ("7d", "11 – 17 Jun"), ("14d", "")])
def test_causes_are_put_side_by_side_for_the_days_of_a_span_that_is_not_too_long(
    as_viewer: Client, span: str, days: str
) -> None:
    make_sync(make_merchant(), 5130, NOON - timedelta(hours=3), cause=make_cause())
    html = as_viewer.get(f"/syncs/?last={span}").text
    assert re.findall(r"1 cause of failures from ([^<]+)<", html) == ([days] if days else [])


def test_a_span_that_ended_before_it_began_finds_nothing_and_breaks_nothing(as_viewer: Client) -> None:
    make_sync(make_merchant(), 5130, NOON - timedelta(hours=3), cause=make_cause())
    answer = as_viewer.get("/syncs/?last=7d&until=2026-06-01")
    assert answer.status_code == 200
    assert "No sync fits these filters." in answer.text


def test_all_causes_are_shown_on_demand(as_viewer: Client) -> None:
    for number in range(7):
        make_sync(
            make_merchant(), 5130, NOON - timedelta(hours=3), cause=make_cause(sample=f"Cause {number}")
        )
    html = as_viewer.get("/syncs/?last=24h").text
    assert html.count('data-l="Cause"') == 5
    link = re.findall(r'id="all-causes" href="([^"]+)">Show all 7 causes<', html)[0].replace("&amp;", "&")
    every = as_viewer.get(link).text
    assert every.count('data-l="Cause"') == 7
    assert "all-causes" not in every
