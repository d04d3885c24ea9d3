"""Codat's answer names the window that it runs. What is reported is that one, never the days that were asked for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from syncs.codat.client import CodatClient
from syncs.models import SyncRequest
from syncs.operations.refresh import refresh
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_merchant, make_request
from tests.looks import row
from tests.presses import last_entry, stored
from tests.upstream import NONE_YET, STARTED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
STARTED_ID = STARTED["commerceSyncId"]
NOON = datetime(2026, 6, 17, 12, tzinfo=UTC)
WORKING = "Codat accepted the request and is working"


def asked_for(zone: str = "Etc/UTC", first: int = 10, last: int = 12, **columns: Any) -> SyncRequest:
    """10 – 12 June."""
    merchant = make_merchant(time_zone=zone, configured_at=NOON)
    days = {"first_day": date(2026, 6, first), "last_day": date(2026, 6, last)}
    return make_request(merchant, not_before=NOON, **days | columns)


def accepted(
    request: SyncRequest, server: Server, client: CodatClient, start: str, finish: str
) -> SyncRequest:
    window = {"start": start, "finish": finish}
    server.answers(NONE_YET, says(200, STARTED | {"syncDateRangeUtc": window}))
    send(request.pk, client)
    assert stored(request).state == State.ACCEPTED
    return stored(request)


def ended(request: SyncRequest, server: Server, client: CodatClient, code: int = 2000) -> SyncRequest:
    server.answers(says(200, [row(STARTED_ID, code, NOON.isoformat())]))
    refresh(request.merchant_id, client)
    return stored(request)


ELSEWHERE = "1 Jan 2026 – 2 Jan 2026 instead of the days asked for"


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (2000, f"Finished, but Codat ran {ELSEWHERE}"),
        (2040, f"Finished, but Codat ran {ELSEWHERE}: no sales"),
        (5130, f"Failed with “Could not write data” (5130). Codat ran {ELSEWHERE}"),
    ],
)
def test_other_days_than_those_asked_for_are_told_as_such(
    scripted: Server, told: CodatClient, code: int, result: str
) -> None:
    request = accepted(asked_for(), scripted, told, "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z")
    assert last_entry(request) == f"Codat accepted the request, but runs {ELSEWHERE}"
    assert ended(request, scripted, told, code).result == result
    assert last_entry(request) == result


@pytest.mark.parametrize(
    ("zone", "window", "words"),
    [
        ("Europe/Paris", ("2026-06-09T22:00:00Z", "2026-06-10T22:00:00Z"), "10 Jun 2026"),
        (
            "Europe/Paris",
            ("2026-06-10T00:00:00Z", "2026-06-12T22:00:00Z"),
            "\ufdd0{2026-06-10T00:00:00Z} to \ufdd0{2026-06-12T22:00:00Z}",
        ),
        ("Etc/UTC", ("2026-06-11T00:00:00Z", "2026-06-13T00:00:00Z"), "11 Jun 2026 – 12 Jun 2026"),
        (
            "Etc/UTC",
            ("2026-06-10T00:00:00Z", "2026-06-12T23:59:00Z"),
            "\ufdd0{2026-06-10T00:00:00Z} to \ufdd0{2026-06-12T23:59:00Z}",
        ),
    ],
)
def test_days_are_named_where_it_ran_whole_ones_and_moments_where_not(
    scripted: Server, told: CodatClient, zone: str, window: tuple[str, str], words: str
) -> None:
    request = accepted(asked_for(zone), scripted, told, *window)
    result = ended(request, scripted, told).result
    assert result == f"Finished, but Codat ran {words} instead of the days asked for"


@pytest.mark.parametrize("start", ["2026-06-10T00:00:00Z", "2026-06-01T00:00:00Z"])
def test_a_window_that_holds_all_that_was_asked_for_is_no_news(
    scripted: Server, told: CodatClient, start: str
) -> None:
    request = accepted(asked_for(), scripted, told, start, "2026-06-13T00:00:00.0000000Z")
    assert last_entry(request) == WORKING
    assert ended(request, scripted, told).result == "Finished: synced 3 days"


def test_what_lay_ahead_when_it_was_asked_for_may_be_cut(scripted: Server, told: CodatClient) -> None:
    """Today's day ends tonight. Codat's clock says 11:58 where ours says noon."""
    request = accepted(
        asked_for(first=17, last=17), scripted, told, "2026-06-17T00:00:00Z", "2026-06-17T11:58:00Z"
    )
    assert last_entry(request) == WORKING
    assert ended(request, scripted, told).result == "Finished: synced 1 day"


@pytest.mark.parametrize(
    ("finish", "result"),
    [
        ("2026-06-17T12:00:00Z", "Finished: synced up to \ufdd0{2026-06-17T12:00:00Z}"),
        ("2026-06-17T11:59:58Z", "Finished: synced up to \ufdd0{2026-06-17T11:59:58Z}"),
        (
            "2026-01-03T00:00:00Z",
            "Finished, but Codat ran 1 Jan 2026 – 2 Jan 2026 instead of all up to \ufdd0{2026-06-17T12:00:00Z}",
        ),
    ],
)
def test_a_latest_request_begins_where_codat_says_and_must_reach_its_end(
    scripted: Server, told: CodatClient, finish: str, result: str
) -> None:
    merchant = make_merchant(time_zone="Etc/UTC", configured_at=NOON)
    request = make_request(merchant, kind="latest", not_before=NOON)
    accepted(request, scripted, told, "2026-01-01T00:00:00Z", finish)
    assert ended(request, scripted, told).result == result


@pytest.mark.parametrize(
    ("columns", "days"),
    [
        ({"first": 10, "last": 12}, "no sales on these days"),
        ({"first": 10, "last": 10}, "no sales on this day"),
        ({}, "no new sales up to \ufdd0{2026-06-17T12:00:00Z}"),
    ],
)
def test_no_sales_are_told_with_the_days_that_have_none(
    scripted: Server, told: CodatClient, columns: dict[str, int], days: str
) -> None:
    latest = {"kind": "latest", "not_before": NOON}
    merchant = make_merchant(time_zone="Etc/UTC", configured_at=NOON)
    request = asked_for(**columns) if columns else make_request(merchant, **latest)
    accepted(request, scripted, told, "2026-06-01T00:00:00Z", "2026-06-17T12:00:00Z")
    assert ended(request, scripted, told, 2040).result == f"Finished: {days}"


def test_without_a_word_on_the_window_the_days_asked_for_are_reported(
    scripted: Server, told: CodatClient
) -> None:
    request = asked_for()
    scripted.answers(NONE_YET, says(200, {"commerceSyncId": STARTED_ID}))
    send(request.pk, told)
    assert last_entry(request) == WORKING
    assert ended(request, scripted, told).result == "Finished: synced 3 days"


def test_the_page_of_the_request_tells_it_at_once(
    scripted: Server, told: CodatClient, as_viewer: Client
) -> None:
    request = accepted(asked_for(), scripted, told, "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z")
    page = as_viewer.get(reverse("request", args=[request.pk])).content.decode()
    assert f"It runs {ELSEWHERE}." in page
    assert timedelta(days=2) == request.window_finish - request.window_start


@pytest.mark.parametrize(("day", "tone"), [("2026-06-11", "t-warn"), ("2026-06-10", "t-ok")])
def test_the_page_of_the_merchant_is_not_glad_of_other_days(
    scripted: Server, told: CodatClient, as_viewer: Client, day: str, tone: str
) -> None:
    request = accepted(asked_for(), scripted, told, f"{day}T00:00:00Z", "2026-06-13T00:00:00Z")
    ended(request, scripted, told)
    page = as_viewer.get(reverse("merchant", args=[request.merchant.company_id])).content.decode()
    assert f'<div class="note {tone}" id="news" data-told>' in page
