"""“Nothing ran” is said of many at once only where nothing speaks against it."""

from datetime import UTC, datetime, timedelta

import pytest

from syncs.rules.reviews import Outage, against_nothing_ran, outages

SIX = datetime(2026, 6, 17, 6, tzinfo=UTC)


def at(*minutes: int) -> list[datetime]:
    return [SIX + timedelta(minutes=each) for each in minutes]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, ""),
        ({"new": 1}, "Codat lists 1 sync that is new since."),
        ({"new": 3, "accepted": True}, "Codat lists 3 syncs that are new since."),
        ({"accepted": True}, "Codat accepted it."),
        ({"list_read": False}, "Codat's list has not been read since this came before a person."),
        ({"list_read": False, "new": 1}, "Codat lists 1 sync that is new since."),
    ],
)
def test_what_speaks_against_it(facts: dict, sentence: str) -> None:
    assert against_nothing_ran(**{"accepted": False, "new": 0, "list_read": True} | facts) == sentence


@pytest.mark.parametrize(
    ("minutes", "spells"),
    [
        ((), []),
        ((0, 1), []),
        ((2, 0, 1), [(3, 0, 2)]),
        ((0, 10, 20), [(3, 0, 20)]),
        ((0, 11, 22), []),
        ((0, 0, 0, 11, 12, 60, 61, 69), [(3, 0, 0), (3, 60, 69)]),
    ],
)
def test_requests_that_went_unanswered_close_together_probably_met_one_outage(minutes, spells) -> None:
    assert outages(at(*minutes)) == [Outage(count, *at(first, last)) for count, first, last in spells]
