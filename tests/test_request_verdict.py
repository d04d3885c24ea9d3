"""A lead's verdict on a request of which nobody knows whether Codat ran it."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from syncs.models import Merchant, SyncRequest
from tests.factories import make_sync
from tests.stuck_requests import SENT, case, verdict
from tests.stuck_requests import merchant as merchant
from tests.stuck_requests import morning as morning
from tests.stuck_requests import ours as ours
from tests.stuck_requests import stuck as stuck

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_it_ran_is_not_offered_where_there_is_no_sync_to_take(as_lead: Client, stuck: SyncRequest) -> None:
    page = case(as_lead, stuck)
    assert 'value="ran"' not in page
    assert "“It ran” can be chosen once its sync is read" in page


def test_nothing_ran_is_said_in_sight_of_what_speaks_against_it(as_lead: Client, stuck, ours) -> None:
    page = case(as_lead, stuck)
    assert "Codat lists 1 sync that is new since. If Codat did run it, asking again writes" in page


def test_nothing_ran_is_refused_when_codat_lists_more_than_the_lead_saw(
    as_lead: Client, stuck: SyncRequest, merchant: Merchant
) -> None:
    seen = re.search(r'name="seen" value="(\w+)"', case(as_lead, stuck))[1]
    make_sync(merchant, 2000, SENT + timedelta(seconds=2))
    response = verdict(as_lead, stuck, verdict="not_run", reason="x", seen=seen)
    assert response.status_code == 422
    assert "Codat lists more than when you looked." in response.text
    again = re.search(r'name="seen" value="(\w+)"', response.text)[1]
    assert verdict(as_lead, stuck, verdict="not_run", reason="x", seen=again).status_code == 200
    assert SyncRequest.objects.get(pk=stuck.pk).state == "not_run"


def test_only_leads_see_the_form(as_viewer: Client, as_support: Client, as_lead: Client, stuck, ours) -> None:
    for client in (as_viewer, as_support):
        page = case(client, stuck)
        assert "Save verdict" not in page
        assert "Leads only" in page
        assert "9ab0f3d2…0000" in page
    assert "Save verdict" in case(as_lead, stuck)


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_only_leads_decide(role: str, request: pytest.FixtureRequest, stuck, ours) -> None:
    client = request.getfixturevalue(f"as_{role}")
    response = verdict(client, stuck, verdict="not_run", reason="x")
    assert response.status_code == 403
    assert "Leads only" in response.text
    assert SyncRequest.objects.get(pk=stuck.pk).state == "needs_review"


def test_it_ran(as_lead: Client, stuck, ours) -> None:
    response = verdict(as_lead, stuck, verdict="ran", sync=ours.pk, reason="2 s after ours")
    assert response.redirect_chain == [(f"/requests/{stuck.pk}/", 302)]
    assert "Your verdict is saved, with your name and reason." in response.text
    page = case(as_lead, stuck)
    assert "Mei Tanaka: decided a review:" in page
    assert "it ran, sync 9ab0f3d2-61c4-0000" in page
    assert "“2 s after ours”" in page
    stuck.refresh_from_db()
    assert (stuck.state, stuck.sync) == ("succeeded", ours)


def test_nothing_ran(as_lead: Client, stuck, ours) -> None:
    verdict(as_lead, stuck, verdict="not_run", reason="Nothing in the books")
    assert "This never ran, Mei Tanaka decided: Nothing in the books" in case(as_lead, stuck)
    assert "Ask again…" in case(as_lead, stuck)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"verdict": "ran", "reason": "x"}, "Choose the sync that it was."),
        ({"verdict": "ran", "sync": "0", "reason": "x"}, "That sync cannot be the one. Choose again."),
        ({"verdict": "ran", "sync": "abc", "reason": "x"}, "That sync cannot be the one. Choose again."),
        ({"verdict": "not_run", "reason": "  "}, "Say why, in a few words."),
        ({"verdict": "perhaps", "reason": "x"}, "Select a valid choice"),
        ({"reason": "x"}, "Choose what happened."),
        ({"verdict": "not_run", "reason": "x" * 501}, "At most 500 letters. These are 501."),
    ],
)
def test_half_a_verdict_is_not_saved_and_says_what_is_missing(
    as_lead: Client, stuck, ours, data, sentence
) -> None:
    response = verdict(as_lead, stuck, **data)
    assert response.status_code == 422
    assert sentence in response.text
    assert SyncRequest.objects.get(pk=stuck.pk).state == "needs_review"


def test_what_was_typed_is_kept(as_lead: Client, stuck, ours) -> None:
    page = verdict(as_lead, stuck, verdict="ran", sync=ours.pk, reason="").text
    assert re.search(rf'value="{ours.pk}" checked', page)
    assert re.search(r'value="ran" checked', page)


def test_a_sync_that_cannot_be_the_one_is_refused_in_words(as_lead: Client, stuck, merchant) -> None:
    old = merchant.syncs.get(sync_id="4e11c7a0-old")
    response = verdict(as_lead, stuck, verdict="ran", sync=old.pk, reason="x")
    assert response.status_code == 422
    assert "Codat listed that sync before this request was sent" in response.text


def test_a_second_verdict_is_told_to_be_too_late(as_lead: Client, stuck) -> None:
    verdict(as_lead, stuck, verdict="not_run", reason="first")
    response = verdict(as_lead, stuck, verdict="not_run", reason="second")
    assert "This was decided before your verdict arrived. Yours was not saved." in response.text


def test_a_poll_never_takes_away_what_a_lead_is_writing(as_lead: Client, as_viewer: Client, stuck) -> None:
    assert 'hx-get="/requests/' not in as_lead.get(f"/requests/{stuck.pk}/").text
    assert 'hx-get="/requests/' in as_viewer.get(f"/requests/{stuck.pk}/").text
