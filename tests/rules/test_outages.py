"""When failures of many merchants are one outage, and when it is over."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.rules.outages import Platform, Route, Struck, begins, goes_on, out

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


def struck(failed: int, ran: int, ago: int = 1) -> Struck:
    last = NOW - timedelta(minutes=ago)
    return Struck("commerce", "Shopify", 5000, failed, ran, first=last, last=last)


@pytest.mark.parametrize(
    ("failed", "ran", "is_one"),
    [
        (10, 10, True),
        (10, 30, True),
        (118, 300, True),
        (9, 9, False),
        (10, 31, False),
        (200, 20_000, False),
    ],
)
def test_it_begins_where_many_and_a_third_of_them_failed(failed: int, ran: int, is_one: bool) -> None:
    assert begins(struck(failed, ran), NOW) is is_one


@pytest.mark.parametrize(
    ("failed", "ran", "ago", "is_one"),
    [
        (3, 30, 1, True),
        (3, 31, 1, False),
        (30, 30, 29, True),
        (30, 30, 30, False),
    ],
)
def test_it_is_over_when_few_fail_or_none_has_for_half_an_hour(
    failed: int, ran: int, ago: int, is_one: bool
) -> None:
    assert goes_on(struck(failed, ran, ago), NOW) is is_one


def test_failures_of_half_an_hour_ago_begin_none() -> None:
    assert begins(struck(10, 10, ago=29), NOW)
    assert not begins(struck(10, 10, ago=30), NOW)


# By commerce and accounting platform: how many failed, and of how many.
Hour = dict[tuple[str, str], tuple[int, int]]
XERO = ("accounting", "Xero")
# Of Xero nearly all fail; of Zettle and of Clover all, which all keep their books there.
ONE_IS_OUT: Hour = {("Shopify", "Xero"): (26, 30), ("Zettle", "Xero"): (11, 11), ("Clover", "Xero"): (11, 11)}
COMMERCE = st.sampled_from(["Shopify", "Square", "Zettle", "Clover"])


def accused(hour: Hour, standing: Collection[Platform] = ()) -> set[str]:
    routes = [
        Route((("commerce", shop), ("accounting", books)), failed, {5000: failed}, ran, NOW, NOW)
        for (shop, books), (failed, ran) in hour.items()
    ]
    return {each.platform for each in out(routes, standing, NOW)}


@pytest.mark.parametrize(
    ("hour", "platforms"),
    [
        # Whether or not others run well in that hour.
        (ONE_IS_OUT, {"Xero"}),
        (ONE_IS_OUT | {("Shopify", "QuickBooks"): (0, 30)}, {"Xero"}),
        (ONE_IS_OUT | {("Square", "Sage"): (0, 1)}, {"Xero"}),
        # One shop more that fails there moves no blame from the one of which all fail.
        ({("Clover", "Xero"): (20, 20), ("Shopify", "Xero"): (1, 31)}, {"Clover"}),
        # The larger platform has more failures; but only of those that write to Xero.
        (
            {("Shopify", "Xero"): (40, 60), ("Square", "Xero"): (5, 10), ("Shopify", "Sage"): (6, 60)},
            {"Xero"},
        ),
        # What one does not explain speaks against another.
        (ONE_IS_OUT | {("Square", "Sage"): (12, 12)}, {"Xero", "Square", "Sage"}),
        # Nothing tells apart two that always run together.
        ({("Shopify", "Xero"): (10, 12)}, {"Shopify", "Xero"}),
        # Too few, and too few of those that ran.
        ({("Shopify", "Xero"): (9, 9)}, set()),
        ({("Shopify", "Xero"): (10, 31)}, set()),
    ],
)
def test_an_outage_is_blamed_on_who_explains_the_failures(hour: Hour, platforms: set[str]) -> None:
    assert accused(hour) == platforms


def test_one_that_began_with_it_is_cleared_when_more_is_known() -> None:
    early: Hour = {("Zettle", "Xero"): (11, 11)}
    assert accused(early) == {"Zettle", "Xero"}
    assert accused(ONE_IS_OUT, [XERO, ("commerce", "Zettle")]) == {"Xero"}


@given(
    struck=st.dictionaries(COMMERCE, st.integers(5, 200), min_size=2),
    well=st.dictionaries(st.tuples(COMMERCE, st.sampled_from(["Sage", "QuickBooks"])), st.integers(1, 500)),
)
def test_where_all_that_keep_their_books_at_one_fail_it_alone_is_out_whoever_runs_well_elsewhere(
    struck: dict[str, int], well: dict[tuple[str, str], int]
) -> None:
    failing: Hour = {(shop, "Xero"): (count, count) for shop, count in struck.items()}
    assert accused(failing | {way: (0, count) for way, count in well.items()}) == {"Xero"}


@given(
    hour=st.dictionaries(
        st.tuples(COMMERCE, st.sampled_from(["Xero", "Sage"])),
        st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: (pair[0], sum(pair) + 1)),
        min_size=1,
    ),
    well=st.integers(1, 500),
)
def test_merchants_that_run_well_on_a_way_of_their_own_are_never_accused(hour: Hour, well: int) -> None:
    found = accused(hour | {("Lightspeed", "FreeAgent"): (0, well)})
    assert not found & {"Lightspeed", "FreeAgent"}
