"""The grid of days: the chosen range in it, its earlier months, and what a range would leave out."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client

from tests.factories import make_merchant, make_sync
from tests.test_merchant_gaps import TODAY, page, with_days

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]
HTMX = {"HX-Request": "true", "HX-Target": "range"}


def classes(html: str, day: date) -> list[str]:
    found = re.search(rf'<a class="([^"]+)"[^>]*id="day-{day}"', html)
    assert found, day
    return found[1].split()


def test_the_chosen_range_is_marked_with_its_ends(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 3), ("f", 5))
    first, last = TODAY - timedelta(days=4), TODAY - timedelta(days=2)
    html = page(as_support, merchant, f"?run=historic&first={first}&last={last}")
    assert classes(html, first) == ["day", "f", "sel", "a"]
    assert classes(html, first + timedelta(days=1)) == ["day", "f", "sel"]
    assert classes(html, last) == ["day", "f", "sel", "z2"]
    assert classes(html, last + timedelta(days=1)) == ["day", "f"]
    assert html.count(", in your range</span>") == 3


def test_without_a_range_no_day_is_marked(as_support: Client) -> None:
    html = page(as_support, with_days(make_merchant(), ("f", 5)))
    assert ", in your range" not in html
    assert "Your range" not in html


def test_days_of_the_range_that_are_synced_already_are_told_by_shape_and_word(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("f", 3))
    day = TODAY - timedelta(days=5)
    make_sync(
        merchant,
        window_start=f"{day - timedelta(days=1)}T23:00Z",
        window_finish=f"{day}T23:00Z",
        window_known="answered",
    )
    merchant.days.create(day=day, outcome="synced", covered_by=merchant.syncs.get(window_known="answered"))
    html = page(as_support, merchant, f"?run=historic&first={day}&last={TODAY - timedelta(days=1)}")
    assert "ov" in classes(html, day)
    assert "Already synced, in your range 1" in html
    assert "May stop the run with 5080" in html


def test_what_is_typed_moves_the_mark_without_a_new_page(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("f", 9))
    day = TODAY - timedelta(days=3)
    typed = {"first_day": day, "last_day": day}
    told = as_support.get(f"/merchants/{merchant.company_id}/range/", typed, headers=HTMX)
    assert told["HX-Trigger"] == '{"range": {}}'
    grid = as_support.get(f"/merchants/{merchant.company_id}/days/", typed, headers=HTMX).text
    assert 'hx-trigger="range from:body"' in grid
    assert classes(grid, day) == ["day", "f", "sel", "a", "z2"]


@pytest.mark.parametrize(
    ("first_ago", "last_ago", "sentence"),
    [
        (2, 4, "The last day is before the first day."),
        (2, -3, "These days are in the future or not over yet."),
        (4000, 2, "3999 days are too many."),
    ],
)
def test_a_range_that_cannot_be_is_told_before_it_is_pressed(
    as_support: Client, first_ago: int, last_ago: int, sentence: str
) -> None:
    merchant = make_merchant()
    typed = {"first_day": TODAY - timedelta(days=first_ago), "last_day": TODAY - timedelta(days=last_ago)}
    html = as_support.get(f"/merchants/{merchant.company_id}/range/", typed, headers=HTMX).text
    assert 'class="note t-bad" role="alert"' in html
    assert sentence in html


def test_one_day_alone_is_no_mistake_yet(as_support: Client) -> None:
    merchant = make_merchant()
    typed = {"first_day": TODAY - timedelta(days=4), "last_day": ""}
    html = as_support.get(f"/merchants/{merchant.company_id}/range/", typed, headers=HTMX).text
    assert "alert" not in html


def test_the_grid_by_itself_is_no_page(as_support: Client) -> None:
    merchant = make_merchant()
    answer = as_support.get(f"/merchants/{merchant.company_id}/days/?month=2026-02")
    assert answer["Location"] == f"/merchants/{merchant.company_id}/?month=2026-02#days"


def test_a_poll_that_brings_the_whole_region_takes_the_grid_along_in_its_place(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("f", 9))
    headers = {"HX-Request": "true", "HX-Target": "merchant_live"}
    html = as_support.get(f"/merchants/{merchant.company_id}/?v=old", headers=headers).text
    assert 'id="days"' in html
    assert "hx-swap-oob" not in html[html.index('id="days"') - 100 : html.index('id="h-days"')]


def test_what_is_typed_goes_before_what_the_address_says(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("f", 9))
    typed, named = TODAY - timedelta(days=3), TODAY - timedelta(days=5)
    query = f"?run=historic&first={named}&last={named}&first_day={typed}&last_day={typed}"
    html = page(as_support, merchant, query)
    assert "sel" in classes(html, typed)
    assert "sel" not in classes(html, named)


def test_missing_days_outside_the_range_are_named_and_offered(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 3), ("f", 2), ("w", 3), ("f", 3))
    first, last = TODAY - timedelta(days=3), TODAY - timedelta(days=1)
    html = page(as_support, merchant, f"?run=historic&first={first}&last={last}")
    outside = html[html.index("Gaps left outside your range") :]
    assert "9 – 10 Jun" in outside[:400]
    assert "Use this range" in outside[:900]


def test_earlier_months_can_be_looked_at_while_there_are_any(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 200))
    newest = page(as_support, merchant)
    assert "?month=2026-02#days" in newest
    assert '<span class="btn xs" aria-disabled="true">Later</span>' in newest
    earlier = page(as_support, merchant, "?month=2026-02")
    assert classes(earlier, date(2025, 12, 31)) == ["day", "w"]
    assert f'id="day-{TODAY - timedelta(days=1)}"' not in earlier
    assert "?month=2026-06#days" in earlier
    assert '<span class="btn xs" aria-disabled="true">Earlier</span>' in earlier


def test_a_merchant_of_four_months_has_no_earlier_ones(as_support: Client) -> None:
    assert "month=" not in page(as_support, with_days(make_merchant(), ("w", 30)))


@pytest.mark.parametrize("month", ["2026-13", "x", "", "9999-01", "1999-01", "0000-01", "2026-1", "2026-07"])
def test_a_month_that_is_none_is_this_one(as_support: Client, month: str) -> None:
    html = page(as_support, with_days(make_merchant(), ("w", 30)), f"?month={month}")
    assert f'id="day-{TODAY - timedelta(days=1)}"' in html


def test_a_poll_stays_at_the_months_that_are_looked_at(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 200))
    html = page(as_support, merchant, "?month=2026-02")
    assert '<input type="hidden" name="month" value="2026-02">' in html
    assert "month=2026-02&amp;v=" not in html


def test_a_viewer_cannot_choose(client: Client, viewer: object) -> None:
    client.force_login(viewer)  # type: ignore[arg-type]
    html = page(client, with_days(make_merchant(), ("f", 9)))
    assert 'id="day-' not in html
