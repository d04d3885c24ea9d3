"""“Nothing ran” is said of many at once only where nothing speaks against it."""

import pytest

from syncs.rules.reviews import against_nothing_ran


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
