"""The daily results above the health list: all of them, the problems alone, or the numbers as a table."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Merchant, MerchantDay
from tests.factories import make_failing_merchant, make_merchant
from tests.test_health_live import changed, poll_of
from tests.test_health_page import HTMX, names, page

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def ended(outcome: str, *, days_ago: int = 3, times: int = 1) -> Merchant:
    day = timezone.now().date() - timedelta(days=days_ago)
    merchants = [make_merchant() for _ in range(times)]
    MerchantDay.objects.bulk_create(
        MerchantDay(merchant=merchant, day=day, outcome=outcome) for merchant in merchants
    )
    return merchants[0]


def current(html: str) -> list[str]:
    return re.findall(r'id="(daily-\w+)" href="[^"]*" aria-current="true"', html)


def rows(html: str) -> list[list[str]]:
    table = html[html.index('class="scroll daily"') :].split("</table>", maxsplit=1)[0]
    return [re.findall(r"<t[hd][^>]*>([^<]+)<", row) for row in table.split("<tr>")[1:]]


def test_at_first_all_results_show(as_viewer: Client) -> None:
    ended("synced")
    html = page(as_viewer)
    assert current(html) == ["daily-all"]
    assert 'class="c-ok"' in html


def test_of_problems_alone_a_failure_among_many_is_as_high_as_the_chart(as_viewer: Client) -> None:
    ended("synced", times=9)
    ended("failed")
    ended("disconnected", days_ago=4)
    html = page(as_viewer, "/?daily=problems")
    assert current(html) == ["daily-problems"]
    chart = html[html.index('class="chart"') :].split("</ul>")[0]
    assert re.findall(r'<rect (?:class|fill)="([^"]+)" y="7.0%" width="100%" height="93.0%"/>', chart) == [
        "c-hold",
        "url(#hatch)",
    ]
    assert "c-ok" not in chart
    assert "9 synced, 1 failed" in chart, "told is still the whole day"


def test_without_a_problem_the_chart_is_empty_and_no_error(as_viewer: Client) -> None:
    ended("synced")
    assert 'class="chart"' in page(as_viewer, "/?daily=problems")


def test_the_table_has_all_numbers_the_newest_day_first(as_viewer: Client) -> None:
    ended("synced", times=2)
    ended("empty")
    ended("not_run")
    ended("failed", days_ago=1)
    html = page(as_viewer, "/?daily=table")
    assert current(html) == ["daily-table"]
    head, *told = rows(html)
    assert head == ["Sales day", "Synced", "No sales", "Disconnected, did not run", "Failed"]
    assert len(told) == 30
    assert told[0][1:] == ["0", "0", "0", "1"]
    assert told[2][1:] == ["2", "1", "1", "0"]


def test_an_open_table_outlives_a_poll_that_brings_new_numbers(as_viewer: Client) -> None:
    merchant = ended("synced")
    html = page(as_viewer, "/?daily=table")
    ended("failed", days_ago=1)
    changed(merchant, last_message="New")
    answer = as_viewer.get(poll_of(html).replace("chart=", "chart=0-"))
    told = answer.text
    assert answer.status_code == 200
    assert rows(told)[1][1:] == ["0", "0", "0", "1"]
    assert "daily=table" in poll_of(told)


def test_how_the_chart_shows_changes_neither_the_list_nor_its_page(as_viewer: Client) -> None:
    ended("synced")
    for number in range(60):
        make_failing_merchant(name=f"Merchant {number:03}")
    first = page(as_viewer, "/?sort=name&health=failing")
    second = re.findall(r'href="([^"]+)" rel="next"', first)[0].replace("&amp;", "&")
    html = page(as_viewer, second)
    link = re.findall(r'id="daily-table" href="([^"]+)"', html)[0].replace("&amp;", "&")
    assert names(page(as_viewer, link)) == names(html)
    assert as_viewer.get(link, headers=HTMX)["HX-Push-Url"] == link


def test_the_table_stays_when_the_list_is_filtered(as_viewer: Client) -> None:
    ended("synced")
    html = page(as_viewer, "/?daily=table&code=5130")
    assert html.count('<input type="hidden" name="daily" value="table">') == 2, "of the tiles and the toolbar"
    assert re.search(r'class="link sm" href="/\?daily=table">Clear<', html)


def test_links_above_and_beside_the_list_keep_how_it_is_shown(as_viewer: Client) -> None:
    ended("synced")
    make_failing_merchant(5130)
    make_merchant(health="switched_off")
    html = page(as_viewer, "/?daily=table&cols=fuse,days&code=4000&q=x")
    assert 'href="/?health=failing&amp;code=5130&amp;daily=table&amp;cols=fuse,days"' in html
    assert 'href="/?health=switched_off&amp;daily=table&amp;cols=fuse,days"' in html


@pytest.mark.parametrize("value", ["banana", "TABLE", "table,problems", "<b>"])
def test_another_way_to_show_it_is_ignored_and_said(as_viewer: Client, value: str) -> None:
    ended("synced")
    html = as_viewer.get("/", {"daily": value}).text
    assert current(html) == ["daily-all"]
    assert "is not a way to show the daily results that we know. It was ignored." in html
