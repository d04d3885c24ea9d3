"""What F7 and F9 say of sends and refusals: from the sandbox's own books, and nothing where nothing could be seen."""

import pytest

from bench import refusals
from bench.bulk import judged
from syncs.processes.errors import CannotRun


def of_a_bulk(asked: dict[str, str], arrived: dict[str, float]) -> dict[str, tuple[float, bool | None]]:
    rows = judged(2, asked, arrived, began=1000.0, needed=10.0)
    return {row.name: (row.value, row.ok) for row in rows}


def test_a_bulk_took_until_its_last_post() -> None:
    found = of_a_bulk({"a": "running", "b": "succeeded"}, {"a": 1004.0, "b": 1010.5})
    assert found["of the bulk are sent"] == (2, True)
    assert found["of that time"] == (1.05, True)


@pytest.mark.parametrize("state", ["rejected", "cancelled", "needs_review"])
def test_what_codat_never_got_has_not_been_sent_and_no_time_is_reached_without_it(state: str) -> None:
    found = of_a_bulk({"a": "running", "b": state}, {"a": 1004.0})
    assert found[f"of the bulk are sent; the others are {{'{state}': 1}}"] == (1, False)
    assert found["of that time"] == (0.4, False)


def test_a_post_from_before_the_bulk_is_not_its_own() -> None:
    found = of_a_bulk({"a": "running", "b": "failed"}, {"a": 1004.0, "b": 999.0, "c": 1004.0})
    assert found["of the bulk are sent; the others are {'failed': 1}"] == (1, False)


def test_a_bulk_that_is_short_of_requests_is_not_all_sent() -> None:
    assert of_a_bulk({"a": "running"}, {"a": 1004.0})["of the bulk are sent"] == (1, False)


def test_a_bulk_of_which_nothing_was_sent_cannot_be_measured() -> None:
    with pytest.raises(CannotRun, match="rejected"):
        of_a_bulk({"a": "rejected"}, {})


@pytest.mark.parametrize(
    ("count", "rate", "seconds", "ok"),
    [(0, 800, 60, True), (1, 800, 60, False), (0, 1001, 60, None), (0, 800, 59, None)],
)
def test_no_refusal_is_reached_only_where_one_could_have_come(
    count: int, rate: float, seconds: float, ok: bool | None
) -> None:
    row = refusals.judged("F7", "answers 429", count, rate=rate, seconds=seconds)
    assert (row.value, row.ok) == (count, ok)
    assert ("not judged" in row.name) == (ok is None)
