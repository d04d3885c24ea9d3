"""What people type and what Codat sends is never taken for a moment that we stored, and breaks no page."""

import json
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.test import Client

from syncs.codat.reading import parse_json
from syncs.models import AlertEvent, Freeze, SavedView
from syncs.rules.states import State
from syncs.rules.stored_moments import as_stored
from tests.alerting import make_rule, spread
from tests.factories import make_merchant, make_request

# What .NET writes where there is no moment.
LEAST = "{0001-01-01T00:00:00Z}"
OURS = as_stored(datetime(2026, 11, 23, 14, 54, tzinfo=UTC))
AS_TYPED = "{2026-11-23T14:54:00Z}"


@pytest.mark.django_db
@pytest.mark.parametrize(("typed", "shown"), [(LEAST, LEAST), (AS_TYPED, AS_TYPED), (OURS, AS_TYPED)])
def test_a_view_is_named_in_the_activity_as_it_was_typed(as_lead: Client, typed: str, shown: str) -> None:
    as_lead.post("/views/", {"page": "health", "name": f"Till {typed}", "query": "health=failing"})
    assert SavedView.objects.get().name == f"Till {shown}"
    answer = as_lead.get("/activity/")
    assert answer.status_code == 200
    assert f"Saved the view “Till {shown}”" in answer.text


@pytest.mark.django_db
@pytest.mark.parametrize("typed", [LEAST, OURS])
def test_why_sending_was_frozen_is_told_as_it_was_typed(as_lead: Client, typed: str) -> None:
    make_rule("frozen")
    as_lead.post("/sending/freeze/", {"reason": f"Stop {typed}"})
    shown = LEAST if typed == LEAST else AS_TYPED
    assert AlertEvent.objects.get().what == f"Sending is frozen: Stop {shown}"
    assert f"Stop {shown}" in spread()[0].text


@pytest.mark.django_db
def test_a_reason_given_at_a_prompt_holds_no_moment_of_ours() -> None:
    call_command("freeze_sending", f"Stop {OURS}")
    assert Freeze.objects.get().reason == f"Stop {AS_TYPED}"


@pytest.mark.django_db
def test_what_stands_in_an_address_is_no_moment_of_ours(as_viewer: Client) -> None:
    html = as_viewer.get("/", {"q": OURS}).text
    assert AS_TYPED in html
    assert OURS not in html


def test_nothing_that_codat_sends_is_a_moment_of_ours() -> None:
    told = parse_json(json.dumps({OURS: [OURS]}, ensure_ascii=False).encode())
    assert OURS not in json.dumps(told, ensure_ascii=False)


@pytest.mark.django_db
def test_codats_words_in_a_result_stand_on_each_page_as_they_came(as_lead: Client) -> None:
    merchant = make_merchant()
    result = f"Codat refused this request: Start {LEAST} is before the epoch. Nothing was run."
    request = make_request(merchant, state=State.REJECTED, result=result)
    for path in ("/requests/", f"/requests/{request.pk}/", f"/merchants/{merchant.company_id}/"):
        answer = as_lead.get(path)
        assert answer.status_code == 200, path
        assert LEAST in answer.text, path
