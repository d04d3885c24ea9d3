"""The page of one request: what was sent, what came back, and a lead's verdict."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from syncs.codat.errors import Later
from syncs.models import Merchant, SyncRequest, User
from syncs.operations import answers, log
from syncs.operations.transitions import move
from syncs.rules.states import State
from tests.factories import make_attempt, make_merchant, make_request, make_sync

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
SENT = datetime(2026, 11, 21, 7, 41, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(SENT + timedelta(minutes=40), tick=False):
        yield


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant(name="Cobalt Coffee", sync_hour=2)


@pytest.fixture
def stuck(merchant: Merchant, support: User) -> SyncRequest:
    old = make_sync(merchant, 5000, SENT - timedelta(hours=5), sync_id="4e11c7a0-old")
    request = make_request(
        merchant,
        state=State.SENDING,
        asked_by=support,
        asked_at=SENT - timedelta(seconds=1),
        reason="Ticket 4812: week missing",
        seen_overlap=[["2026-11-20T00:00:00+00:00", "2026-11-21T00:00:00+00:00"]],
        looks=5,
    )
    make_attempt(
        request,
        started_at=SENT,
        outcome="uncertain",
        finished_at=SENT + timedelta(seconds=30),
        problem="No answer in 30 s.",
        listed_before=[old.sync_id],
        correlation_id="0bc1d9f2",
    )
    now = timezone.now()
    move(request, State.UNCERTAIN, now=now, what="No answer that we can trust: No answer in 30 s.")
    what = "Put before a person: We have no answer that we can trust."
    move(request, State.NEEDS_REVIEW, now=now, what=what, looks=6)
    return request


@pytest.fixture
def ours(merchant: Merchant, stuck: SyncRequest):
    return make_sync(merchant, 2000, SENT + timedelta(seconds=2), sync_id="9ab0f3d2-61c4-0000")


def case(client: Client, request: SyncRequest) -> str:
    return re.sub(r"\s+", " ", client.get(f"/requests/{request.pk}/").text)


def verdict(client: Client, request: SyncRequest, **data):
    return client.post(f"/requests/{request.pk}/verdict/", data, follow=True)


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


def test_a_sync_that_is_not_read_yet_is_new_all_the_same(as_lead: Client, stuck: SyncRequest) -> None:
    SyncRequest.objects.filter(pk=stuck.pk).update(candidates=[{"sync_id": "9ab0f3d2", "code": 1000}])
    page = case(as_lead, stuck)
    assert "Codat listed 1 sync that is not read yet" in page
    assert "No sync of this merchant is new since" not in page


def test_what_codat_accepted_was_never_looked_for(as_viewer: Client, merchant: Merchant) -> None:
    request = make_request(merchant, state=State.ACCEPTED, looks=0)
    make_attempt(request, outcome="accepted", finished_at=timezone.now())
    why = "Put before a person: Codat accepted it, then no result for 24 h."
    move(request, State.NEEDS_REVIEW, now=timezone.now(), what=why, looks=1)
    assert "Looked at Codat" not in case(as_viewer, request)


def test_it_ran_is_not_offered_where_there_is_no_sync_to_take(as_lead: Client, stuck: SyncRequest) -> None:
    page = case(as_lead, stuck)
    assert 'value="ran"' not in page
    assert "“It ran” can be chosen once its sync is read" in page


def test_a_list_that_nobody_has_read_since_shows_nothing(
    as_lead: Client, stuck: SyncRequest, merchant: Merchant
) -> None:
    unread = "Codat&#x27;s list has not been read since this came before a person."
    Merchant.objects.update(refreshed_at=timezone.now() - timedelta(minutes=1))
    page = case(as_lead, stuck)
    assert page.count(unread.replace("&#x27;", "'")) == 1
    assert page.count(unread) == 1
    assert "No sync of this merchant is new since" not in page
    Merchant.objects.update(refreshed_at=timezone.now() + timedelta(minutes=1))
    page = case(as_lead, stuck)
    assert unread not in page
    assert "No sync of this merchant is new since. That alone is no proof" in page


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


def test_of_a_candidate_that_still_runs_nobody_knows_yet_what_it_writes(
    as_viewer: Client, stuck: SyncRequest, merchant: Merchant
) -> None:
    make_sync(merchant, 1000, SENT + timedelta(seconds=1), data_pushed=False)
    page = case(as_viewer, stuck)
    assert "It still runs: whether sales are written is not known yet." in page
    assert "Nothing was written." not in page


def test_candidates_carry_their_distance_and_what_speaks_for_them(
    as_viewer: Client, stuck, ours, merchant
) -> None:
    make_sync(merchant, 2040, SENT + timedelta(minutes=22))
    make_sync(merchant, 2040, SENT + timedelta(milliseconds=400))
    page = case(as_viewer, stuck)
    assert "<b>under 1 s after we sent</b>." in page
    assert page.index("<b>2 s after we sent</b>. Sales were written. No schedule") < page.index(
        "<b>22 min after we sent</b>. Nothing was written."
    )
    assert "checked" not in page


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize(
    ("zone", "hour", "told"),
    [
        ("Europe/London", 7, "07:00"),
        ("Asia/Tokyo", 16, "07:00"),
        ("Asia/Kathmandu", 13, "07:15"),
    ],
)
def test_a_sync_soon_after_the_merchants_own_hour_says_so_in_the_readers_zone(
    as_viewer: Client, stuck, zone: str, hour: int, told: str
) -> None:
    Merchant.objects.update(time_zone=zone, sync_hour=hour)
    page = case(as_viewer, stuck)
    assert f"The merchant&#x27;s own daily sync was due at {told}: it may be that one." in page


def test_no_daily_sync_comes_before_its_hour(as_viewer: Client, stuck, ours) -> None:
    Merchant.objects.update(sync_hour=9)
    assert "No schedule of this merchant runs at this hour." in case(as_viewer, stuck)


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


def test_a_poll_never_takes_away_what_a_lead_is_writing(as_lead: Client, as_viewer: Client, stuck) -> None:
    assert 'hx-get="/requests/' not in as_lead.get(f"/requests/{stuck.pk}/").text
    assert 'hx-get="/requests/' in as_viewer.get(f"/requests/{stuck.pk}/").text


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
