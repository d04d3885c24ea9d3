"""Since when a merchant fails: the moment at which it was seen to begin, which later looks do not move."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from syncs.models import Merchant, User
from syncs.operations import beginnings
from syncs.rules.health import Health
from syncs.rules.states import State
from tests.alerting import becomes
from tests.conftest import NOON
from tests.factories import make_merchant, make_request, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved")]
HOUR = timedelta(hours=1)


def began(merchant: Merchant) -> datetime | None:
    merchant.refresh_from_db()
    return merchant.began_to_fail_at


@pytest.mark.parametrize("word", ["failing", "needs_reconnect", "switched_off"])
def test_it_is_the_moment_of_the_look_that_saw_it(word: str) -> None:
    becomes(merchant := make_merchant(), word, 5000)
    assert began(merchant) == NOON


def test_who_never_began_begins_to_fail_when_its_first_sync_does() -> None:
    becomes(merchant := make_merchant(health="never_synced", last_code=None), "failing", 5000)
    assert began(merchant) == NOON


def test_to_fail_otherwise_is_no_beginning(moved: Any) -> None:
    becomes(merchant := make_merchant(), "failing", 5000)
    moved.shift(2 * HOUR)
    becomes(merchant, "failing", 5130)
    becomes(merchant, "needs_reconnect", 4040)
    assert began(merchant) == NOON


def test_it_is_over_with_a_success_and_begins_anew_after_it(moved: Any) -> None:
    becomes(merchant := make_merchant(), "failing", 5000)
    becomes(merchant, "healthy", 2000)
    assert began(merchant) is None
    moved.shift(2 * HOUR)
    becomes(merchant, "failing", 5000)
    assert began(merchant) == NOON + 2 * HOUR


def first_look(*failed: datetime, succeeded: datetime | None = None, **columns: Any) -> datetime | None:
    """What it leaves of syncs that ran before anybody looked."""
    merchant = make_merchant(
        **{"health": "failing", "last_code": 5000, "last_success_at": succeeded} | columns
    )
    for at in failed:
        make_sync(merchant, 5000, at)
    beginnings.keep(merchant, Health.UNSEEN, NOON)
    return merchant.began_to_fail_at


def test_of_who_failed_before_the_first_look_it_is_the_first_failure_since_the_last_success() -> None:
    older, newer = NOON - 34 * HOUR, NOON - 10 * HOUR
    assert first_look(newer, older) == older
    assert first_look(older, newer, succeeded=NOON - 20 * HOUR) == newer
    assert first_look(newer, succeeded=NOON - HOUR, health="healthy") is None


def test_since_when_a_connection_is_cut_nobody_knows_at_the_first_look() -> None:
    assert first_look(succeeded=NOON - 34 * HOUR, health="needs_reconnect") is None


def test_a_range_that_codat_stopped_is_no_beginning(support: User) -> None:
    merchant = make_merchant(health="failing", last_success_at=NOON - 58 * HOUR)
    stopped = make_sync(merchant, 5080, NOON - 30 * HOUR)
    days = {"kind": "historic", "first_day": date(2026, 6, 10), "last_day": date(2026, 6, 11)}
    make_request(merchant, state=State.FAILED, asked_by=support, sync=stopped, **days)
    make_sync(merchant, 5000, NOON - HOUR)
    beginnings.keep(merchant, Health.UNSEEN, NOON)
    assert merchant.began_to_fail_at == NOON - HOUR
