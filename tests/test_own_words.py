"""Merchants that share a cause keep Codat's own words for it, each its own: the account in them is what to mend."""

import pytest
from django.test import Client

from syncs.codat.client import CodatClient
from syncs.models import Cause, Merchant
from tests.codat.server import Server
from tests.looks import looked, never_seen, row

pytestmark = pytest.mark.django_db
WORDS = "Account {} is not in an Active state. (Archived)"


@pytest.fixture
def both(scripted: Server, told: CodatClient) -> list[Merchant]:
    """Two merchants whose sync failed for the same cause, at accounts of their own."""
    return [
        looked(
            never_seen(name=f"Shop {account}"),
            scripted,
            told,
            row("one", 5130, "2026-11-20T03:00:00Z", errorMessage=WORDS.format(account), dataPushed=False),
        )
        for account in (4711, 8150)
    ]


def test_one_cause_and_two_accounts_are_kept(both: list[Merchant]) -> None:
    assert Cause.objects.count() == 1
    assert {merchant.last_cause_id for merchant in both} == {Cause.objects.get().pk}
    assert [merchant.last_message for merchant in both] == [WORDS.format(4711), WORDS.format(8150)]


def test_the_list_shows_each_its_own(both: list[Merchant], as_viewer: Client) -> None:
    page = as_viewer.get("/").content.decode()
    for account in (4711, 8150):
        assert WORDS.format(account) in page


def test_the_diagnosis_names_the_merchants_own_account(both: list[Merchant], as_viewer: Client) -> None:
    for merchant, own, other in zip(both, (4711, 8150), (8150, 4711), strict=True):
        page = as_viewer.get(f"/merchants/{merchant.company_id}/").content.decode()
        assert WORDS.format(own) in page
        assert WORDS.format(other) not in page


def test_after_a_success_the_old_words_are_gone(
    both: list[Merchant], scripted: Server, told: CodatClient
) -> None:
    rows = (row("two", 2000, "2026-11-21T03:00:00Z"), row("one", 5130, "2026-11-20T03:00:00Z"))
    assert looked(both[0], scripted, told, *rows).last_message == ""
