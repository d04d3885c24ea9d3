"""What each of Codat's answers to a POST makes of a sync request."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Merchant, SyncRequest
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.server import Server, hangs_up, keeps_silent, resets, says, sends
from tests.factories import make_merchant, make_request, make_sync
from tests.looks import row
from tests.presses import attempt_of, last_entry, outcomes, stored
from tests.upstream import ERROR, NONE_YET, STARTED, posts


@pytest.fixture
def request_(db: None) -> SyncRequest:
    return make_request(make_merchant())


def test_what_codat_accepts_is_looked_at_at_once(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request_.pk, told)
    sent = stored(request_)
    assert sent.commerce_sync_id == STARTED["commerceSyncId"]
    assert sent.window_start == datetime(2026, 11, 1, tzinfo=UTC)
    assert Merchant.objects.get().next_refresh_at <= timezone.now()


def test_an_answer_is_on_record_with_its_own_status(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(NONE_YET, says(202, STARTED))
    send(request_.pk, told)
    assert (attempt_of(request_).outcome, attempt_of(request_).http_status) == ("accepted", 202)


def test_an_answered_window_without_length_is_no_window(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    """Codat has nothing to sync then. Its answer is an answer all the same."""
    nothing = {"start": "2026-11-02T00:00:00Z", "finish": "2026-11-02T00:00:00Z"}
    scripted.answers(NONE_YET, says(200, STARTED | {"syncDateRangeUtc": nothing}))
    send(request_.pk, told)
    sent = stored(request_)
    assert (sent.state, sent.window_answered) == (State.ACCEPTED, False)
    assert sent.window_start == request_.window_start


def test_a_long_refusal_is_told_up_to_a_word_and_with_what_became_of_it(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    nested = '{"service": "PushService", "detail": ' + '"the window is not valid", ' * 40 + "}"
    scripted.answers(NONE_YET, says(400, ERROR | {"error": nested}))
    send(request_.pk, told)
    for sentence in (stored(request_).result, last_entry(request_)):
        assert sentence.startswith(
            'Codat refused this request: Codat answered 400: “{"service": "PushService"'
        )
        assert re.search(r" (the|window|is|not|valid)\b\W*…”\. Nothing was run\.$", sentence)


NO_ANSWER = [
    pytest.param(keeps_silent, None, marks=pytest.mark.slow),
    (resets, None),
    (hangs_up, None),
    (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), None),
    (says(200, b"<html>all is well</html>"), 200),
    (says(200, {"syncStatusCode": 1000}), 200),
    (says(200, STARTED | {"companyId": "20803807-4e9a-4cb7-b67b-9f889a3916e1"}), 200),
    (says(200, [STARTED]), 200),
    (says(204), 204),
    (says(302, b"", Location="http://127.0.0.1:1/"), 302),
    (says(405, ERROR), 405),
    (says(408), 408),
    (says(409, ERROR), 409),
    (says(451, ERROR), 451),
    (says(500, ERROR), 500),
    (says(503, b"<html>maintenance</html>", Retry_After="7"), 503),
]


@pytest.mark.parametrize(("answer", "status"), NO_ANSWER)
def test_whatever_is_no_clear_answer_leaves_it_uncertain_and_is_not_sent_again(
    scripted: Server, told: CodatClient, request_: SyncRequest, answer: Any, status: int | None
) -> None:
    scripted.answers(NONE_YET, answer)
    send(request_.pk, told)
    send(request_.pk, told)
    assert len(posts(scripted)) == 1
    left = stored(request_)
    assert left.state == State.UNCERTAIN
    assert timedelta(seconds=50) < left.not_before - timezone.now() <= timedelta(minutes=1)
    assert (attempt_of(request_).outcome, attempt_of(request_).http_status) == ("uncertain", status)
    assert last_entry(request_).startswith("No answer that we can trust: ")
    assert last_entry(request_).endswith("Not sent again.")


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422])
def test_a_definite_no_ends_it_with_codats_own_words(
    scripted: Server, told: CodatClient, request_: SyncRequest, status: int
) -> None:
    scripted.answers(NONE_YET, says(status, ERROR | {"statusCode": status}))
    send(request_.pk, told)
    left = stored(request_)
    assert left.state == State.REJECTED
    told_by_codat = f"Codat answered {status}: “Start must be before finish”."
    about_the_key = " A 401 is about our API key: tell an admin." if status == 401 else ""
    expected = f"Codat refused this request: {told_by_codat}{about_the_key} Nothing was run."
    assert left.result == last_entry(request_) == expected
    assert left.correlation_id == attempt_of(request_).correlation_id == "0a40c2f31fc8f992"
    assert (attempt_of(request_).outcome, attempt_of(request_).http_status) == ("refused", status)


def test_a_429_is_waited_for_as_long_as_it_says(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(NONE_YET, says(429, ERROR, Retry_After="70"))
    send(request_.pk, told)
    left = stored(request_)
    assert left.state == State.QUEUED
    assert timedelta(seconds=60) < left.not_before - timezone.now() <= timedelta(seconds=70)
    assert left.waiting_for == "Codat asked us to wait (429)."
    assert outcomes(request_) == ["later"]
    # It was sent, so nobody says that it was not.
    what = "Codat asked us to wait, nothing was run: Codat answered 429: “Start must be before finish”."
    assert last_entry(request_) == what
    send(request_.pk, told)
    assert len(posts(scripted)) == 1


def test_short_waits_that_lead_nowhere_grow_longer_so_that_a_minute_of_429_costs_no_request(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(7):
            scripted.answers(NONE_YET, says(429, ERROR, Retry_After="1"))
            send(request_.pk, told)
            waits.append((stored(request_).not_before - timezone.now()).total_seconds())
            clock.move_to(stored(request_).not_before)
    assert waits == [5, 10, 20, 40, 80, 160, 300]


def gone_after_the_look(server: Server) -> Any:
    def step(sock: Any) -> bool:
        server.__exit__()
        return NONE_YET(sock)

    return step


def test_a_post_that_never_left_goes_back_to_wait(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(gone_after_the_look(scripted))
    send(request_.pk, told)
    left = stored(request_)
    assert left.state == State.QUEUED
    assert left.waiting_for.startswith("Nothing was sent to Codat")
    assert timedelta(0) < left.not_before - timezone.now() <= timedelta(seconds=5)
    assert outcomes(request_) == ["not_sent"]
    assert last_entry(request_).startswith("Not sent: ")


def test_after_eight_tries_that_were_not_sent_it_never_ran(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    waits = []
    with time_machine.travel(timezone.now()) as clock:
        for _ in range(8):
            scripted.answers(NONE_YET, says(429, ERROR, Retry_After="70"))
            clock.move_to(stored(request_).not_before)
            send(request_.pk, told)
            waits.append(stored(request_).state)
    left = stored(request_)
    assert waits == [State.QUEUED] * 7 + [State.NOT_RUN]
    what = "Codat answered 429: “Start must be before finish”."
    assert left.result == f"This never ran: 8 tries came to nothing. The last one: {what}"
    assert outcomes(request_) == ["later"] * 8
    assert len(posts(scripted)) == 8


def test_the_id_of_an_earlier_request_proves_nothing(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    earlier = {"state": State.SUCCEEDED, "commerce_sync_id": STARTED["commerceSyncId"]}
    make_request(request_.merchant, **earlier)
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request_.pk, told)
    left = stored(request_)
    assert (left.state, left.commerce_sync_id) == (State.UNCERTAIN, "")
    assert left.waiting_for == "Codat named the sync of an earlier request."


@pytest.mark.parametrize("known", [{}, {"commerce_sync_id": STARTED["commerceSyncId"]}])
def test_a_sync_that_was_listed_before_the_post_proves_nothing(
    scripted: Server, told: CodatClient, request_: SyncRequest, known: dict[str, str]
) -> None:
    """Under the id of the list, or under the other one where we have learned that."""
    listed = "old" if known else STARTED["commerceSyncId"]
    make_sync(request_.merchant, 5130, sync_id=listed, **known)
    scripted.answers(says(200, [row(listed, 5130)]), says(200, STARTED))
    send(request_.pk, told)
    left = stored(request_)
    assert (left.state, left.commerce_sync_id, outcomes(request_)) == (State.UNCERTAIN, "", ["uncertain"])
    assert left.waiting_for.endswith("which it had listed before this was sent.")
    assert STARTED["commerceSyncId"] in last_entry(request_)
