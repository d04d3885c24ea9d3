"""What stands above the list of the sync health page, and beside its count, is as live as the tiles."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import BaseCache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Merchant, MerchantDay, User
from syncs.templatetags.panel import salesday
from syncs.views import daily_results
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_merchant
from tests.test_health_live import changed, first_page, poll_of
from tests.test_health_page import HTMX

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory")]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now().replace(hour=12, second=10), tick=False) as clock:
        yield clock


def ended(merchant: Merchant, outcome: str, *, days_ago: int) -> None:
    day = timezone.now().date() - timedelta(days=days_ago)
    MerchantDay.objects.create(merchant=merchant, day=day, outcome=outcome)


def element(html: str, key: str) -> str:
    """The opening tag of what bears this id, or nothing."""
    found = re.search(rf'<\w+[^>]*\bid="{key}"[^>]*>', html)
    return found[0] if found else ""


def comes(html: str, key: str) -> bool:
    return "hx-swap-oob" in element(html, key)


def said_to_fail(html: str) -> list[str]:
    return re.findall(r"([\d,]+) failing now", html)


def test_why_syncs_fail_comes_with_the_tiles(as_viewer: Client, clock: time_machine.Traveller) -> None:
    merchant = make_merchant()
    ended(merchant, "synced", days_ago=1)
    page = first_page(as_viewer)
    assert said_to_fail(page) == ["0"]
    clock.shift(timedelta(seconds=5))
    changed(merchant, health="failing", last_code=5000)
    answer = as_viewer.get(poll_of(page)).text
    assert said_to_fail(answer) == ["1"]
    assert comes(answer, "reasons")
    assert "Codat server error" in answer[answer.index('id="reasons"') :]


def test_so_do_the_links_to_those_that_no_tile_counts(
    as_viewer: Client, clock: time_machine.Traveller
) -> None:
    gone, off = make_merchant(), make_merchant()
    page = first_page(as_viewer)
    clock.shift(timedelta(seconds=5))
    changed(off, health="switched_off")
    changed(gone, archived_at=timezone.now())
    answer = as_viewer.get(poll_of(page)).text
    assert comes(answer, "scopes")
    assert "1 switched off</a>" in answer
    assert "1 archived</a>" in answer


def test_the_chart_comes_only_when_another_one_is_to_be_drawn(
    as_viewer: Client, clock: time_machine.Traveller
) -> None:
    merchant = make_failing_merchant()
    ended(merchant, "synced", days_ago=2)
    page = first_page(as_viewer)
    clock.shift(timedelta(minutes=2))
    changed(merchant, name="Another one")
    same = as_viewer.get(poll_of(page)).text
    assert not element(same, "summary")
    assert comes(same, "reasons")
    ended(merchant, "failed", days_ago=1)
    clock.shift(timedelta(minutes=2))
    new = as_viewer.get(poll_of(same)).text
    assert comes(new, "summary")
    assert "1 failed</span>" in new
    assert not comes(new, "reasons"), "what stands within what is swapped in must not be swapped once more"
    clock.shift(timedelta(minutes=2))
    assert not element(as_viewer.get(poll_of(new)).text, "summary")


def test_a_process_that_read_it_earlier_does_not_bring_the_older_chart_back(
    as_viewer: Client, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes, each with a memory of its own: the polls of one page go to either."""
    merchant = make_failing_merchant()
    ended(merchant, "synced", days_ago=2)
    here, elsewhere = caches["default"], LocMemCache("elsewhere", {})
    elsewhere.clear()

    def asked_of(memory: BaseCache, url: str) -> str:
        monkeypatch.setattr(daily_results, "cache", memory)
        return as_viewer.get(url).text

    asked_of(elsewhere, "/")
    clock.shift(timedelta(seconds=30))
    ended(merchant, "failed", days_ago=1)
    page = asked_of(here, "/")
    assert "1 failed</span>" in page
    clock.shift(timedelta(seconds=15))
    changed(merchant, name="Another one")
    answer = asked_of(elsewhere, poll_of(page))
    assert "Another one" in answer
    assert not element(answer, "summary")
    clock.shift(timedelta(seconds=30))
    assert as_viewer.get(poll_of(answer)).status_code == 204


@pytest.mark.parametrize("mark", ["", "-", "x-y", "9" * 5000, "1e3-0", "²-0", f"{10**11}-{'0' * 16}"])
def test_a_mark_that_no_chart_bears_is_no_error(
    as_viewer: Client, clock: time_machine.Traveller, mark: str
) -> None:
    ended(make_merchant(), "synced", days_ago=1)
    poll = re.sub(r"chart=[^&]*", f"chart={mark}", poll_of(first_page(as_viewer)))
    assert as_viewer.get(poll).status_code in {200, 204}


def test_at_the_end_of_the_day_the_chart_moves_on(viewer: User, clock: time_machine.Traveller) -> None:
    clock.move_to(timezone.now().replace(hour=23, minute=58))
    ended(make_merchant(), "synced", days_ago=3)
    at_night = signed_in(viewer)
    page = first_page(at_night)
    newest = salesday(timezone.now().date())
    assert newest not in page
    clock.shift(timedelta(minutes=4))
    answer = at_night.get(poll_of(page)).text
    assert comes(answer, "summary")
    assert f"{newest}: nothing known" in answer


def test_the_first_chart_of_all_comes_by_itself(as_viewer: Client, clock: time_machine.Traveller) -> None:
    merchant = make_merchant()
    page = first_page(as_viewer)
    assert "hidden" in element(page, "summary")
    ended(merchant, "synced", days_ago=1)
    clock.shift(timedelta(minutes=2))
    answer = as_viewer.get(poll_of(page)).text
    assert comes(answer, "summary")
    assert "hidden" not in element(answer, "summary")
    assert "1 synced" in answer


def test_the_answer_to_a_filter_brings_them_too(as_viewer: Client, clock: time_machine.Traveller) -> None:
    merchant = make_merchant()
    ended(merchant, "synced", days_ago=1)
    first_page(as_viewer)
    clock.shift(timedelta(seconds=5))
    changed(merchant, health="failing", last_code=5000)
    answer = as_viewer.get("/?health=failing", headers=HTMX).text
    assert comes(answer, "summary")
    assert said_to_fail(answer) == ["1"]
    assert not element(as_viewer.get(poll_of(answer)).text, "summary")


def test_a_list_that_was_empty_does_not_go_on_saying_so(
    as_viewer: Client, clock: time_machine.Traveller
) -> None:
    merchant = make_merchant()
    page = first_page(as_viewer, "/?health=failing")
    clock.shift(timedelta(seconds=5))
    changed(merchant, health="failing", last_code=5000)
    rows = as_viewer.get(poll_of(page)).text.partition('id="tiles"')[0]
    assert "1 row changed." in rows
    assert "Nothing is failing." not in rows


def test_polls_ask_for_the_chart_once_a_minute(as_viewer: Client, clock: time_machine.Traveller) -> None:
    merchant = make_failing_merchant()
    ended(merchant, "synced", days_ago=1)
    poll = poll_of(first_page(as_viewer))
    clock.shift(timedelta(minutes=2))

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert as_viewer.get(poll).status_code == 204
        return len([query for query in captured if re.search("daytally|merchantday", query["sql"])])

    assert asked() == 2
    assert asked() == 0
