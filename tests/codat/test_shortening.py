"""Texts that have to fit: nothing is cut in the middle of a word."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.codat.shortening import shortened
from syncs.rules.stored_moments import as_stored

AT = as_stored(datetime(2026, 11, 23, 14, 54, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "most", "told"),
    [
        ("It fits.", 8, "It fits."),
        ("One sentence. Another one.", 20, "One sentence. …"),
        ("No. The second sentence is far longer", 30, "No. The second sentence is…"),
        ('Codat said {"error": "no such account here"}', 30, 'Codat said {"error": "no such…'),
        ("Waits, and waits, and waits", 18, "Waits, and waits…"),
        ("one-word-without-any-end", 10, "one-word…"),
        (f"Looked at again {AT}: a sync is running", 30, "Looked at again…"),
    ],
)
def test_it_ends_with_a_sentence_or_a_word_and_says_that_more_was_there(
    text: str, most: int, told: str
) -> None:
    assert shortened(text, most) == told


@given(text=st.text(st.sampled_from('ab .,"{}' + AT), max_size=80), most=st.integers(2, 60))
def test_it_always_fits_and_is_the_same_where_it_fitted(text: str, most: int) -> None:
    told = shortened(text, most)
    assert len(told) <= most
    assert (told == text) == (len(text) <= most)
