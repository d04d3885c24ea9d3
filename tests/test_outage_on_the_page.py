"""What a merchant's page says of a re-run while Codat looks down for one of its platforms: what the notice says."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Merchant, Outage
from syncs.rules import playbook
from syncs.rules.states import State
from tests.factories import make_failing_merchant, make_merchant, make_outage, make_request
from tests.test_merchant_gaps import RECENT, with_days
from tests.test_merchant_live import POLL, card, versions
from tests.test_merchant_page import address, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]

HELD = "No, it will probably fail again. Held until the outage is over"
SINCE = "Codat has looked down for Shopify merchants since 12:20."
ARCHIVED = "Account 090 is not in an Active state. (Archived)"


def out(**columns: Any) -> Outage:
    return make_outage("Shopify", since=timezone.now() - timedelta(minutes=40), **columns)


def struck(code: int = 5000, message: str = "", **columns: Any) -> Merchant:
    merchant = make_failing_merchant(code, message, last_pushed=False, **columns)
    return with_days(merchant, ("w", 3), ("f", 4))


def wrong(client: Client, merchant: Merchant) -> str:
    return card(page(client, merchant), "h-wrong")


def advice(client: Client, merchant: Merchant) -> str:
    return card(page(client, merchant), "h-rerun")


def test_nobody_is_told_that_a_re_run_works_or_helps(as_lead: Client) -> None:
    out()
    told = wrong(as_lead, struck())
    assert f"Will a re-run help now? {HELD}" in told
    assert f"Codat had a server error. The cause is neither in Shopify nor in Xero. {SINCE}" in told
    assert "What to do Wait until the outage is over. Message to the merchant" in told
    assert told.count(SINCE) == 1
    for promise in ("usually works", "Yes, try now", "Re-run since last success", "If it fails again"):
        assert promise not in told


def test_the_message_to_the_merchant_promises_no_re_run_either(as_support: Client) -> None:
    merchant = make_failing_merchant(4040, "", statuses=("Linked", "Linked"))
    assert "We are bringing the missing days over." in wrong(as_support, merchant)
    out()
    for each in (merchant, struck()):
        told = wrong(as_support, each)
        assert "your latest sales have not reached Xero yet. Our service provider has a fault" in told
        assert "We are bringing the missing days over." not in told


def test_what_the_merchant_must_mend_is_told_all_the_same(as_support: Client) -> None:
    out()
    told = wrong(as_support, struck(5130, ARCHIVED))
    assert "Xero is refusing the sales because account 090 is archived." in told
    assert "and not before the outage is over" in told
    assert "Ask the merchant to" in told
    assert f"Wait until the outage is over. {SINCE}" in told
    assert "re-run since last success" not in told
    assert "account 090 is archived" in told[told.index("Hello") :]


def test_no_step_of_the_playbook_asks_for_a_re_run_while_it_is_held() -> None:
    for entry in (*playbook.ENTRIES, *playbook.STATES.values()):
        found = playbook.held_in_an_outage(playbook.sketched(entry, "Shopify", "Xero"), SINCE, "Xero")
        asks = entry.rerun in {"helps_now", "after_fix"}
        told = [found.lead, *found.steps] if asks else []
        assert not [text for text in told if playbook.ASKS_FOR_A_RERUN.search(text)], entry.id


def test_the_card_advises_to_wait_and_says_what_comes_after(as_lead: Client) -> None:
    out()
    told = advice(as_lead, struck())
    assert "Nothing to run before the outage is over." in told
    assert (
        "After that, Sync latest covers 13 – 16 Jun. So does the next daily sync, tonight, about 02:00"
        in told
    )
    assert "Sync latest is enough" not in told
    told = advice(as_lead, struck(5130, ARCHIVED))
    assert "Nothing to run before account 090 is fixed and the outage is over." in told


def test_days_that_need_a_range_wait_for_the_end_too(as_lead: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 3), ("f", 10), RECENT)
    assert "Fill the form with" in wrong(as_lead, merchant)
    out()
    told = wrong(as_lead, merchant)
    assert f"Will a re-run help now? {HELD}" in told
    assert "Is a re-run safe? Ask the merchant: were these sales entered by hand?" in told
    assert "Fill the form with" not in told
    told = advice(as_lead, merchant)
    assert "Once the outage is over, a range is needed: 5 – 14 Jun." in told


@pytest.mark.parametrize("other", [{"commerce": "Square"}, {"ended": True}])
def test_others_and_those_after_its_end_are_told_as_ever(as_support: Client, other: dict[str, Any]) -> None:
    out(ended_at=timezone.now() if other.get("ended") else None)
    merchant = struck(commerce=other.get("commerce", "Shopify"))
    told = wrong(as_support, merchant)
    assert "A re-run usually works." in told
    assert "Will a re-run help now? Yes, try now" in told
    assert "Sync latest is enough." in advice(as_support, merchant)


def test_a_request_under_way_comes_first(as_support: Client) -> None:
    out()
    merchant = struck()
    make_request(merchant, state=State.ACCEPTED)
    assert "Will a re-run help now? Not until the request under way is settled" in wrong(as_support, merchant)


def test_while_nobody_knows_whether_it_is_over_that_is_what_is_said(as_support: Client) -> None:
    """A press is allowed then, and what it brings is how anybody comes to know."""
    out(try_from=timezone.now() + timedelta(minutes=3))
    merchant = struck()
    told = wrong(as_support, merchant)
    assert "Will a re-run help now? Perhaps: nobody knows whether the outage is over" in told
    assert "Codat was down for Shopify merchants from 12:20. Of a bulk that waits, the next is tried" in told
    assert "tried at 13:03" in told
    assert "usually works" not in told
    assert "Re-run since last success now" in told
    told = advice(as_support, merchant)
    assert "Sync latest is enough." in told
    assert "It may fail again: nobody knows whether the outage is over." in told


def test_an_open_page_is_told_when_it_begins_and_when_it_is_over(as_support: Client) -> None:
    merchant = struck()
    opened = as_support.get(address(merchant))
    outage = out()
    polled = as_support.get(address(merchant), versions(opened), headers=POLL)
    assert HELD in polled.text
    Outage.objects.filter(pk=outage.pk).update(ended_at=timezone.now())
    assert "Yes, try now" in as_support.get(address(merchant), versions(polled), headers=POLL).text


def test_it_costs_no_query_that_the_form_does_not_ask_anyway(as_support: Client) -> None:
    def queries(merchant: Merchant) -> int:
        with CaptureQueriesContext(connection) as captured:
            page(as_support, merchant)
        return len(captured)

    merchant = struck()
    queries(merchant)
    without = queries(merchant)
    out()
    # The notice on top of every page asks which outages stand.
    assert queries(merchant) == without + 1
