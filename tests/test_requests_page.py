import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Freeze, Merchant, SyncRequest, User
from syncs.operations import freezing
from syncs.rules.states import State
from tests.factories import make_attempt, make_merchant, make_request, make_sync, make_user

pytestmark = pytest.mark.django_db


def press(name: str = "Kestrel Outdoor", minutes_ago: float = 0, **columns) -> SyncRequest:
    merchant = Merchant.objects.filter(name=name).first() or make_merchant(name=name)
    return make_request(merchant, asked_at=timezone.now() - timedelta(minutes=minutes_ago), **columns)


def rows(client: Client, query: str = "") -> list[int]:
    """The requests that the page lists, from the top."""
    return [int(pk) for pk in re.findall(r'<tr id="request-(\d+)"', client.get(f"/requests/{query}").text)]


def tile_counts(client: Client) -> dict[str, int]:
    tiles = re.findall(
        r'</svg>([^<]+)</span>\s*<span class="big num">([\d,]+)', client.get("/requests/").text
    )
    return {word: int(number) for word, number in tiles}


def one_of_each() -> None:
    for state in State:
        press(f"Merchant {state}", state=state)
    press("Held back", waiting_for="A sync is running at Codat.")


def test_every_press_is_listed_newest_first(as_viewer: Client) -> None:
    old, new, newest = press(minutes_ago=3000, state=State.FAILED), press(minutes_ago=9), press("Other")
    assert rows(as_viewer) == [newest.pk, new.pk, old.pk]


def test_a_row_tells_who_what_why_and_how_it_stands(as_viewer: Client, support: User) -> None:
    sync = make_sync(make_merchant(name="Gull Surf"), 5130, sync_id="c1d2b7f4-0000")
    press(
        "Gull Surf",
        state=State.FAILED,
        asked_by=support,
        reason="Ticket <4806>",
        sync=sync,
        result="Failed again with the same error (5130)",
    )
    page = as_viewer.get("/requests/").text
    for words in (
        "Gull Surf",
        "Priya Nair",
        "Ticket &lt;4806&gt;",
        "Could not write data",
        "5130",
        "c1d2b7f4…",
    ):
        assert words in page
    assert "Failed again with the same error (5130)" in page


def test_the_four_tiles_add_up_to_all_of_today(as_viewer: Client) -> None:
    one_of_each()
    counts = tile_counts(as_viewer)
    assert counts == {
        "All today": 12,
        "Needs a person": 1,
        "On the way": 5,
        "Synced": 2,
        "Failed or not run": 4,
        "Mine": 0,
        "Waiting": 1,
    }


def test_all_that_is_saved_waits_while_sending_is_frozen(as_viewer: Client) -> None:
    one_of_each()
    freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")
    assert tile_counts(as_viewer)["Waiting"] == len(rows(as_viewer, "?state=waiting")) == 2


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?scope=today&state=", 12),
        ("?scope=today&state=person", 1),
        ("?scope=today&state=way", 5),
        ("?scope=today&state=synced", 2),
        ("?scope=today&state=failed", 4),
        ("?scope=today&state=waiting", 1),
    ],
)
def test_a_tile_lists_what_it_counts(as_viewer: Client, query: str, count: int) -> None:
    one_of_each()
    press("Long ago", minutes_ago=3000, state=State.FAILED)
    assert len(rows(as_viewer, query)) == count
    assert as_viewer.get(f"/requests/{query}").text.count('aria-pressed="true"') == 1


def test_mine_are_those_i_asked_for(as_support: Client, support: User) -> None:
    mine = press(asked_by=support)
    press("Other", asked_by=make_user("support", "mei"))
    assert tile_counts(as_support)["Mine"] == 1
    assert rows(as_support, "?scope=today&by=support") == [mine.pk]


def test_today_is_the_readers_and_midnight_hides_nothing_open(as_viewer: Client, viewer: User) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 1, 0, tzinfo=UTC), tick=False):
        ended = press(minutes_ago=120, state=State.SUCCEEDED)
        still_open = press("Other", minutes_ago=120, state=State.NEEDS_REVIEW)
        assert rows(as_viewer, "?scope=today") == [still_open.pk]
        viewer.time_zone = "America/New_York"
        viewer.save()
        assert set(rows(as_viewer, "?scope=today")) == {ended.pk, still_open.pk}


def test_a_day_is_the_readers_too(as_viewer: Client, viewer: User) -> None:
    with time_machine.travel(datetime(2026, 11, 21, 1, 0, tzinfo=UTC), tick=False):
        late = press(minutes_ago=120)
        assert rows(as_viewer, "?day=2026-11-20") == [late.pk]
        assert rows(as_viewer, "?day=2026-11-21") == []
        viewer.time_zone = "Asia/Tokyo"
        viewer.save()
        assert rows(as_viewer, "?day=2026-11-21") == [late.pk]


def test_filters_narrow_by_kind_person_and_merchant(as_viewer: Client, support: User) -> None:
    latest = press("Kestrel Outdoor", kind="latest", asked_by=support)
    historic = press("Harbour & Pine", kind="historic")
    assert rows(as_viewer, "?kind=latest") == [latest.pk]
    assert rows(as_viewer, "?by=support") == [latest.pk]
    assert rows(as_viewer, "?merchant=harbour") == [historic.pk]
    assert rows(as_viewer, f"?merchant={historic.merchant.company_id}") == [historic.pk]
    assert rows(as_viewer, "?kind=latest&merchant=harbour") == []


def test_an_id_of_a_sync_finds_its_merchants_requests(as_viewer: Client) -> None:
    found = press("Kestrel Outdoor")
    press("Other")
    make_sync(found.merchant, sync_id="9ab0f3d2-61c4")
    assert rows(as_viewer, "?merchant=9ab0f3d2-61c4") == [found.pk]


@pytest.mark.parametrize(
    "query",
    [
        "?state=nonsense",
        "?kind=%00",
        "?day=2026-02-31",
        "?day=-1",
        "?scope=week",
        "?after=x&before=y",
        "?after=eyJhIjogMX0",
        "?merchant=%00%27%22--",
        f"?merchant={'x' * 5000}",
        "?by=%F0%9F%A6%8A",
        "?shown=1,2,x,99999999999999999999&v=",
    ],
)
def test_an_odd_address_is_no_error(as_viewer: Client, query: str) -> None:
    press()
    assert as_viewer.get(f"/requests/{query}").status_code == 200
    assert as_viewer.get(f"/requests/live/{query}", HTTP_HX_REQUEST="true").status_code == 200


def test_a_person_whom_nobody_knows_is_ignored_and_said(as_viewer: Client) -> None:
    request = make_request(make_merchant())
    page = as_viewer.get("/requests/?by=ghost")
    assert "“ghost” is not the user name of anybody here. It was ignored." in page.text
    assert f'href="/requests/{request.pk}/"' in page.text


def test_an_odd_filter_is_ignored_and_said(as_viewer: Client) -> None:
    request = press()
    page = as_viewer.get("/requests/?state=nonsense&day=tomorrow").text
    assert "“nonsense” is not a filter of this page. It was ignored." in page
    assert "“tomorrow” is not a day such as 2026-11-21. It was ignored." in page
    assert f'id="request-{request.pk}"' in page


def test_pages_go_by_key_and_miss_none(as_viewer: Client) -> None:
    pressed = [press(f"M{number}", minutes_ago=number).pk for number in range(60)]
    first = as_viewer.get("/requests/").text
    older = re.search(r'href="(\?after=[^"]+)" rel="next"', first)[1]
    # What comes in between moves nothing.
    press("Newcomer")
    assert rows(as_viewer, older) == pressed[50:]
    newer = re.search(r'href="(\?before=[^"]+)" rel="prev"', as_viewer.get(f"/requests/{older}").text)[1]
    assert set(pressed[:49]) <= set(rows(as_viewer, newer))


def test_what_needs_a_person_stands_on_top_oldest_first(as_viewer: Client) -> None:
    new = press("Cobalt Coffee", minutes_ago=5, state=State.NEEDS_REVIEW, waiting_for="No answer in 30 s.")
    old = press("Oakline", minutes_ago=2000, state=State.NEEDS_REVIEW)
    page = as_viewer.get("/requests/").text
    assert re.findall(r'id="case-(\d+)"', page) == [str(old.pk), str(new.pk)]
    assert "No answer in 30 s." in page


def test_nothing_yet_is_said_in_words(as_viewer: Client) -> None:
    assert "No requests yet." in as_viewer.get("/requests/").text
    assert "No request fits these filters." in as_viewer.get("/requests/?state=way").text


def test_the_number_of_queries_does_not_grow_with_the_rows(as_support: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            as_support.get("/requests/")
        return len(queries)

    def add(number: int) -> None:
        for _ in range(number):
            merchant = make_merchant()
            make_attempt(make_request(merchant, state=State.ACCEPTED), outcome="accepted")
            make_request(make_merchant(), state=State.NEEDS_REVIEW)
            make_request(merchant, state=State.FAILED, sync=make_sync(merchant, 5130))

    add(2)
    with_few = count()
    add(14)
    assert count() == with_few
