"""“Is a re-run safe?” hangs on every failure whose days no success has reached, whenever that success ran."""

from datetime import timedelta
from typing import Any

import pytest

from syncs.models import Merchant
from syncs.operations import health
from tests.conftest import NOON
from tests.factories import make_merchant, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def ago(days: float) -> Any:
    return NOON - timedelta(days=days)


def ran(merchant: Merchant, code: int, at: float, first: float, last: float, *, wrote: bool | None) -> None:
    """So many days ago, over the time from so many days ago to so many."""
    window = {"window_start": ago(first), "window_finish": ago(last), "window_known": "answered"}
    make_sync(merchant, code, ago(at), data_pushed=wrote, **window)


@pytest.fixture
def merchant() -> Merchant:
    """Its last daily success ended ten days ago; then two failures, of which the first has written."""
    merchant = make_merchant()
    ran(merchant, 2000, 10, 11, 10, wrote=True)
    ran(merchant, 5130, 9, 10, 9, wrote=True)
    ran(merchant, 5130, 8, 10, 8, wrote=False)
    return merchant


def may_be_written(merchant: Merchant) -> bool | None:
    health.recompute(merchant, NOON)
    return merchant.last_pushed


def test_an_earlier_failure_that_wrote_counts_as_long_as_its_days_are_open(merchant: Merchant) -> None:
    assert may_be_written(merchant) is True


def test_a_newer_success_of_older_days_does_not_make_it_forgotten(merchant: Merchant) -> None:
    ran(merchant, 2000, 3, 40, 39, wrote=True)
    ran(merchant, 5130, 2, 10, 2, wrote=False)
    assert may_be_written(merchant) is True


@pytest.mark.parametrize(("first", "last"), [(10, 3), (10, 9)], ids=["latest", "a range of its day"])
def test_a_success_that_reached_its_days_settles_it(merchant: Merchant, first: float, last: float) -> None:
    ran(merchant, 2000, 3, first, last, wrote=True)
    ran(merchant, 5130, 2, last, 2, wrote=False)
    assert may_be_written(merchant) is False


def test_a_success_of_newer_days_leaves_those_before_it_open(merchant: Merchant) -> None:
    ran(merchant, 2000, 3, 4, 3, wrote=True)
    ran(merchant, 5130, 2, 3, 2, wrote=False)
    assert may_be_written(merchant) is True


def test_days_that_several_successes_cover_together_are_settled(merchant: Merchant) -> None:
    ran(merchant, 2000, 5, 10, 9.5, wrote=True)
    ran(merchant, 2000, 4, 9.5, 9, wrote=True)
    ran(merchant, 5130, 2, 9, 2, wrote=False)
    assert may_be_written(merchant) is False


def test_where_nobody_knows_what_the_success_reached_its_time_decides() -> None:
    merchant = make_merchant()
    ran(merchant, 5130, 9, 10, 9, wrote=True)
    make_sync(merchant, 2000, ago(3))
    ran(merchant, 5130, 2, 3, 2, wrote=False)
    assert may_be_written(merchant) is False


def test_what_codat_does_not_say_is_not_known(merchant: Merchant) -> None:
    ran(merchant, 2000, 7, 10, 7, wrote=True)
    ran(merchant, 5130, 6, 7, 6, wrote=None)
    ran(merchant, 5130, 5, 7, 5, wrote=False)
    assert may_be_written(merchant) is None
