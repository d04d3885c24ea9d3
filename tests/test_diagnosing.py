"""The playbook as the admins have it, and what serves where theirs cannot be read."""

import logging

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from syncs.models import PlaybookEntry
from syncs.operations import diagnosing
from syncs.operations.diagnosing import diagnose
from syncs.rules.entries import ENTRIES, LAST_RESORTS
from tests.factories import make_failing_merchant, make_merchant
from tests.playbooks import make_entry

pytestmark = pytest.mark.django_db
MESSAGE = "Ledger 7 is sealed"
NOT_CONNECTED = "Company does not have two valid data connections."


def lead_of(message: str = MESSAGE) -> str:
    found = diagnose(make_failing_merchant(5130, message))
    assert found
    return found.lead


def test_the_table_begins_with_what_the_built_in_file_says(playbook: None) -> None:
    assert diagnosing.entries() == ENTRIES


def test_without_any_row_the_built_in_entries_serve() -> None:
    PlaybookEntry.objects.all().delete()
    assert diagnosing.entries() == ENTRIES


def test_an_entry_of_ours_is_told_on_the_merchants_page(playbook: None, as_viewer: Client) -> None:
    make_entry(pattern=r"ledger (?P<ledger>.{1,20}) is sealed", lead="In {accounting}, {ledger} is sealed.")
    merchant = make_failing_merchant(5130, MESSAGE)
    assert "In Xero, ledger 7 is sealed." in as_viewer.get(f"/merchants/{merchant.company_id}/").text


def test_the_smallest_place_is_tried_first(playbook: None) -> None:
    make_entry("late", place=2, pattern="sealed", lead="Late.")
    make_entry("early", place=1, pattern="sealed", lead="Early.")
    assert lead_of() == "Early."


def test_what_is_out_of_use_is_not_told(playbook: None) -> None:
    make_entry(pattern="sealed", lead="Ours.", is_active=False)
    assert lead_of() == "The accounting software refused the data."


def test_without_a_last_resort_in_use_the_built_in_one_has_the_last_word(playbook: None) -> None:
    PlaybookEntry.objects.update(is_active=False)
    assert diagnosing.entries() == LAST_RESORTS
    assert lead_of() == "This sync failed for a reason that the playbook does not know yet."


def test_our_own_last_resort_takes_the_place_of_the_built_in_one(playbook: None) -> None:
    PlaybookEntry.objects.filter(slug="any-failed").update(lead="Ask Priya.")
    assert diagnosing.entries()[-len(LAST_RESORTS) :] != LAST_RESORTS
    assert len(diagnosing.entries()) == len(ENTRIES)


@pytest.mark.parametrize("wrong", [{"pattern": "("}, {"codes": "many"}, {"outcome": "odd"}])
def test_for_a_row_that_somebody_broke_the_built_in_entry_of_its_name_serves(
    playbook: None, wrong: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    PlaybookEntry.objects.filter(slug="account-archived").update(**wrong)
    with caplog.at_level(logging.ERROR):
        assert diagnosing.entries() == ENTRIES
    assert "account-archived cannot be read" in caplog.text


def test_a_broken_row_that_has_no_such_entry_is_left_out(playbook: None, as_viewer: Client) -> None:
    make_entry(pattern="sealed")
    PlaybookEntry.objects.filter(slug="ours").update(pattern="(")
    assert diagnosing.entries() == ENTRIES
    assert lead_of() == "The accounting software refused the data."


@pytest.mark.parametrize(
    "wrong",
    [
        {"owner": "somebody"},
        {"rerun": "perhaps"},
        {"fixed_by": "prayer"},
        {"slug": ""},
        {"pattern": "", "codes": "", "outcome": ""},
    ],
)
def test_the_table_takes_no_row_that_says_nothing(wrong: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_entry(**{"slug": "ours", **wrong})


def test_who_is_linked_again_may_be_run_though_the_last_sync_was_cut_off() -> None:
    cut = make_failing_merchant(4040, "The connection was removed", statuses=("Linked", "Deauthorized"))
    assert (diagnose(cut).rerun, diagnose(cut).owner) == ("after_fix", "merchant")
    cut.connections.update(status="Linked")
    cut.refresh_from_db()
    assert (diagnose(cut).rerun, diagnose(cut).owner) == ("helps_now", "us")


def test_nothing_is_wrong_with_who_is_healthy_or_not_looked_at_yet() -> None:
    assert diagnose(make_merchant()) is None
    assert diagnose(make_merchant(health="unseen")) is None


def test_a_process_reads_the_playbook_once_in_some_seconds(playbook: None, memory: None) -> None:
    diagnosing.entries()
    with connection.execute_wrapper(_no_more_queries):
        assert diagnosing.entries() == ENTRIES
    make_entry(pattern="sealed", lead="Ours.", edited_at=timezone.now())
    diagnosing.forget()
    assert lead_of() == "Ours."
    assert cache.get(diagnosing.KEY)


def _no_more_queries(*_: object) -> None:
    raise AssertionError("the playbook was read again")


@pytest.mark.parametrize(
    ("statuses", "named"),
    [
        (("Linked", "Deauthorized"), "Xero"),
        (("Deauthorized", "Linked"), "Shopify"),
        (("Deauthorized", "PendingAuth"), "Shopify and Xero"),
    ],
)
def test_of_a_lost_connection_only_what_is_not_linked_is_asked_for(
    playbook: None, statuses: tuple[str, str], named: str
) -> None:
    found = diagnose(make_failing_merchant(4000, NOT_CONNECTED, statuses=statuses))
    assert found
    assert found.lead == f"Codat stops the sync because the connection to {named} is missing."
    assert f"Send the merchant the link to connect {named}." in found.steps
    assert f"Please connect {named} with the link below." in found.message
    assert found.rerun_words == "Not until both platforms are linked"


def test_what_a_side_without_any_connection_lacks_is_asked_for_too() -> None:
    found = diagnose(make_failing_merchant(4000, NOT_CONNECTED, accounting=None))
    assert found
    assert "Please connect the accounting software with the link below." in found.message
