"""One short outage of each kind, and that the judge can say no. The long run is `python -m tests.outages`."""

from collections.abc import Iterator
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from tests import postgres
from tests.outages.cycles import KINDS, Cycle, Outcome
from tests.outages.house import House, Press, Row, house


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("outages")
    with house(folder, seed=1, sqlite=postgres.binaries() is None) as found:
        yield found


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_no_press_is_applied_twice_or_lost_and_sends_go_on(desk: House, kind: str) -> None:
    found = Cycle(desk, seconds=5).through(KINDS[kind])
    assert not found.broken, found
    assert found.said == []


def judged(row: Row | None, resumed: float = 1.0) -> Outcome:
    """What a cycle concludes of one press with this row."""
    desk: Any = SimpleNamespace(broker=None, rows=lambda: {"token": row} if row else {}, dice=Random(1))
    cycle = Cycle(desk, seconds=0)
    cycle._presses.append(Press("token", took=0.1))
    return cycle._outcome(resumed)


def test_one_that_was_applied_once_and_has_ended_is_well() -> None:
    assert not judged(Row("succeeded", posts=1)).broken


@pytest.mark.parametrize(
    ("row", "count"),
    [
        (Row("succeeded", posts=2), "twice"),
        (Row("queued", posts=2), "twice"),
        (None, "lost"),
        (Row("succeeded_empty", posts=0), "lost"),
        (Row("not_run", posts=0), "lost"),
        (Row("cancelled", posts=0), "lost"),
        (Row("cancelled", posts=1), "untrue"),
        (Row("queued", posts=0), "stuck"),
        (Row("sending", posts=1), "stuck"),
        (Row("accepted", posts=1), "stuck"),
    ],
)
def test_one_that_broke_the_promise_is_counted(row: Row | None, count: str) -> None:
    found = judged(row)
    assert getattr(found, count) == 1
    assert found.broken
    assert found.said


def test_one_before_a_person_is_counted_and_breaks_no_promise() -> None:
    found = judged(Row("needs_review", posts=1))
    assert (found.uncertain, found.broken) == (1, False)
    assert found.said


def test_sends_that_go_on_too_late_break_the_promise() -> None:
    assert judged(Row("succeeded", posts=1), resumed=121.0).broken
