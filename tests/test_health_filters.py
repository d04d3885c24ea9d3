"""What narrows the health list beside its tiles: several codes at once, and how long ago the last success is."""

import csv
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import User
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_merchant
from tests.test_health_live import changed, poll_of
from tests.test_health_page import HTMX, names, page

pytestmark = pytest.mark.django_db


def succeeded(days_ago: float, **columns: object) -> None:
    at = timezone.now() - timedelta(days=days_ago)
    make_merchant(last_success_at=at, silent_since=at, **columns)


def notes(html: str) -> list[str]:
    return re.findall(r'class="note t-warn">.*?<p>([^<]*)<', html, re.DOTALL)


def test_several_codes_list_whoever_ended_with_any_of_them(as_viewer: Client) -> None:
    for code, name in ((5130, "Books"), (4000, "Settings"), (5000, "Codat")):
        make_failing_merchant(code, name=name)
    assert sorted(names(page(as_viewer, "/?code=5130&code=4000"))) == ["Books", "Settings"]


def test_the_same_codes_in_any_order_are_one_address(as_viewer: Client) -> None:
    for query in ("code=5130&code=4000", "code=4000&code=5130&code=4000", "code=&code=5130&code=4000"):
        assert as_viewer.get(f"/?{query}", headers=HTMX)["HX-Push-Url"] == "/?code=4000&code=5130"


def test_a_code_that_is_none_is_left_out_and_the_others_stay(as_viewer: Client) -> None:
    make_failing_merchant(5130, name="Books")
    make_failing_merchant(4000, name="Settings")
    html = page(as_viewer, "/?code=5130&code=banana")
    assert names(html) == ["Books"]
    assert notes(html) == ["“banana” is not a status code. It was ignored."]


def test_the_chosen_codes_are_ticked_and_stand_on_the_chip(as_viewer: Client) -> None:
    html = page(as_viewer, "/?code=5130&code=4321")
    assert re.findall(r'name="code" value="(\d+)" checked', html) == ["4321", "5130"]
    assert "4321, 5130" in html


@pytest.mark.parametrize(
    ("value", "listed"),
    [
        ("1", ["Eight days", "Two days"]),
        ("3", ["Eight days"]),
        ("7", ["Eight days"]),
        ("14", []),
        ("31", []),
        ("never", ["Never"]),
    ],
)
def test_the_last_success_may_be_older_than_so_many_days_or_never_have_been(
    as_viewer: Client, value: str, listed: list[str]
) -> None:
    succeeded(0.9, name="Today")
    succeeded(2, name="Two days")
    succeeded(8, name="Eight days")
    make_merchant(name="Never", last_success_at=None, silent_since=timezone.now() - timedelta(days=90))
    html = page(as_viewer, f"/?success={value}&sort=name")
    assert names(html) == listed
    assert f'<option value="{value}" selected>' in html


@pytest.mark.parametrize("value", ["2", "-1", "٣", "Never", "1;--", "999999999999"])
def test_an_age_that_is_not_offered_is_ignored_and_said(as_viewer: Client, value: str) -> None:
    make_merchant(name="Still here")
    html = page(as_viewer, f"/?success={value}")
    assert names(html) == ["Still here"]
    assert len(notes(html)) == 1


def test_the_file_holds_what_the_page_lists(as_viewer: Client) -> None:
    make_failing_merchant(5130, name="Books")
    make_failing_merchant(4000, name="Settings")
    make_failing_merchant(5000, name="Codat")
    answer = as_viewer.get("/health.csv?code=5130&code=4000&success=7&sort=name").getvalue().decode()
    assert [line[0] for line in list(csv.reader(answer.splitlines()))[1:]] == ["Books", "Settings"]


def test_a_tile_and_a_column_keep_all_that_is_filtered(as_viewer: Client) -> None:
    make_failing_merchant()
    html = page(as_viewer, "/?code=5130&code=4000&success=7")
    tiles = html[html.index('id="tiles"') : html.index('id="results"')]
    assert re.findall(r'name="(code|success)" value="(\d+)"', tiles) == [
        ("code", "4000"),
        ("code", "5130"),
        ("success", "7"),
    ]
    assert 'href="/?code=4000&amp;code=5130&amp;success=7&amp;sort=name"' in html


def test_a_list_of_several_codes_polls_for_itself(as_viewer: Client) -> None:
    books, codat = make_failing_merchant(5130), make_failing_merchant(5000)
    html = page(as_viewer, "/?code=4000&code=5130")
    assert "code=4000&code=5130" in poll_of(html)
    assert as_viewer.get(poll_of(html)).status_code == 204
    changed(books, last_message="Another one")
    changed(codat, last_message="Of no interest here")
    assert names(as_viewer.get(poll_of(html)).text) == [books.name]


@pytest.mark.usefixtures("memory")
def test_that_one_list_has_nothing_new_says_nothing_of_the_list_of_another_code(viewer: User) -> None:
    """Both bear the code that stands last in the address, and show the same row and tiles."""
    with time_machine.travel(timezone.now().replace(hour=12), tick=False) as clock:
        client = signed_in(viewer)
        make_failing_merchant(5130, name="In both")
        moves = make_merchant(last_code=None)
        one, other = (poll_of(page(client, f"/?code={code}&code=5130")) for code in (2040, 2000))
        clock.shift(timedelta(seconds=5))
        changed(moves, last_code=2000)
        assert client.get(one).status_code == 204
        assert client.get(other).status_code == 200


def test_filters_cost_no_question_more_than_the_list_alone_and_its_count(as_viewer: Client) -> None:
    for _ in range(3):
        make_failing_merchant()

    def asked(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            page(as_viewer, url)
        return len(captured)

    assert asked("/?code=5130&code=4000&success=7") == asked("/?health=failing") + 1
