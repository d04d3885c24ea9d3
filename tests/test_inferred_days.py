"""Days of which only the schedule says that a run covered them: Codat does not tell, and the grid says so."""

from datetime import timedelta

import pytest
from django.test import Client

from syncs.models import Sync
from tests.factories import make_merchant, make_sync
from tests.test_choosing_days import classes
from tests.test_days_synced_in_part import words
from tests.test_merchant_gaps import TODAY, page, with_days

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]
YESTERDAY = TODAY - timedelta(days=1)


@pytest.mark.parametrize(("letter", "outcome"), [("w", "Synced"), ("n", "No sales")])
def test_inferred_days_have_a_mark_of_their_own_in_grid_legend_and_words(
    as_support: Client, letter: str, outcome: str
) -> None:
    merchant = with_days(make_merchant(), (letter, 3))
    merchant.days.update(covered_empty=letter == "n")
    told = page(as_support, merchant)
    assert classes(told, YESTERDAY) == ["day", letter]
    assert "inferred" not in told[told.index('id="days"') : told.index('class="legend')]
    Sync.objects.update(window_known="inferred")
    inferred = page(as_support, merchant)
    assert classes(inferred, YESTERDAY) == ["day", letter, "inf"]
    assert f"Tue 16 Jun: {'synced' if letter == 'w' else 'synced, no sales'}, inferred<" in inferred
    assert f"{outcome} 3 " in words(inferred)
    assert "Inferred from the schedule 3 " in words(inferred)


def test_those_that_are_known_are_counted_beside_them_and_only_there(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 3))
    assert "Told by Codat or asked for here" not in page(as_support, merchant)
    inferred = make_sync(merchant, window_known="inferred")
    merchant.days.filter(day=YESTERDAY).update(covered_by=inferred)
    told = words(page(as_support, merchant))
    assert "Inferred from the schedule 1 Told by Codat or asked for here 2 " in told


def test_what_codat_answered_and_what_failed_is_not_inferred(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 2), ("f", 2))
    Sync.objects.update(window_known="answered")
    assert "Inferred from the schedule" not in page(as_support, merchant)


def test_an_inferred_day_in_the_range_stays_one(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 3))
    Sync.objects.update(window_known="inferred")
    html = page(as_support, merchant, f"?run=historic&first={YESTERDAY}&last={YESTERDAY}")
    assert classes(html, YESTERDAY)[:3] == ["day", "w", "inf"]
    assert "synced, inferred, in your range<" in html
