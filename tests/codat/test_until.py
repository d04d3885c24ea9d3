"""A machine that sleeps, is moved or has its clock set: a decision that was slept over does not stand."""

from datetime import timedelta
from typing import Any

import pytest

from syncs.codat import until
from syncs.codat.until import Until


def test_it_stands_for_as_long_as_it_was_given() -> None:
    assert 4 < Until.after(5).left() <= 5
    assert Until.after(-1).left() < 0


def test_it_is_over_where_only_the_walls_clock_went_on(moved: Any) -> None:
    claim = Until.after(5)
    moved.shift(timedelta(hours=3))
    assert claim.left() < 0


def test_it_is_over_however_the_walls_clock_was_set_back(moved: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = Until.after(5)
    moved.shift(-timedelta(hours=3))
    monkeypatch.setattr(until, "_counted", lambda: claim.counted + 1)
    assert claim.left() < 0
