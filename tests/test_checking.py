"""Small verbs of a merchant's page: check now, a note."""

from datetime import UTC, datetime, timedelta

import pytest

from syncs.models import Activity, Merchant, User
from syncs.operations import notes
from syncs.operations.checking import check_now
from tests.factories import make_merchant

NOW = datetime(2026, 11, 21, 8, 40, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def test_a_wish_to_see_the_newest_puts_the_merchant_first_in_line() -> None:
    merchant = make_merchant(next_refresh_at=NOW + timedelta(hours=3))
    assert check_now(merchant, NOW)
    assert Merchant.objects.get().next_refresh_at == NOW
    assert list(Merchant.objects.due_for_a_look(NOW)) == [merchant]


def test_within_ten_seconds_of_the_last_one_it_is_not_put_there_again() -> None:
    merchant = make_merchant()
    granted = [check_now(merchant, NOW + timedelta(seconds=seconds)) for seconds in (0, 1, 9, 10, 11, 12)]
    assert granted == [True, False, False, False, True, False]


def test_an_archived_merchant_is_not_checked() -> None:
    assert not check_now(make_merchant(archived_at=NOW), NOW)


def test_a_note_is_an_entry_of_its_writer_and_the_page_shows_it(support: User) -> None:
    merchant = make_merchant()
    notes.add(merchant, "Called them: new bank account", by=support)
    entry = Activity.objects.get()
    assert (entry.verb, entry.actor, entry.merchant) == ("note.added", support, merchant)
    assert entry.reason == "Called them: new bank account"
    assert Merchant.objects.get().version == merchant.version + 1
