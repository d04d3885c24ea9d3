import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from syncs.models import Cause, Merchant, Sync, User
from syncs.operations import heartbeats
from syncs.rules.states import State
from tests.factories import make_merchant, make_outage, make_request, make_sync, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    cache.clear()
    with time_machine.travel(NOON, tick=False):
        yield


def listed(client: Client, query: str = "") -> list[int]:
    return [int(pk) for pk in re.findall(r'<tr id="sync-(\d+)"', client.get(f"/syncs/{query}").text)]


def caused(message: str, code: int = 5130) -> Cause:
    return Cause.objects.create(code=code, message=message.lower(), sample=message)


@pytest.fixture
def cast() -> dict[str, int]:
    harbour, wren = make_merchant(name="Harbour & Pine"), make_merchant(name="Wren")
    harbour.connections.filter(side="commerce").update(platform_name="Clover")
    priya = make_user("support", "priya")
    archived = caused("Account … is not in an Active state")
    ours = make_sync(harbour, 2000, NOON - 3 * HOUR, initiator="ours", data_pushed=True)
    make_request(harbour, state=State.SUCCEEDED, asked_by=priya, sync=ours)
    return {
        "ours": ours.pk,
        "failed": make_sync(
            wren, 5130, NOON - 2 * HOUR, cause=archived, initiator="schedule", data_pushed=False
        ).pk,
        "running": make_sync(wren, 1000, NOON - HOUR, data_pushed=None).pk,
        "empty": make_sync(harbour, 2040, NOON - 30 * HOUR, data_pushed=None).pk,
        "old": make_sync(
            harbour, 5000, NOON - 100 * HOUR, cause=caused("Internal server error", 5000), data_pushed=None
        ).pk,
    }


def test_syncs_of_all_merchants_stand_newest_first_under_their_day(
    as_viewer: Client, cast: dict[str, int]
) -> None:
    assert listed(as_viewer) == [cast[name] for name in ("running", "failed", "ours", "empty", "old")]
    days = re.findall(r'scope="colgroup">([^<]+)<', as_viewer.get("/syncs/").text)
    assert days == ["Saturday 21 Nov 2026", "Friday 20 Nov 2026", "Tuesday 17 Nov 2026"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?result=failed", {"failed", "old"}),
        ("?result=running", {"running"}),
        ("?result=empty", {"empty"}),
        ("?code=5000", {"old"}),
        ("?day=2026-11-21", {"ours", "failed", "running"}),
        ("?day=2026-11-20&until=2026-11-21", {"ours", "failed", "running", "empty"}),
        ("?until=2026-11-20", {"empty", "old"}),
        ("?merchant=wren", {"failed", "running"}),
        ("?commerce=Clover", {"ours", "empty", "old"}),
        ("?by=priya", {"ours"}),
        ("?by=anybody+here", {"ours"}),
        ("?by=the+schedule", {"failed"}),
        ("?by=not+known", {"running", "empty", "old"}),
        ("?written=yes", {"ours"}),
        ("?written=no", {"failed"}),
        ("?message=active+state", {"failed"}),
        ("?message=INTERNAL", {"old"}),
        ("?message=nothing+like+it", set()),
        ("?merchant=harbour&result=failed&message=server", {"old"}),
    ],
)
def test_filters_narrow(as_viewer: Client, cast: dict[str, int], query: str, expected: set[str]) -> None:
    assert set(listed(as_viewer, query)) == {cast[name] for name in expected}


def test_a_sync_id_finds_its_merchants_syncs(as_viewer: Client, cast: dict[str, int]) -> None:
    failed = Sync.objects.get(pk=cast["failed"])
    assert set(listed(as_viewer, f"?merchant={failed.sync_id}")) == {cast["failed"], cast["running"]}


def test_the_day_is_the_readers(as_viewer: Client, viewer: User, cast: dict[str, int]) -> None:
    assert cast["empty"] in listed(as_viewer, "?day=2026-11-20")
    viewer.time_zone = "America/Los_Angeles"
    viewer.save()
    assert cast["empty"] not in listed(as_viewer, "?day=2026-11-20")
    assert "America/Los_Angeles" in as_viewer.get("/syncs/").text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?result=odd", "“odd” is not a filter of this page. It was ignored."),
        ("?code=99", "“99” is not a status code. It was ignored."),
        ("?code=５０００", "is not a status code. It was ignored."),
        ("?day=yesterday", "“yesterday” is not a day such as 2026-11-21. It was ignored."),
        ("?until=2026-13-01", "“2026-13-01” is not a day such as 2026-11-21. It was ignored."),
        ("?day=2026-11-21&until=2026-11-20", "The last day is before the first day. It was ignored."),
        ("?day=2026-11-21&until=20261120", "“20261120” is not a day such as 2026-11-21. It was ignored."),
        ("?day=20261101&until=2026-11-20", "“20261101” is not a day such as 2026-11-21. It was ignored."),
        ("?day=2026-11-20&until=2026-W44-1", "“2026-W44-1” is not a day such as 2026-11-21. It was ignored."),
        ("?cause=x", "“x” is not the number of a cause. It was ignored."),
        ("?cause=424242", "“424242” is not the number of a cause. It was ignored."),
        ("?by=ghost", "“ghost” is not the user name of anybody here. It was ignored."),
        (
            "?commerce=Amazing",
            "“Amazing” is not a platform that any merchant is connected to today. It was ignored.",
        ),
        ("?written=perhaps", "“perhaps” is not a filter of this page. It was ignored."),
    ],
)
def test_what_makes_no_sense_is_ignored_and_said(
    as_viewer: Client, cast: dict[str, int], query: str, said: str
) -> None:
    response = as_viewer.get(f"/syncs/{query}")
    assert response.status_code == 200
    assert said in response.text


@pytest.mark.parametrize("query", ["?by=ghost", "?cause=424242", "?commerce=Amazing"])
def test_what_is_ignored_narrows_nothing(as_viewer: Client, cast: dict[str, int], query: str) -> None:
    assert set(listed(as_viewer, query)) == set(cast.values())
    assert "Cause:" not in as_viewer.get(f"/syncs/{query}").text


def test_an_archived_merchants_syncs_are_marked(as_viewer: Client, cast: dict[str, int]) -> None:
    assert "archived</span>" not in as_viewer.get("/syncs/").text
    Merchant.objects.filter(syncs=cast["failed"]).update(archived_at=NOON)
    assert "archived</span>" in as_viewer.get("/syncs/?result=failed").text


@pytest.mark.parametrize(
    "odd", ["after=x", "before=%00", "day=%00", "cause=99999999999999999", "merchant=%00"]
)
def test_odd_addresses_are_no_error(as_viewer: Client, cast: dict[str, int], odd: str) -> None:
    assert as_viewer.get(f"/syncs/?{odd}").status_code == 200


def test_a_row_says_result_platforms_days_who_and_what_was_written(
    as_viewer: Client, cast: dict[str, int]
) -> None:
    Sync.objects.filter(pk=cast["failed"]).update(
        window_start=NOON - 60 * HOUR,
        window_finish=NOON - 12 * HOUR,
        window_known="inferred",
        message="Account 090 <is> not in an Active state",
    )
    page = as_viewer.get("/syncs/?result=failed&day=2026-11-21").text
    row = page[page.index(f'<tr id="sync-{cast["failed"]}"') :].partition("</tr>")[0]
    for words in ("10:00:00", "Wren", "5130", "Account 090 &lt;is&gt; not", "about 19", "Schedule", ">No<"):
        assert words in row


def test_the_same_cause_at_many_merchants_stands_on_top(as_viewer: Client) -> None:
    many, few = caused("No sales customer has been configured", 4000), caused("Internal server error", 5000)
    for number in range(3):
        make_sync(make_merchant(), 4000, NOON - number * HOUR, cause=many)
    make_sync(make_merchant(), 5000, NOON - HOUR, cause=few)
    page = as_viewer.get("/syncs/")
    assert "2 causes of failures from 20 – 21 Nov" in page.text
    assert [(c.words, c.merchants, c.syncs) for c in page.context["causes"].shown] == [
        (many.sample, 3, 3),
        (few.sample, 1, 1),
    ]
    of_many = page.context["causes"].shown[0].query
    assert len(listed(as_viewer, of_many)) == 3
    assert "Cause: No sales customer" in as_viewer.get(f"/syncs/{of_many}").text


@pytest.mark.parametrize("query", ["?day=2026-11-01&until=2026-11-21", "?until=2026-11-21", "?result=synced"])
def test_causes_are_not_put_side_by_side_over_too_many_days_or_where_none_failed(
    as_viewer: Client, cast: dict[str, int], query: str
) -> None:
    assert "Same cause, many merchants" not in as_viewer.get(f"/syncs/{query}").text


def test_a_list_of_all_is_paged_by_key(as_viewer: Client) -> None:
    merchant = make_merchant()
    made = [make_sync(merchant, 2000, NOON - number * HOUR).pk for number in range(80)]
    first = as_viewer.get("/syncs/")
    assert listed(as_viewer) == made[:50]
    older = first.context["older_url"]
    assert listed(as_viewer, older) == made[50:]
    assert listed(as_viewer, as_viewer.get(f"/syncs/{older}").context["newer_url"]) == made[:50]


def test_the_number_of_queries_does_not_grow_with_the_list(as_viewer: Client) -> None:
    heartbeats.beat(heartbeats.CLOCK)
    window = {"window_start": NOON - 25 * HOUR, "window_finish": NOON - HOUR}

    def queries() -> int:
        as_viewer.get("/syncs/")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            as_viewer.get("/syncs/?day=2026-11-21&result=failed")
        return len(captured)

    for _ in range(2):
        make_sync(make_merchant(), 5130, NOON - HOUR, cause=caused(f"Words {_}"), **window)
    few = queries()
    for page in range(2):
        for number in range(60):
            make_sync(
                make_merchant(), 5130, NOON - HOUR, cause=caused(f"More words {page} {number}"), **window
            )
        # More than a page is counted.
        assert queries() == few + 1 <= 14


@pytest.mark.parametrize("name", ["us", "schedule", "untold", "anybody-here", "not.known"])
def test_no_user_name_is_taken_for_another_filter(as_viewer: Client, cast: dict[str, int], name: str) -> None:
    make_user("support", name)
    assert listed(as_viewer, f"?by={name}") == []


def test_who_is_not_signed_in_is_asked_to(client: Client) -> None:
    assert client.get("/syncs/").headers["Location"].startswith("/sign-in/")


def test_for_htmx_only_the_list_comes_with_its_address(as_viewer: Client, cast: dict[str, int]) -> None:
    response = as_viewer.get("/syncs/?result=failed&code=", headers={"HX-Request": "true"})
    assert response.headers["HX-Push-Url"] == "/syncs/?result=failed"
    assert "<html" not in response.text
    assert 'id="results"' in response.text


def test_nothing_yet_and_nothing_found_are_told_apart(as_viewer: Client) -> None:
    assert "No sync yet." in as_viewer.get("/syncs/").text
    assert "No sync fits these filters." in as_viewer.get("/syncs/?result=failed").text


def struck_by(cause: Cause, **columns: Any) -> Merchant:
    """Failing by it since an hour ago."""
    merchant = make_merchant(**{"health": "failing", "last_code": cause.code, "last_cause": cause} | columns)
    make_sync(merchant, cause.code, NOON - HOUR, cause=cause)
    return merchant


def row_of(page: str, words: str) -> str:
    return page[page.index(words) :].partition("</tr>")[0]


def test_where_a_sync_helps_a_cause_offers_the_review_of_those_it_strikes_now(as_support: Client) -> None:
    cause = caused("Internal server error", 5000)
    struck = [struck_by(cause, accounting=name) for name in ("Xero", "QuickBooks Online")]
    make_sync(make_merchant(), 5000, NOON - 2 * HOUR, cause=cause)
    struck_by(cause, snoozed_until=NOON + HOUR)
    row = row_of(as_support.get("/syncs/").text, "Internal server error")
    assert "Sync latest for 2…" in row
    assert ">Shopify<" in row
    asked = dict(re.findall(r'name="(kind|whom|query)" value="([^"]*)"', row))
    review = as_support.post("/bulk/", asked).text
    assert "You selected all 2 merchants" in review
    assert all(merchant.name in review for merchant in struck)


def test_while_codat_looks_down_for_them_it_leads_to_the_merchants(as_support: Client) -> None:
    make_outage("Xero", side="accounting")
    struck_by(caused("Internal server error", 5000))
    struck_by(caused("Another server error", 5000), accounting="QuickBooks Online")
    page = as_support.get("/syncs/").text
    assert "Sync latest for" not in row_of(page, "Internal server error")
    assert "Sync latest for 1…" in row_of(page, "Another server error")


def test_where_something_must_be_fixed_first_it_leads_to_the_merchants(as_support: Client) -> None:
    cause = caused("No sales customer has been configured", 4000)
    struck_by(cause)
    row = row_of(as_support.get("/syncs/").text, "No sales customer")
    assert f'href="/?cause={cause.pk}">Show 1<' in row
    assert "Sync latest for" not in row


def test_beside_more_syncs_than_are_counted_the_messages_are_still_as_many_as_they_are(
    as_viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncs.views.syncs.COUNTED", 1)
    monkeypatch.setattr("syncs.views.syncs.SIZE", 1)
    cause = caused("Account 090 is archived", 5130)
    for _ in range(2):
        struck_by(cause, last_message="Account 090 is archived")
    page = as_viewer.get("/syncs/").text
    assert "1+ syncs" in page
    assert "Copy 2 messages" in row_of(page, "Account 090 is archived")


def test_where_something_must_be_fixed_first_the_messages_to_them_are_a_press_away_and_not_in_the_page(
    as_viewer: Client,
) -> None:
    cause = caused("Account 090 is archived", 5130)
    struck = [struck_by(cause, last_message="Account 090 is archived") for _ in range(2)]
    page = as_viewer.get("/syncs/").text
    row = row_of(page, "Account 090 is archived")
    assert f'data-copy-from href="/messages/?cause={cause.pk}">' in row
    assert "Copy 2 messages" in row
    assert "Hello, your sales" not in page
    text = as_viewer.get(f"/messages/?cause={cause.pk}").text
    assert all(str(merchant.company_id) in text for merchant in struck)


def test_where_a_sync_helps_no_message_is_offered(as_viewer: Client) -> None:
    struck_by(caused("Internal server error", 5000))
    assert "/messages/" not in as_viewer.get("/syncs/").text


def test_a_viewer_is_offered_the_merchants_only(as_viewer: Client) -> None:
    struck_by(caused("Internal server error", 5000))
    page = as_viewer.get("/syncs/").text
    assert "Show 1<" in page
    assert 'action="/bulk/"' not in page


def test_a_cause_that_strikes_nobody_any_more_offers_nothing(as_support: Client) -> None:
    make_sync(make_merchant(), 5000, NOON - HOUR, cause=caused("Internal server error", 5000))
    row = row_of(as_support.get("/syncs/").text, "Internal server error")
    assert "Nobody fails by it now" in row


def test_those_of_one_cause_with_nothing_in_common_are_of_any_platform(as_viewer: Client) -> None:
    cause = caused("Internal server error", 5000)
    struck_by(cause, commerce="Clover", accounting="Xero")
    struck_by(cause, commerce="Square", accounting="FreeAgent")
    assert '<td data-l="Platform">any</td>' in row_of(as_viewer.get("/syncs/").text, "Internal server error")


def test_a_cause_is_told_in_the_words_of_all_its_merchants(as_viewer: Client) -> None:
    cause = Cause.objects.create(
        code=5130, message="account … is not in an active state", sample="Account '090 - Sales' is not in …"
    )
    make_sync(make_merchant(), 5130, NOON - HOUR, cause=cause)
    assert "Account … is not in an active state" in as_viewer.get("/syncs/").text


def test_each_row_opens_its_sync_and_copies_its_id_and_its_link(
    as_viewer: Client, cast: dict[str, int]
) -> None:
    page = as_viewer.get("/syncs/").text
    row = page[page.index(f'<tr id="sync-{cast["failed"]}"') :].partition("</tr>")[0]
    sync = Sync.objects.select_related("merchant").get(pk=cast["failed"])
    path = f"/merchants/{sync.merchant.company_id}/syncs/{sync.pk}/"
    assert f'<a class="link plain" href="{path}"><time' in row
    assert f'data-copy-link href="{path}"' in row
    assert f'data-copy="{sync.sync_id}"' in row


def test_a_word_that_more_causes_hold_than_a_database_takes_numbers_finds_them_all(
    as_viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncs.record_filters.syncs.MOST_NUMBERS", 2)
    for number in range(4):
        make_sync(
            make_merchant(name=f"Shop {number}"), 5130, message=f"Account {'abcd'[number] * 9} is archived"
        )
    make_sync(make_merchant(name="Another"), 5130, message="No such thing")
    html = as_viewer.get("/syncs/?message=archived").text
    assert [name for name in ("Shop 0", "Shop 1", "Shop 2", "Shop 3", "Another") if f">{name}<" in html] == [
        f"Shop {number}" for number in range(4)
    ]
