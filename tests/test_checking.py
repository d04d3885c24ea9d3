"""Small verbs of a merchant's page: check now, a note."""

from datetime import UTC, datetime, timedelta

import pytest

from syncs.models import Activity, Merchant, User
from syncs.operations import notes
from syncs.operations.checking import Check, check_now
from syncs.operations.handing_out import claim_due_merchants
from tests.factories import make_merchant

NOW = datetime(2026, 11, 21, 8, 40, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_a_wish_to_see_the_newest_is_handed_out_at_once_and_by_nobody_else() -> None:
    merchant = make_merchant(next_refresh_at=NOW + timedelta(hours=3))
    assert check_now(merchant, NOW) is Check.HANDED_OUT
    assert claim_due_merchants(NOW, 5, [merchant.pk]) == []


def test_who_is_being_asked_is_asked_again_after_that_look_and_handed_to_nobody_else() -> None:
    merchant = make_merchant(next_refresh_at=NOW)
    assert claim_due_merchants(NOW, 5) == [merchant.pk]
    assert check_now(merchant, NOW + timedelta(seconds=1)) is Check.AFTERWARDS
    assert claim_due_merchants(NOW + timedelta(seconds=2), 5, [merchant.pk]) == []
    reason = "being asked now, and again after that: asked for by a person"
    assert Merchant.objects.get().next_refresh_reason == reason


def test_within_ten_seconds_of_the_last_one_it_is_not_asked_again() -> None:
    merchant = make_merchant()
    checks = [check_now(merchant, NOW + timedelta(seconds=seconds)) for seconds in (0, 1, 9, 10, 11, 12)]
    too_soon = [Check.TOO_SOON]
    assert checks == [Check.HANDED_OUT, *too_soon * 3, Check.AFTERWARDS, *too_soon]


def test_a_press_on_a_clock_that_was_set_back_since_is_not_too_soon() -> None:
    merchant = make_merchant(checked_at=NOW + timedelta(hours=2))
    assert check_now(merchant, NOW) is Check.HANDED_OUT


def test_an_archived_merchant_is_not_checked() -> None:
    merchant = make_merchant(archived_at=NOW, next_refresh_at=None)
    assert check_now(merchant, NOW) is Check.ARCHIVED
    assert Merchant.objects.get().next_refresh_at is None


def test_a_note_is_an_entry_of_its_writer_and_the_page_shows_it(support: User) -> None:
    merchant = make_merchant()
    notes.add(merchant, "Called them: new bank account", by=support)
    entry = Activity.objects.get()
    assert (entry.verb, entry.actor, entry.merchant) == ("note.added", support, merchant)
    assert entry.reason == "Called them: new bank account"
    assert Merchant.objects.get().version == merchant.version + 1
