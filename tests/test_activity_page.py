import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from syncs.models import Activity, User
from syncs.operations import log, notes
from syncs.rules.states import State
from tests.factories import make_merchant, make_request, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def entries(client: Client, query: str = "") -> list[int]:
    return [int(pk) for pk in re.findall(r'<tr id="entry-(\d+)"', client.get(f"/activity/{query}").text)]


def record(
    what: str = "Added a note", *, hours_ago: float = 0, verb: str = "note.added", **words
) -> Activity:
    """An entry of so long ago; the table takes no corrections, so its moment is given at once."""
    return Activity.objects.create(verb=verb, what=what, at=NOON - timedelta(hours=hours_ago), **words)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_entries_stand_newest_first_under_their_day(as_viewer: Client) -> None:
    yesterday, today = record(hours_ago=20), record()
    assert entries(as_viewer) == [today.pk, yesterday.pk]
    days = re.findall(r'scope="colgroup">([^<]+)<', as_viewer.get("/activity/").text)
    assert days == ["Saturday 21 Nov 2026", "Friday 20 Nov 2026"]


def test_the_day_is_the_readers(as_viewer: Client, viewer: User) -> None:
    entry = record(hours_ago=13)
    assert entries(as_viewer, "?day=2026-11-20") == [entry.pk]
    viewer.time_zone = "Asia/Tokyo"
    viewer.save()
    assert entries(as_viewer, "?day=2026-11-20") == []
    assert entries(as_viewer, "?day=2026-11-21") == [entry.pk]


def test_an_entry_tells_who_what_for_whom_why_and_the_change(as_viewer: Client, lead: User) -> None:
    merchant = make_merchant(name="Heath & Hollow")
    record(
        "Changed the hour",
        actor=lead,
        merchant=merchant,
        reason="Owner <asked>",
        before="02:00",
        after="04:00",
    )
    page = as_viewer.get("/activity/").text
    for words in (
        "12:00:00",
        "Mei Tanaka",
        "Changed the hour",
        "Heath &amp; Hollow",
        "“Owner &lt;asked&gt;”",
    ):
        assert words in page
    assert re.search(r"<del>02:00</del> → .*<ins>04:00</ins>", page)


def test_without_a_person_it_was_sync_desk(as_viewer: Client) -> None:
    record("Saw Osprey change")
    assert "Sync Desk</span></span></td>" in as_viewer.get("/activity/").text


def test_a_request_wears_the_pill_of_its_end(as_viewer: Client) -> None:
    request = make_request(make_merchant(), state=State.REJECTED)
    record("Codat refused it", verb="request.rejected", request=request, merchant=request.merchant)
    page = as_viewer.get("/activity/").text
    assert "Refused by Codat" in page
    assert f'href="/requests/{request.pk}/"' in page


@pytest.fixture
def cast(lead: User) -> dict[str, int]:
    merchant = make_merchant(name="Harbour & Pine")
    request = make_request(merchant, state=State.NEEDS_REVIEW, asked_by=lead, reason="Ticket 1")
    asked = Activity.objects.get()
    return {
        "asked": asked.pk,
        "review": record(
            "Put before a person", verb="request.needs_review", request=request, merchant=merchant
        ).pk,
        "ended": record("Finished", verb="request.succeeded", request=request, merchant=merchant).pk,
        "verdict": record("Decided", verb="request.not_run", actor=lead, request=request, reason="Looked").pk,
        "note": notes.add(merchant, "Rang", by=make_user("support", "priya")).pk,
        "merchant": record("Archived", verb="merchant.archived", merchant=make_merchant(name="Wren")).pk,
        "role": log.record("user.role", "Gave Priya the role support", actor=lead).pk,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?what=asked", {"asked"}),
        ("?what=ended", {"ended", "verdict"}),
        ("?what=reviews", {"review", "verdict"}),
        ("?what=notes", {"note"}),
        ("?what=merchants", {"merchant"}),
        ("?what=people", {"role"}),
        ("?source=people", {"asked", "verdict", "note", "role"}),
        ("?source=system", {"review", "ended", "merchant"}),
        ("?by=lead", {"asked", "verdict", "role"}),
        ("?by=sync+desk", {"review", "ended", "merchant"}),
        ("?reason=given", {"asked", "verdict", "note"}),
        ("?merchant=harbour", {"asked", "review", "ended", "note"}),
        ("?merchant=harbour&what=notes", {"note"}),
    ],
)
def test_filters_narrow(as_viewer: Client, cast: dict[str, int], query: str, expected: set[str]) -> None:
    assert set(entries(as_viewer, query)) == {cast[name] for name in expected}


def test_a_company_id_and_a_request_narrow_too(as_viewer: Client, cast: dict[str, int]) -> None:
    note = Activity.objects.select_related("merchant").get(pk=cast["note"])
    assert cast["note"] in entries(as_viewer, f"?merchant={note.merchant.company_id}")
    assert cast["merchant"] not in entries(as_viewer, f"?merchant={note.merchant.company_id}")
    request = Activity.objects.get(pk=cast["asked"]).request_id
    assert set(entries(as_viewer, f"?request={request}")) == {
        cast[n] for n in ("asked", "review", "ended", "verdict")
    }


@pytest.mark.parametrize(
    "query",
    [
        "?what=x",
        "?source=x",
        "?reason=maybe",
        "?day=x",
        "?request=x",
        "?entry=-1",
        f"?entry={'9' * 40}",
        "?entry=999",
    ],
)
def test_an_odd_address_is_no_error(as_viewer: Client, query: str) -> None:
    entry = record()
    response = as_viewer.get(f"/activity/{query}")
    assert response.status_code == 200
    assert f'id="entry-{entry.pk}"' in response.text
    assert ("It was ignored." in response.text) is (query != "?entry=999")


def test_a_link_to_an_entry_finds_it_however_much_came_after(as_viewer: Client) -> None:
    older, linked = record(hours_ago=3), record(hours_ago=2)
    for number in range(120):
        record(hours_ago=1 + number / 1000)
    assert linked.pk not in entries(as_viewer)
    assert (
        f'href="/activity/?entry={linked.pk}#entry-{linked.pk}"'
        in as_viewer.get(f"/activity/?entry={linked.pk}").text
    )
    assert entries(as_viewer, f"?entry={linked.pk}") == [linked.pk, older.pk]


def test_pages_go_by_key_and_miss_none(as_viewer: Client) -> None:
    made = [record(hours_ago=number).pk for number in range(110)]
    older = re.search(r'href="(\?after=[^"]+)" rel="next"', as_viewer.get("/activity/").text)[1]
    record()
    assert entries(as_viewer, older) == made[100:]


def test_filters_by_htmx_bring_the_list_and_the_clean_address(as_viewer: Client) -> None:
    response = as_viewer.get(
        "/activity/?what=notes&by=&day=", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="results"
    )
    assert response["HX-Push-Url"] == "/activity/?what=notes"
    assert response.text.lstrip().startswith('<section class="card" id="results"')


def test_nothing_yet_is_said_in_words(as_viewer: Client) -> None:
    assert "Nothing has happened yet." in as_viewer.get("/activity/").text
    assert "No entry fits these filters." in as_viewer.get("/activity/?what=notes").text


def test_the_number_of_queries_does_not_grow_with_the_entries(as_viewer: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_viewer.get("/activity/")
        return len(queries)

    def add(number: int) -> None:
        for _ in range(number):
            request = make_request(make_merchant(), state=State.FAILED)
            record(
                "Failed",
                verb="request.failed",
                request=request,
                merchant=request.merchant,
                actor=request.asked_by,
            )

    add(3)
    with_few = count()
    add(40)
    assert count() == with_few


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_page_takes_no_changes(as_admin: Client, method: str) -> None:
    assert getattr(as_admin, method)("/activity/").status_code == 405


def test_a_person_whom_nobody_knows_is_ignored_and_said(as_viewer: Client) -> None:
    assert (
        "“ghost” is not the user name of anybody here. It was ignored."
        in as_viewer.get("/activity/?by=ghost").text
    )
    assert "It was ignored" not in as_viewer.get("/activity/?by=sync+desk").text
