"""Days that a range leaves open: what a latest sync covers is offered apart from what only a range brings."""

from datetime import date

import pytest

from syncs.rules.coverage import Day, DayOutcome
from syncs.views.offers import Gap, Offers


def nov(day: int) -> date:
    return date(2026, 11, day)


def ended(day: int, outcome: DayOutcome, covered_by: int | None = None) -> Day:
    return Day(nov(day), outcome, decided_by=day, covered_by=covered_by, covered_empty=False)


@pytest.fixture
def offers() -> Offers:
    covered = [ended(day, DayOutcome.SYNCED, covered_by=day) for day in (1, 2, 3)]
    known = [*covered, ended(4, DayOutcome.SYNCED), ended(5, DayOutcome.FAILED)]
    return Offers([], None, [], [], {each.day: each for each in known}, None)


def test_where_a_latest_sync_begins_in_the_middle_there_are_two(offers: Offers) -> None:
    assert offers.outside(nov(1), nov(2), back_to=nov(5)) == [
        Gap(nov(4), nov(4), goes_back=False),
        Gap(nov(5), nov(5), goes_back=True),
    ]


def test_a_latest_sync_that_begins_before_them_covers_both(offers: Offers) -> None:
    assert offers.outside(nov(1), nov(2), back_to=nov(4)) == [Gap(nov(4), nov(5), goes_back=True)]


def test_where_nobody_knows_where_it_begins_it_covers_none(offers: Offers) -> None:
    assert offers.outside(nov(1), nov(2), back_to=None) == [Gap(nov(4), nov(5), goes_back=False)]
