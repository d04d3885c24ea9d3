"""A day of which only a part is synced is one thing everywhere on the page: never among the days that are synced."""

import re
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from syncs.models import Merchant
from syncs.operations import days as sales_days
from tests.conftest import NOON
from tests.factories import make_merchant, make_sync
from tests.test_choosing_days import classes
from tests.test_merchant_gaps import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]
OVERLAP = "4 of these 7 days are already synced (10 – 13 Jun), and a part of 14 Jun."
RANGE = {"first_day": date(2026, 6, 10), "last_day": date(2026, 6, 16)}


def ran(merchant: Merchant, code: int, start: int, finish: int, *, hour: int = 4) -> None:
    """From `hour` of one day in June to that of another, in UTC; days of London begin at 23."""
    begins, ends = (datetime(2026, 6, day, hour, tzinfo=UTC) for day in (start, finish))
    make_sync(merchant, code, ends, window_start=begins, window_finish=ends, window_known="answered")


def decided(merchant: Merchant) -> Merchant:
    sales_days.decide(merchant, date(2026, 6, 9), NOON)
    return merchant


@pytest.fixture
def merchant() -> Merchant:
    """10 to 13 June are synced, and the first hours of the 14th; it and the two days after it failed."""
    merchant = make_merchant()
    ran(merchant, 2000, 9, 13, hour=23)
    ran(merchant, 2000, 13, 14)
    for finish in (15, 16, 17):
        ran(merchant, 5130, 14, finish)
    return decided(merchant)


def words(html: str) -> str:
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", html, flags=re.DOTALL).split())


def in_range(client: Client, merchant: Merchant) -> str:
    return page(client, merchant, "?run=historic&first={first_day}&last={last_day}".format(**RANGE))


def test_grid_legend_facts_and_form_tell_the_same_numbers(as_support: Client, merchant: Merchant) -> None:
    html = in_range(as_support, merchant)
    cells = re.findall(r'<a class="(day [^"]+)"', html)
    assert sum("f" in cell.split() for cell in cells) == 3
    assert sum("ov" in cell.split() for cell in cells) == 4
    told = words(html)
    assert "Failed 3 " in told
    assert "Already synced, in your range 4 " in told
    assert "Synced in part, in your range 1 " in told
    assert "Already synced 4 days And a part of 14 Jun." in told
    assert f"{OVERLAP} Codat may stop the run with 5080." in told


def test_such_a_day_keeps_its_own_look_and_says_both(as_support: Client, merchant: Merchant) -> None:
    html = in_range(as_support, merchant)
    assert classes(html, date(2026, 6, 13)) == ["day", "w", "sel", "ov"]
    assert classes(html, date(2026, 6, 14)) == ["day", "f", "sel", "pt"]
    assert "Sun 14 Jun: failed, synced in part, in your range<" in html
    assert classes(html, date(2026, 6, 15)) == ["day", "f", "sel"]


def test_the_confirm_step_says_the_same(as_support: Client, merchant: Merchant) -> None:
    typed = {name: str(day) for name, day in RANGE.items()} | {"reason": "Ticket 12"}
    html = as_support.post(f"/merchants/{merchant.company_id}/rerun/range/review/", typed).text
    assert f"Overlap {OVERLAP} Codat may stop the run with 5080." in words(html)
    assert "I know 4 days are already synced, and a part of 14 Jun " in words(html)


def test_a_range_of_such_a_day_alone_is_none_of_synced_days(as_support: Client, merchant: Merchant) -> None:
    html = page(as_support, merchant, "?run=historic&first=2026-06-14&last=2026-06-15")
    assert "Already synced A part of 14 Jun " in words(html)
    assert "Already synced, in your range" not in html
    typed = {"first_day": "2026-06-14", "last_day": "2026-06-15", "reason": "Ticket 12"}
    html = as_support.post(f"/merchants/{merchant.company_id}/rerun/range/review/", typed).text
    assert "I know a part of 14 Jun is already synced " in words(html)


def test_a_day_whose_own_run_went_well_and_left_some_of_it_open_is_no_gap(as_support: Client) -> None:
    merchant = make_merchant()
    ran(merchant, 2000, 15, 16)
    html = page(as_support, decided(merchant))
    assert classes(html, date(2026, 6, 15)) == ["day", "p"]
    assert "Mon 15 Jun: synced in part<" in html
    assert "Synced in part 1 " in words(html)
    assert "Gap" not in words(html[html.index('class="legend') :][:600])


@pytest.fixture
def with_a_hole() -> Merchant:
    """All is synced but for the first hours of the 15th, which nothing goes back for."""
    merchant = make_merchant()
    ran(merchant, 2000, 9, 14, hour=23)
    ran(merchant, 2000, 15, 16)
    return decided(merchant)


def test_what_is_left_of_it_is_told_and_not_that_all_is_in_the_books(
    as_support: Client, with_a_hole: Merchant
) -> None:
    told = words(page(as_support, with_a_hole))
    assert "Of 15 Jun a part is in the books, and no later sync goes back for the rest." in told
    assert "Will a re-run help now? A range may. Codat may stop it" in told
    assert "Ask before you run anything" in told
    assert "The sales are in the books." not in told
    assert "All days that are over are in the books." not in told


def test_beside_another_trouble_it_is_told_too(as_support: Client, with_a_hole: Merchant) -> None:
    with_a_hole.health, with_a_hole.last_code = "failing", 5130
    with_a_hole.save()
    told = words(page(as_support, with_a_hole))
    assert "What to do" in told
    assert "Of 15 Jun a part is in the books, and no later sync goes back for the rest." in told


def test_in_a_range_a_day_that_never_ran_is_synced_in_part_where_some_of_it_is(as_support: Client) -> None:
    merchant = make_merchant()
    ran(merchant, 2000, 9, 12)
    ran(merchant, 2000, 15, 16, hour=23)
    html = in_range(as_support, decided(merchant))
    assert classes(html, date(2026, 6, 12)) == ["day", "p", "sel", "pt"]
    assert "Fri 12 Jun: synced in part, in your range<" in html
