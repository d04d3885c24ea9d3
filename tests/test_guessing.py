"""Guessing through the names from one address has an end, and an office behind one address goes on working."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from syncs.models import User
from syncs.operations import guessing
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture(autouse=True)
def ten_tries_from_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guessing, "TRIES_FROM_ADDRESS", 10)


@pytest.fixture
def priya() -> User:
    return make_user("support", "priya")


def sign_in(name: str = "priya", word: str = "priya", **address: str) -> Any:
    return Client(**address).post("/sign-in/", {"username": name, "password": word})  # type: ignore[arg-type]


def guess(times: int) -> None:
    """Never so often for one name that the name itself is locked."""
    for number in range(times):
        assert sign_in(f"name {number // 4}", "wrong").status_code == 422


def test_guessing_through_the_names_ends_for_all_names_from_that_address(clock: Any, priya: User) -> None:
    guess(9)
    response = sign_in("the tenth", "wrong")
    assert response.status_code == 429
    assert "Too many wrong passwords from here. Sign-in goes on in 15 min, at 12:15 (GMT)." in response.text
    assert sign_in().status_code == 429
    assert sign_in(REMOTE_ADDR="10.0.0.9").status_code == 302


def test_it_goes_on_when_the_page_says_so(clock: Any, priya: User) -> None:
    guess(8)
    clock.shift(timedelta(minutes=10))
    sign_in("one", "wrong")
    # Eight of the ten are forgotten 15 minutes after they were made.
    assert "Sign-in goes on in 5 min, at 12:15 (GMT)." in sign_in("two", "wrong").text
    clock.shift(timedelta(minutes=5, seconds=1))
    assert sign_in().status_code == 302


def test_an_office_whose_people_mistype_goes_on_working(clock: Any, priya: User) -> None:
    guess(8)
    assert sign_in().status_code == 302


def test_the_tries_that_are_left_are_those_of_the_address_where_they_are_fewer(
    clock: Any, priya: User
) -> None:
    guess(7)
    assert "2 tries left, then 15 min pause." in sign_in(word="wrong").text


def test_one_locked_name_is_no_matter_of_the_address(clock: Any, priya: User) -> None:
    for _ in range(12):
        response = sign_in(word="wrong")
    assert "Too many wrong passwords for this name from here." in response.text
    assert sign_in("somebody else", "wrong").status_code == 422
