"""A range for many merchants leaves no day behind without a word: not before it, and not of those that it spares."""

from datetime import date
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from syncs.models import Bulk, Merchant, NotAsked
from syncs.operations import gaps
from syncs.operations.days import decide
from tests.bulk_pages import confirm, form_of, heading, review
from tests.conftest import NOON
from tests.factories import make_merchant
from tests.test_bulk_review_page import tiles
from tests.test_days_synced_in_part import ran, words
from tests.test_exports import lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]


def days(first: int, last: int, **more: str) -> dict[str, Any]:
    return {"kind": "historic", "first_day": f"2026-06-{first}", "last_day": f"2026-06-{last}"} | more


def cut_off(name: str, day: int = 15) -> Merchant:
    """Synced to the morning of that day of June; since then every sync failed."""
    merchant = make_merchant(name=name, health="failing", last_code=5000)
    ran(merchant, 2000, 9, day)
    for finish in range(day + 1, 18):
        ran(merchant, 5000, day, finish)
    decide(merchant, date(2026, 6, 9), NOON)
    return merchant


def whole(name: str, last: int = 15) -> Merchant:
    """All days up to that one are synced wholly; since then every sync failed."""
    merchant = make_merchant(name=name, health="failing", last_code=5000)
    ran(merchant, 2000, 8, last, hour=23)
    for finish in range(last + 1, 17):
        ran(merchant, 5000, last, finish, hour=23)
    decide(merchant, date(2026, 6, 9), NOON)
    return merchant


def row(html: str, name: str) -> str:
    table = html.partition("<tbody>")[2].partition("</tbody>")[0]
    [found] = [words(part) for part in table.split("<tr>") if name in part]
    return found


def test_days_before_the_range_that_only_it_leaves_behind_are_told_of_each(as_support: Client) -> None:
    html = review(as_support, cut_off("Ashdown"), cut_off("Birch", 14), whole("Copper"), **days(16, 16))
    assert heading(html) == "Re-run 16 Jun for 3 merchants?"
    assert "15 Jun" in row(html, "Ashdown")
    assert "14 – 15 Jun" in row(html, "Birch")
    assert " Jun" not in row(html, "Copper")
    assert tiles(html)["Earlier days stay out"] == "2"
    told = words(html)
    assert "Earlier days of 2 merchants stay out: Ashdown 15 Jun ; Birch 14 – 15 Jun Once" in told
    assert "Once 16 Jun is in the books, no later sync goes back for them" in told


def test_where_nobody_loses_a_day_nothing_is_said(as_support: Client) -> None:
    html = review(as_support, whole("Copper"), cut_off("Dove", 16), **days(16, 16, accept_overlap="on"))
    assert "stay out" not in html
    assert "Stays out" not in html
    assert "stay out" not in review(as_support, *Merchant.objects.all())


def test_they_are_left_out_by_a_button_and_taken_in_again(as_support: Client) -> None:
    merchants = [cut_off("Ashdown"), cut_off("Birch", 14), whole("Copper")]
    html = review(as_support, *merchants, **days(16, 16))
    assert "Leave out the 2" in words(html)
    spared = review(as_support, **form_of(html) | days(16, 16) | {"change": "spare_gaps"})
    assert heading(spared) == "Re-run 16 Jun for 1 of 3 merchants?"
    assert "2 left out. Days before this range would stay out." in words(spared)
    assert "Earlier days stay out" not in spared
    again = review(as_support, **form_of(spared) | days(16, 16) | {"change": "take_gaps"})
    assert heading(again) == "Re-run 16 Jun for 3 merchants?"


def test_what_became_of_it_names_them_and_offers_sync_latest_for_them(as_support: Client) -> None:
    merchants = [cut_off("Ashdown"), cut_off("Birch", 14), whole("Copper")]
    html = review(as_support, *merchants, **days(16, 16, spare_gaps="on"))
    answer = confirm(as_support, html, **days(16, 16))
    assert answer.status_code == 302
    assert [each.kind for each in NotAsked.objects.order_by("pk")] == ["gaps", "gaps"]
    page = as_support.get(answer.url).text
    assert heading(page) == "Re-run 16 Jun for 1 of 3 merchants"
    assert '<a class="link" href="#h-not">2 did not run</a>' in page
    assert "2 left out. Days before this range would stay out." in words(page)
    picked = f'name="picked" value="{merchants[0].pk},{merchants[1].pk}"'
    assert picked in page
    next_one = as_support.post("/bulk/", {"kind": "latest", "picked": f"{merchants[0].pk},{merchants[1].pk}"})
    assert heading(next_one.text) == "Sync latest for 2 merchants?"
    told = {line["Merchant"]: line["Result"] for line in lines(as_support, f"{answer.url}results.csv")}
    assert told["Ashdown"] == "Left out: a day before this range would stay out."
    assert told["Birch"] == "Left out: 2 days before this range would stay out."


def test_who_may_not_ask_is_offered_no_sync_latest(as_support: Client, as_viewer: Client) -> None:
    html = review(as_support, cut_off("Ashdown"), whole("Copper"), **days(16, 16, spare_gaps="on"))
    page = as_viewer.get(confirm(as_support, html, **days(16, 16)).url).text
    assert "1 left out." in words(page)
    assert 'name="picked"' not in page


def test_who_is_spared_because_of_a_part_is_not_told_to_be_in_the_books(as_support: Client) -> None:
    merchants = [cut_off("Ashdown"), whole("Birch", 16), whole("Copper", 14)]
    html = review(as_support, *merchants, **days(15, 16))
    told = words(html)
    assert "1 already synced in part. The rest of these days does not run either:" in told
    assert "1 already synced. Nothing of these days is missing." in told
    assert told.count("Re-run all 2 with synced days too") == 1
    taken = review(as_support, **form_of(html) | days(15, 16) | {"change": "accept_overlap"})
    assert heading(taken) == "Re-run 15 – 16 Jun for 3 merchants?"


def test_where_nobody_can_run_sync_latest_is_offered_at_once(as_support: Client) -> None:
    some = [cut_off("Ashdown"), whole("Birch", 16)]
    html = review(as_support, *some, **days(15, 16))
    assert heading(html) == "Re-run 15 – 16 Jun for 0 of 2 merchants?"
    assert f'name="picked" value="{some[0].pk}">' in html
    assert "Sync latest for 1…" in html
    assert "Sync latest for" not in review(as_support, *some, whole("Copper", 14), **days(15, 16))


@pytest.mark.parametrize(
    ("merchant", "asked", "why"),
    [
        (("part", 15), (15, 15), "A part of this day is already synced. The rest does not run either."),
        (("part", 15), (14, 16), "2 of these 3 days are already synced, wholly or in part. The rest does"),
        (("part", 15), (15, 16), "1 of these 2 days is already synced, wholly or in part. The rest does"),
        (("whole", 15), (15, 15), "This day is already synced."),
        (("whole", 15), (14, 15), "All of these days are already synced."),
    ],
)
def test_each_reason_says_how_much_of_the_days_that_is(
    as_support: Client, merchant: tuple[str, int], asked: tuple[int, int], why: str
) -> None:
    make = cut_off if merchant[0] == "part" else whole
    html = review(as_support, make("Ashdown", merchant[1]), make_merchant(), **days(*asked))
    assert confirm(as_support, html, **days(*asked)).status_code == 302
    assert NotAsked.objects.get().why.startswith(why)


class TestOfMany:
    @pytest.fixture(autouse=True)
    def merchants(self) -> None:
        for number in range(12):
            cut_off(f"Shop {number:02}")
            whole(f"Store {number:02}")
        make_merchant(name="Never synced", health="never_synced", last_success_at=None, last_code=None)

    def queries(self, client: Client, count: int) -> int:
        merchants = Merchant.objects.order_by("pk")[:count]
        with CaptureQueriesContext(connection) as captured:
            review(client, *merchants, **days(16, 16))
        return len(captured)

    def test_the_queries_of_the_page_do_not_grow_with_them(self, as_lead: Client) -> None:
        self.queries(as_lead, 1)
        few = self.queries(as_lead, 2)
        assert self.queries(as_lead, 25) == few
        assert few <= 16

    def test_two_queries_find_the_days_of_all_of_them(self, django_assert_num_queries: Any) -> None:
        merchants = list(Merchant.objects.all())
        with django_assert_num_queries(2):
            found = gaps.left_out_of_each(merchants, date(2026, 6, 16))
        assert len(found) == 12
        assert set(map(tuple, found.values())) == {(date(2026, 6, 15),)}

    def test_where_all_are_in_the_books_one_does(self, django_assert_num_queries: Any) -> None:
        merchants = list(Merchant.objects.filter(name__startswith="Store"))
        with django_assert_num_queries(1):
            assert gaps.left_out_of_each(merchants, date(2026, 6, 16)) == {}

    def test_more_than_a_dozen_are_named_when_asked(self, as_lead: Client) -> None:
        cut_off("Shop 12")
        cut_off("Shop 13")
        told = words(unescape(review(as_lead, *Merchant.objects.all(), **days(16, 16))))
        assert "Earlier days of 14 merchants stay out:" in told
        assert "and 2 more" in told


@pytest.mark.parametrize(("first", "left"), [(15, []), (16, [15]), (17, [15, 16])])
def test_it_is_told_by_the_same_rule_as_for_one(first: int, left: list[int]) -> None:
    merchant = cut_off("Ashdown")
    found = gaps.left_out_of_each([merchant], date(2026, 6, first)).get(merchant.pk, [])
    assert found == [date(2026, 6, day) for day in left]


def test_a_day_on_which_nothing_ran_stays_out_no_less_and_none_before_the_start_date() -> None:
    merchant = whole("Ashdown", 13)
    merchant.days.filter(day=date(2026, 6, 14)).update(outcome="not_run")
    first = date(2026, 6, 16)
    assert gaps.left_out_of_each([merchant], first)[merchant.pk] == [date(2026, 6, 14), date(2026, 6, 15)]
    merchant.start_date = date(2026, 6, 15)
    assert gaps.left_out_of_each([merchant], first)[merchant.pk] == [date(2026, 6, 15)]


def test_a_press_saves_what_was_confirmed_with_its_days_left_out(as_support: Client) -> None:
    html = review(as_support, cut_off("Ashdown"), **days(16, 16))
    assert confirm(as_support, html, **days(16, 16)).status_code == 302
    assert Bulk.objects.get().requests.count() == 1
