"""What a poll costs: three queries while nothing changes, and all of its work only once for all who see the same."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Heartbeat, Merchant, Outage, SyncRequest, User
from syncs.operations import counting, heartbeats
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_merchant, make_outage, make_request, make_user
from tests.test_health_live import changed, first_page, poll_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory")]


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now().replace(second=10), tick=False) as clock:
        yield clock


def told(client: Client, poll: str) -> tuple[int, int]:
    """Status and number of queries."""
    with CaptureQueriesContext(connection) as captured:
        status = client.get(poll).status_code
    return status, len(captured)


def asked(client: Client, poll: str) -> list[str]:
    """The queries of a poll that brings nothing."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(poll).status_code == 204
    return [query["sql"] for query in captured]


def something_happens_elsewhere() -> None:
    """The pulse moves, and nothing that anybody's page shows has changed."""
    Merchant.objects.filter(pk=0).update(version=1)
    if connection.vendor == "sqlite":
        hidden = Merchant.objects.order_by("-pk")[:1].get()
        Merchant.objects.filter(pk=hidden.pk).update(version=F("version"))


@pytest.mark.parametrize("rows", [1, 60])
@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/?sort=name",
        "/?q=merchant",
        "/?commerce=Shopify&health=failing",
        "/requests/",
        "/requests/?state=way",
    ],
)
def test_with_nothing_new_it_takes_three_queries_sign_in_included(
    as_viewer: Client, url: str, rows: int
) -> None:
    for _ in range(rows):
        make_failing_merchant()
    heartbeats.beat(heartbeats.CLOCK)
    poll = poll_of(first_page(as_viewer, url))
    assert told(as_viewer, poll) == (204, 3)


def test_what_happens_elsewhere_is_looked_into_once_for_all_who_see_the_same(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    make_merchant()
    heartbeats.beat(heartbeats.CLOCK)
    poll, other = poll_of(first_page(as_viewer)), signed_in(make_user())
    something_happens_elsewhere()
    stopped_clock.shift(timedelta(seconds=5))
    status, queries = told(as_viewer, poll)
    assert status == 204
    assert queries > 3
    assert told(as_viewer, poll) == (204, 3)
    assert told(other, poll) == (204, 3)
    something_happens_elsewhere()
    stopped_clock.shift(timedelta(seconds=5))
    assert told(other, poll)[1] > 3


@pytest.mark.parametrize("url", ["/", "/?q=merchant"])
def test_while_results_come_in_a_list_is_read_once_in_two_seconds_for_all_its_tabs(
    as_viewer: Client, stopped_clock: time_machine.Traveller, url: str
) -> None:
    """And told to each all the same, when something on its page has changed."""
    merchants = [make_failing_merchant() for _ in range(3)]
    heartbeats.beat(heartbeats.CLOCK)
    polls = [poll_of(first_page(as_viewer, url))]
    stopped_clock.shift(timedelta(seconds=20))
    polls.append(poll_of(first_page(as_viewer, url)))
    stopped_clock.shift(timedelta(seconds=5))
    something_happens_elsewhere()
    first = asked(as_viewer, polls[0])
    something_happens_elsewhere()
    stopped_clock.shift(timedelta(seconds=1))
    assert len(first) > len(asked(as_viewer, polls[1])) == 3
    changed(merchants[0], last_message="Another one")
    stopped_clock.shift(timedelta(seconds=2))
    assert "Another one" in as_viewer.get(polls[1]).text
    changed(merchants[1], last_message="One more")
    assert "One more" not in as_viewer.get(polls[0]).text, "a moment ago it was not yet so"
    stopped_clock.shift(timedelta(seconds=2))
    assert "One more" in as_viewer.get(polls[0]).text


@pytest.mark.parametrize("url", ["/", "/requests/"])
def test_what_was_read_a_moment_ago_is_not_taken_for_what_is(
    as_viewer: Client, stopped_clock: time_machine.Traveller, url: str
) -> None:
    """A page that was told by it asks again, until it is told what came meanwhile."""
    merchant = make_failing_merchant(name="Tidewater")
    request = make_request(merchant)
    poll = poll_of(first_page(as_viewer, url))
    stopped_clock.shift(timedelta(seconds=5))
    something_happens_elsewhere()
    assert told(as_viewer, poll)[0] == 204
    ended = {"state": "cancelled", "finished_at": timezone.now(), "result": "Cancelled.", "version": 1}
    SyncRequest.objects.filter(pk=request.pk).update(**ended)
    changed(merchant, last_message="Another one")
    assert told(as_viewer, poll)[0] == 204, "it was read a moment ago"
    stopped_clock.shift(timedelta(seconds=2))
    assert told(as_viewer, poll)[0] == 200


def test_a_page_is_not_told_what_was_read_before_it_was_drawn(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    """Else a row would go back to what it was, until the next poll."""
    merchant = make_failing_merchant(name="Tidewater")
    older = poll_of(first_page(as_viewer))
    something_happens_elsewhere()
    stopped_clock.shift(timedelta(seconds=5))
    assert told(as_viewer, older)[0] == 204
    stopped_clock.shift(timedelta(seconds=1))
    changed(merchant, name="Ebbwater")
    newer = poll_of(first_page(as_viewer))
    something_happens_elsewhere()
    assert told(as_viewer, older)[0] == 204, "that was read a second ago"
    assert told(as_viewer, newer)[0] == 204
    assert "Ebbwater" in as_viewer.get(older).text, "and now it was read again"


def test_nor_what_was_read_in_the_same_second_before_it(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    merchant = make_failing_merchant(name="Tidewater")
    older = poll_of(first_page(as_viewer))
    something_happens_elsewhere()
    stopped_clock.shift(timedelta(seconds=5.1))
    assert told(as_viewer, older)[0] == 204
    stopped_clock.shift(timedelta(seconds=0.5))
    changed(merchant, name="Ebbwater")
    newer = poll_of(first_page(as_viewer))
    something_happens_elsewhere()
    assert told(as_viewer, newer)[0] == 204


def test_nor_of_an_age_that_a_look_without_news_has_ended(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    """Such a look moves no version and no pulse."""
    old = timezone.now() - timedelta(hours=3)
    merchant = make_failing_merchant(refreshed_at=old)
    older = poll_of(first_page(as_viewer))
    assert "as of" in first_page(as_viewer)
    something_happens_elsewhere()
    stopped_clock.shift(timedelta(seconds=5))
    assert told(as_viewer, older)[0] == 204
    stopped_clock.shift(timedelta(seconds=5))
    Merchant.objects.filter(pk=merchant.pk).update(refreshed_at=timezone.now())
    page = first_page(as_viewer)
    assert "as of" not in page
    Heartbeat.objects.create(name=heartbeats.CLOCK, at=timezone.now() - timedelta(minutes=5), host="a", pid=1)
    answer = as_viewer.get(poll_of(page)).text
    assert "clock is silent" in answer
    assert "as of" not in answer


def test_a_day_that_ends_elsewhere_is_not_swallowed_by_those_who_see_the_same(
    viewer: User, stopped_clock: time_machine.Traveller
) -> None:
    """Before midnight two readers' pages say the same, though their midnights differ."""
    stopped_clock.move_to(datetime(2026, 11, 20, 22, 59, 30, tzinfo=UTC))
    make_merchant(last_success_at=timezone.now() - timedelta(hours=5), refreshed_at=timezone.now())
    heartbeats.beat(heartbeats.CLOCK)
    london, berlin = signed_in(viewer), signed_in(make_user(time_zone="Europe/Berlin"))
    theirs, ours = poll_of(first_page(berlin)), poll_of(first_page(london))
    stopped_clock.shift(timedelta(seconds=65))
    heartbeats.beat(heartbeats.CLOCK)
    assert told(london, ours)[0] == 204
    answer = berlin.get(theirs)
    assert answer.status_code == 200
    assert "Yesterday" in answer.text


def test_what_is_found_to_be_nothing_new_is_so_for_a_minute_from_when_it_was_read(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    merchant = make_merchant(refreshed_at=timezone.now() - timedelta(minutes=59))
    heartbeats.beat(heartbeats.CLOCK)
    poll = poll_of(first_page(as_viewer, "/?sort=name"))
    stopped_clock.shift(timedelta(seconds=59))
    something_happens_elsewhere()
    assert told(as_viewer, poll)[0] == 204
    stopped_clock.shift(timedelta(seconds=2))
    assert "as of" in as_viewer.get(poll).text
    assert merchant.pk


def test_of_another_list_nothing_is_known_by_that(as_viewer: Client) -> None:
    make_merchant(name="Tidewater")
    everybody, nobody = poll_of(first_page(as_viewer)), poll_of(first_page(as_viewer, "/?q=nobody"))
    something_happens_elsewhere()
    assert told(as_viewer, everybody)[0] == 204
    assert told(as_viewer, nobody)[1] > 3


@pytest.mark.parametrize("url", ["/", "/requests/"])
def test_an_outage_and_its_numbers_move_the_pulse_and_are_told(as_viewer: Client, url: str) -> None:
    heartbeats.beat(heartbeats.CLOCK)
    poll = poll_of(first_page(as_viewer, url))
    outage = make_outage(failed=118)
    begun = as_viewer.get(poll).text
    assert "118 of 640 failed" in begun
    Outage.objects.filter(pk=outage.pk).update(failed=119)
    assert "119 of 640 failed" in as_viewer.get(poll_of(begun)).text


def test_tiles_counted_a_moment_ago_are_not_taken_for_new_ones(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    """Under a pulse that moves on they are kept for seconds: no poll may then believe that all is as it was."""
    merchant, other = make_merchant(), make_merchant(name="Zulu")
    first_page(as_viewer)
    changed(other, health="failing", last_code=5000)
    poll = poll_of(first_page(as_viewer))
    assert "Failing" in first_page(as_viewer)
    stopped_clock.shift(timedelta(seconds=5))
    answer = as_viewer.get(poll)
    assert answer.status_code == 200
    assert "50.0% of merchants" in answer.text
    assert told(as_viewer, poll_of(answer.text))[0] == 204
    changed(merchant, health="failing", last_code=5000)
    stopped_clock.shift(timedelta(seconds=5))
    assert as_viewer.get(poll_of(answer.text)).status_code == 200


def test_all_merchants_are_counted_once_for_many_pages(as_viewer: Client) -> None:
    make_merchant()
    with CaptureQueriesContext(connection) as first:
        as_viewer.get("/")
    with CaptureQueriesContext(connection) as second:
        as_viewer.get("/")
    counting = re.compile('FROM "syncs_merchant".* GROUP BY ')
    assert [q for q in first if counting.search(q["sql"])]
    assert not [q for q in second if counting.search(q["sql"])]


@pytest.mark.parametrize("url", ["/", "/?sort=fuse", "/?q=merchant", "/?health=failing&code=5130"])
def test_a_page_takes_as_many_queries_for_many_rows_as_for_few(as_viewer: Client, url: str) -> None:
    counted = []
    for rows in (2, 60):
        for _ in range(rows):
            make_failing_merchant()
        cache.clear()
        counting.keep(timezone.now())
        with CaptureQueriesContext(connection) as captured:
            as_viewer.get(url)
        counted.append(len(captured))
    assert counted[0] == counted[1]
    assert counted[1] <= 18


def test_a_row_that_was_drawn_before_is_not_shown_to_whom_it_does_not_fit(
    as_viewer: Client, as_support: Client, stopped_clock: time_machine.Traveller
) -> None:
    """By role, by time zone, by its age, and as soon as the merchant's version moves."""
    merchant = make_failing_merchant(name="Tidewater")
    assert "Sync latest" not in first_page(as_viewer)
    assert "Sync latest" in first_page(as_support)
    changed(merchant, name="Ebbwater")
    assert "Ebbwater" in first_page(as_viewer)
    there = signed_in(make_user(time_zone="Pacific/Auckland"))
    assert first_page(there).count("<time") == first_page(as_support).count("<time")
    assert re.findall(r"<time.*?</time>", first_page(there)) != re.findall(
        r"<time.*?</time>", first_page(as_support)
    )
    Merchant.objects.filter(pk=merchant.pk).update(refreshed_at=timezone.now() - timedelta(hours=3))
    assert "as of" in first_page(as_viewer)


def test_a_row_that_grew_old_again_tells_its_new_age(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    """As after a tab was hidden for hours, in which a look brought no news."""
    heartbeats.beat(heartbeats.CLOCK)
    merchant = make_failing_merchant(refreshed_at=timezone.now() - timedelta(hours=2))
    page = first_page(as_viewer)
    assert "as of" in page
    stopped_clock.shift(timedelta(minutes=30))
    looked_at = timezone.now()
    Merchant.objects.filter(pk=merchant.pk).update(refreshed_at=looked_at)
    stopped_clock.shift(timedelta(minutes=90))
    heartbeats.beat(heartbeats.CLOCK)
    answer = as_viewer.get(poll_of(page)).text
    assert f'as of <time datetime="{looked_at:%Y-%m-%dT%H:%M:%SZ}">' in answer


def test_a_poll_takes_a_row_that_was_drawn_for_another_tab_and_tells_its_ages_of_now(
    as_viewer: Client, as_support: Client, stopped_clock: time_machine.Traveller
) -> None:
    heartbeats.beat(heartbeats.CLOCK)
    merchant = make_failing_merchant(name="Tidewater", refreshed_at=timezone.now())
    polls = [poll_of(first_page(as_viewer)) for _ in range(2)]
    for_support = poll_of(first_page(as_support))
    changed(merchant, name="Ebbwater", last_success_at=timezone.now() - timedelta(minutes=3))
    stopped_clock.shift(timedelta(seconds=20))
    with CaptureQueriesContext(connection) as first:
        told_first = as_viewer.get(polls[0]).text
    assert "3 min ago" in told_first
    assert "Sync latest" not in told_first
    stopped_clock.shift(timedelta(minutes=4))
    heartbeats.beat(heartbeats.CLOCK)
    with CaptureQueriesContext(connection) as second:
        told_second = as_viewer.get(polls[1]).text
    assert f'<tr id="row-{merchant.pk}" hx-swap-oob="true">' in told_second
    assert "7 min ago" in told_second
    assert 'FROM "syncs_connection"' in str(first.captured_queries)
    assert 'FROM "syncs_connection"' not in str(second.captured_queries)
    assert "Sync latest" in as_support.get(for_support).text


def test_a_row_that_was_drawn_before_tells_the_ages_of_now(
    as_viewer: Client, stopped_clock: time_machine.Traveller
) -> None:
    now = timezone.now()
    make_merchant(last_success_at=now - timedelta(minutes=50), refreshed_at=now)
    make_failing_merchant(running_since=now - timedelta(minutes=2), running_code=1000, refreshed_at=now)
    first = first_page(as_viewer)
    assert "50 min ago" in first
    assert "2 min</time> so far" in first
    stopped_clock.shift(timedelta(minutes=9, seconds=30))
    later = first_page(as_viewer)
    assert "59 min ago" in later
    assert "11 min</time> so far" in later
    stopped_clock.shift(timedelta(seconds=30))
    assert "1 h ago" in first_page(as_viewer)
