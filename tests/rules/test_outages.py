"""When failures of many merchants are one outage, and when it is over."""

from datetime import UTC, datetime, timedelta

import pytest

from syncs.rules.outages import Struck, begins, goes_on

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
