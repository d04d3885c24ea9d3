"""What the merchant's page says of another re-run while a request is under way."""

import pytest
from django.test import Client

from syncs.rules import playbook
from syncs.rules.states import ACTIVE, State
from tests.factories import make_failing_merchant, make_merchant, make_request
from tests.test_merchant_gaps import RECENT, with_days
from tests.test_merchant_live import card
from tests.test_merchant_page import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

UNKNOWN = {State.UNCERTAIN, State.NEEDS_REVIEW}


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_nobody_is_told_to_re_run_while_a_request_is_under_way(as_support: Client, state: State) -> None:
    merchant = make_failing_merchant(5000, "Codat had a fault", last_pushed=False)
    make_request(merchant, state=state)
    wrong = card(page(as_support, merchant), "h-wrong")
    assert "Will a re-run help now? Not until the request under way is settled" in wrong
    assert ("Is a re-run safe? Not known: the last request may have run" in wrong) == (state in UNKNOWN)
    assert ("Is a re-run safe? Not while a request is under way" in wrong) == (state not in UNKNOWN)
    assert "Re-run since last success" not in wrong
    assert "Wait until the request under way is settled." in wrong
    assert "We are running the sync again" not in wrong


def test_what_the_merchant_has_to_mend_is_told_all_the_same(as_support: Client) -> None:
    merchant = make_failing_merchant(5130, "Account 090 is not in an Active state. (Archived)")
    make_request(merchant, state=State.UNCERTAIN)
    wrong = card(page(as_support, merchant), "h-wrong")
    assert "Ask the merchant to" in wrong
    assert "re-run since last success" not in wrong


def test_days_that_are_missing_wait_for_it_too(as_support: Client) -> None:
    merchant = with_days(make_merchant(), ("w", 3), ("f", 10), RECENT)
    assert "Will a re-run help now? Yes" in card(page(as_support, merchant), "h-wrong")
    make_request(merchant, state=State.UNCERTAIN)
    wrong = card(page(as_support, merchant), "h-wrong")
    assert "Will a re-run help now? Not until the request under way is settled" in wrong
    assert "Is a re-run safe? Not known: the last request may have run" in wrong


def test_no_step_of_the_playbook_asks_for_a_re_run_meanwhile() -> None:
    for entry in (*playbook.ENTRIES, *playbook.STATES.values()):
        steps = playbook.steps_meanwhile(entry.steps)
        assert not [step for step in steps if "re-run" in step.lower() or "run one" in step], entry.id
