"""What the merchant's page says while a request is under way: of the request, and of another re-run."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from syncs.models import Freeze, SyncRequest
from syncs.operations import freezing
from syncs.rules import playbook
from syncs.rules.states import ACTIVE, State
from tests.conftest import signed_in
from tests.factories import make_attempt, make_failing_merchant, make_merchant, make_request
from tests.test_merchant_gaps import RECENT, with_days
from tests.test_merchant_live import POLL, card, versions
from tests.test_merchant_page import address, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

UNKNOWN = {State.UNCERTAIN, State.NEEDS_REVIEW}
SETTLED_BY = dict.fromkeys(ACTIVE, ("the request under way is settled", "Wait until the request under way"))
SETTLED_BY[State.NEEDS_REVIEW] = (
    "a lead has decided whether the last request ran",
    "Have a lead decide whether",
)


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_nobody_is_told_to_re_run_while_a_request_is_under_way(as_support: Client, state: State) -> None:
    merchant = make_failing_merchant(5000, "Codat had a fault", last_pushed=False)
    make_request(merchant, state=state)
    wrong = card(page(as_support, merchant), "h-wrong")
    until, step = SETTLED_BY[state]
    assert f"Will a re-run help now? Not until {until}" in wrong
    assert ("Is a re-run safe? Not known: the last request may have run" in wrong) == (state in UNKNOWN)
    assert ("Is a re-run safe? Not while a request is under way" in wrong) == (state not in UNKNOWN)
    assert "Codat had a server error. The cause" in wrong
    assert "Re-run since last success" not in wrong
    assert step in wrong
    assert "We are running the sync again" not in wrong


@pytest.mark.parametrize("upstream", ["", "a-sync-of-ours"])
def test_a_request_in_review_waits_for_a_person_and_nobody_waits_for_its_result(
    as_support: Client, upstream: str
) -> None:
    merchant = make_failing_merchant(5000, "Codat had a fault")
    since = timezone.now() - timedelta(hours=2)
    request = make_request(
        merchant, state=State.NEEDS_REVIEW, commerce_sync_id=upstream, state_since=since, asked_at=since
    )
    html = page(as_support, merchant)
    told = card(html, "h-progress")
    assert "Re-run waits for a person" in told
    assert "Waits since 2 h ago · Today, 11:00" in told
    assert "A lead must look before anything else is sent for this merchant. Open the case" in told
    assert "Have a lead decide whether the last request ran. Open the case" in card(html, "h-wrong")
    assert html.count(f'href="/requests/{request.pk}/">Open the case') == 2
    for word in ("in progress", "Wait for its result", "So far", "Sent to Codat", "Codat is working"):
        assert word not in html, word


def test_who_asks_beside_a_request_in_review_is_led_to_it(as_support: Client) -> None:
    request = make_request(make_merchant(), state=State.NEEDS_REVIEW)
    url = f"{address(request.merchant)}rerun/latest/review/"
    told = as_support.post(url, {"reason": "Ticket 12"}, headers={"HX-Request": "true"}).text
    assert (
        "asked for a sync of this merchant, and nobody can tell whether it ran. A lead decides first." in told
    )
    assert f'href="/requests/{request.pk}/">See the request</a>' in told


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
        told = [playbook.without_re_runs(entry.lead), *playbook.steps_meanwhile(entry.steps)]
        assert not [text for text in told if "re-run" in text.lower() or "run one" in text], entry.id


def test_the_card_tells_when_codat_is_looked_at_next_and_when_a_lead_decides(as_support: Client) -> None:
    now = timezone.now()
    request = make_request(make_merchant(), state=State.UNCERTAIN, not_before=now + timedelta(minutes=2))
    make_attempt(request, outcome="uncertain", started_at=now)
    told = card(page(as_support, request.merchant), "h-progress")
    assert "Next look 13:02. If we cannot tell by about 13:30 whether it ran, a lead decides." in told
    assert "You need not do anything. Open the case" in told


def test_nothing_is_looked_at_while_sending_is_frozen_and_no_page_says_so(as_support: Client) -> None:
    later = timezone.now() + timedelta(minutes=2)
    request = make_request(make_merchant(), waiting_for="A sync runs at Codat.", not_before=later)
    pages = ("/requests/", f"/requests/{request.pk}/", address(request.merchant))
    for url in pages:
        assert "A sync runs at Codat. Next look 13:02" in as_support.get(url).text
    freezing.freeze(Freeze.Cause.PERSON, now=timezone.now(), reason="Codat asked us to pause")
    for url in pages:
        html = as_support.get(url).text
        assert "Waiting: Sending is frozen." in html, url
        assert "Next look" not in html, url


def test_an_open_page_says_that_the_answer_is_overdue(as_support: Client) -> None:
    request = make_request(make_merchant(), state=State.SENDING, state_since=timezone.now())
    make_attempt(request)
    opened = as_support.get(address(request.merchant))
    assert "One try, then we wait for the answer" in card(opened.text, "h-progress")
    seen = versions(opened) | {"until": f"{opened.context['true_until'].timestamp():.0f}"}
    assert f'v={seen["v"]}&amp;until={seen["until"]}"' in opened.text
    assert as_support.get(address(request.merchant), seen, headers=POLL).status_code == 204
    case = {"v": as_support.get(f"/requests/{request.pk}/").context["version"]}
    with time_machine.travel(timezone.now() + timedelta(seconds=91)):
        polled = as_support.get(address(request.merchant), seen, headers=POLL)
        assert "The answer is overdue." in polled.text
        assert "until=" in polled.text
        polled = as_support.get(f"/requests/{request.pk}/", case, headers={"HX-Request": "true"})
        assert "The answer is overdue." in polled.text


@pytest.mark.parametrize("until", ["", "soon", "²", "9" * 5000])
def test_an_odd_address_is_no_news(as_support: Client, until: str) -> None:
    merchant = make_merchant()
    seen = versions(as_support.get(address(merchant))) | {"until": until}
    assert as_support.get(address(merchant), seen, headers=POLL).status_code == 204


def test_what_is_typed_is_put_aside_while_somebody_elses_request_is_under_way(as_support: Client) -> None:
    merchant = make_merchant()
    polled = as_support.get(address(merchant), {"form_token": "one"}, headers=POLL).text
    assert "put aside" not in polled
    assert "form_token=" not in polled
    request = make_request(merchant)
    polled = as_support.get(address(merchant), {"form_token": "one"}, headers=POLL).text
    assert "Your form is put aside while this request is under way." in polled
    assert '<div hidden id="aside"><div id="rerun_form" hx-preserve="true"></div></div>' in polled
    assert f'name="aside" value="{request.pk}"' in polled
    SyncRequest.objects.update(state="cancelled", finished_at=timezone.now(), result="Cancelled.")
    seen = {"form_token": "one", "aside": request.pk}
    polled = as_support.get(address(merchant), seen, headers=POLL).text
    name = request.asked_by.display_name
    assert f"Your form was put aside while {name}&#x27;s request was under way.</b>" in (
        polled.replace("'", "&#x27;")
    )
    assert '<div id="rerun_form" hx-preserve="true">' in polled
    assert "<div hidden" not in polled
    own = signed_in(request.asked_by).get(address(merchant), seen, headers=POLL).text
    assert "Your form was put aside while your own request was under way.</b>" in own


def test_without_a_form_nothing_is_put_aside(as_support: Client) -> None:
    merchant = make_merchant()
    make_request(merchant)
    polled = as_support.get(address(merchant), headers=POLL).text
    assert "put aside" not in polled
    assert "rerun_form" not in polled


def test_a_sync_that_codat_runs_by_itself_puts_it_aside_too(as_support: Client) -> None:
    merchant = make_merchant(running_since=timezone.now())
    polled = as_support.get(address(merchant), {"form_token": "one"}, headers=POLL).text
    assert "Your form is put aside; it comes back with what you typed when that is over." in polled
    assert '<div hidden id="aside"><div id="rerun_form" hx-preserve="true"></div></div>' in polled
