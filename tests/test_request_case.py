"""The page of one request: what was sent, and what came back."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.codat.errors import Later
from syncs.models import Merchant, SyncRequest
from syncs.operations import answers, log
from syncs.operations.transitions import move
from syncs.rules.states import State
from tests.factories import make_attempt, make_request, make_sync
from tests.stuck_requests import SENT, case
from tests.stuck_requests import merchant as merchant
from tests.stuck_requests import morning as morning
from tests.stuck_requests import ours as ours
from tests.stuck_requests import stuck as stuck

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_the_case_is_told_to_the_second(as_viewer: Client, stuck: SyncRequest) -> None:
    page = case(as_viewer, stuck)
    told = [
        "07:41:08",
        "Priya Nair asked: Re-run 20 Nov.",
        "Overlap seen and accepted.",
        "“Ticket 4812: week missing”",
        "07:41:09",
        "Codat listed 1 sync just before. Newest: 4e11c7a0…, Codat server error (5000).",
        "Sent once at most:",
        "07:41:39",
        "No answer in 30 s. Not sent again. Correlation ID 0bc1d9f2.",
        "Put before a person:",
        "Looked at Codat 6 times",
        "Until it is decided, nothing else is sent for this merchant.",
    ]
    places = [page.index(words) for words in told]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("in_vain", "told"),
    [(1, "Looked at Codat 5 times: no sync was new then"), (6, "No look at Codat brought an answer")],
)
def test_looks_in_vain_found_nothing_out(
    as_viewer: Client, stuck: SyncRequest, in_vain: int, told: str
) -> None:
    for _ in range(in_vain):
        log.record("request.look_failed", "Looked at Codat in vain: Codat answered 503.", request=stuck)
    page = case(as_viewer, stuck)
    assert told in page
    assert ("no sync was new then" in page) is (in_vain < 6)


def test_what_codat_accepted_was_never_looked_for(as_viewer: Client, merchant: Merchant) -> None:
    request = make_request(merchant, state=State.ACCEPTED, looks=0)
    make_attempt(request, outcome="accepted", finished_at=timezone.now())
    why = "Put before a person: Codat accepted it, then no result for 24 h."
    move(request, State.NEEDS_REVIEW, now=timezone.now(), what=why, looks=1)
    assert "Looked at Codat" not in case(as_viewer, request)


def test_without_an_attempt_it_is_said_that_nobody_knows_whether_it_was_sent(
    as_lead: Client, as_viewer: Client, merchant: Merchant
) -> None:
    request = make_request(merchant, state=State.NEEDS_REVIEW)
    make_sync(merchant, 2000, timezone.now() + timedelta(minutes=3))
    for client in (as_lead, as_viewer):
        page = case(client, request)
        assert "Whether this was sent is not known here." in page
        assert "after the press" in page
        for untrue in ("Sent once", "we sent", "Looked at Codat"):
            assert untrue not in page


def test_a_try_that_never_left_does_not_count_as_sent(as_viewer: Client, merchant: Merchant) -> None:
    request = make_request(merchant, state=State.NEEDS_REVIEW)
    make_attempt(request, outcome="not_sent", finished_at=timezone.now(), problem="No connection.")
    page = case(as_viewer, request)
    assert "Whether this was sent is not known here." in page
    assert "another try" not in page


def test_what_codat_refused_is_shown_with_the_body_that_was_sent(
    as_viewer: Client, merchant: Merchant
) -> None:
    request = make_request(merchant, state=State.REJECTED)
    make_attempt(request, outcome="not_sent", problem="Nothing was sent to Codat: no connection.")
    make_attempt(request, outcome="refused", problem="Codat answered 400: “No”.", http_status=400)
    page = case(as_viewer, request).replace("&quot;", '"')
    assert "<b>Try 1.</b>" in page
    assert "<b>Try 2, sent:</b>" in page
    assert page.count(request.body) == 1


def test_sent_once_is_not_said_beside_an_earlier_try_that_was_sent(
    as_viewer: Client, merchant: Merchant
) -> None:
    request = make_request(merchant, state=State.ACCEPTED)
    make_attempt(request, outcome="later", problem="Codat answered 429.", http_status=429)
    make_attempt(request, outcome="accepted", http_status=200)
    page = case(as_viewer, request)
    assert page.index("<b>Try 1, sent.</b>") < page.index("<b>Try 2, sent once:</b>")
    assert "Sent once" not in page


def test_sent_once_is_not_said_where_a_replay_sends_it_again(
    as_viewer: Client, stuck: SyncRequest, settings: Any
) -> None:
    settings.CODAT_IDEMPOTENCY_VERIFIED = True
    assert "<b>May have been sent:</b>" in case(as_viewer, stuck)
    assert "<b>May have been sent, " in as_viewer.get("/requests/review/").text
    stuck.attempts.update(outcome="accepted")
    log.record("request.replayed", "Asking Codat again with the same key", request=stuck)
    page = case(as_viewer, stuck)
    assert "<b>Sent:</b>" in page
    assert "once" not in page


def test_a_try_that_codat_put_off_is_told_once(as_viewer: Client, merchant: Merchant) -> None:
    request = make_request(merchant, state=State.SENDING, tries=1)
    answered = "Codat answered 429: “Slow down”."
    attempt = make_attempt(request, started_at=SENT)
    answers.not_sent(request, attempt, Later(answered, http_status=429))
    page = case(as_viewer, request)
    assert page.count(answered) == 1
    assert f"<b>Codat asked us to wait:</b> {answered} Nothing was run. HTTP 429." in page
    assert "Not sent:" not in page


def test_the_very_body_is_shown(as_viewer: Client, stuck: SyncRequest, merchant: Merchant) -> None:
    page = case(as_viewer, stuck).replace("&quot;", '"')
    assert stuck.body in page
    assert f"POST /meta/companies/{merchant.company_id}/sync/commerce/historic" in page
    assert f"Idempotency-Key: {stuck.idempotency_key}" in page


def test_an_active_request_polls_and_an_ended_one_does_not(as_viewer: Client, merchant) -> None:
    active = make_request(merchant)
    page = as_viewer.get(f"/requests/{active.pk}/").text
    url = re.search(rf'hx-get="(/requests/{active.pk}/\?v=\w+)"', page)[1]
    assert as_viewer.get(url, HTTP_HX_REQUEST="true").status_code == 204
    move(active, State.CANCELLED, now=timezone.now(), what="Cancelled", result="Cancelled")
    answer = as_viewer.get(url, HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="case"')
    assert "hx-get" not in answer.text


def test_an_uncertain_one_tells_when_it_is_looked_at_next(as_viewer: Client, merchant) -> None:
    request = make_request(
        merchant, state=State.UNCERTAIN, looks=2, not_before=timezone.now() + timedelta(minutes=5)
    )
    assert "2 of 6 looks are done" in case(as_viewer, request)
    assert "08:26:09" in case(as_viewer, request)


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_a_number_that_is_none_of_ours_is_not_found(as_viewer: Client, number: str) -> None:
    response = as_viewer.get(f"/requests/{number}/")
    assert response.status_code == 404
    assert f"There is no request with the number {int(number)} here." in response.text
    assert "registered in Codat" not in response.text


def test_what_others_wrote_is_never_markup(as_lead: Client, merchant) -> None:
    request = make_request(merchant, state=State.REJECTED, reason="<script>x</script>", result="<img src=x>")
    make_attempt(
        request, outcome="refused", finished_at=timezone.now(), problem="<svg onload=x>", http_status=400
    )
    page = as_lead.get(f"/requests/{request.pk}/").text
    for markup in ("<script>x", "<img src=x", "<svg onload"):
        assert markup not in page
    assert "HTTP 400." in page


def test_the_id_of_the_request_is_not_called_that_of_its_sync(as_viewer: Client, merchant: Merchant) -> None:
    request = make_request(merchant, state=State.ACCEPTED, commerce_sync_id="07dc-request")
    html = case(as_viewer, request)
    assert "<dt>Request ID at Codat</dt>" in html
    assert 'data-copy="07dc-request" aria-label="Copy request ID"' in html
    sync = make_sync(merchant, 2000, SENT, sync_id="54b1-sync")
    SyncRequest.objects.filter(pk=request.pk).update(
        sync=sync, state=State.SUCCEEDED, finished_at=timezone.now()
    )
    html = case(as_viewer, request)
    assert "<dt>Sync ID</dt>" in html
    assert 'data-copy="54b1-sync" aria-label="Copy sync ID"' in html
