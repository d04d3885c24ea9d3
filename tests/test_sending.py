"""A sender's work on one row: one POST with the pinned bytes, or none, and a word about it either way."""

import hashlib
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from socket import socket
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from sandbox.testing import Sandbox
from syncs.codat.client import CodatClient
from syncs.codat.key import Key
from syncs.models import SyncRequest, User
from syncs.operations import reconciling, sending
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_merchant, make_request
from tests.looks import known
from tests.presses import (
    a_day,
    asked,
    at_once,
    attempt_of,
    last_entry,
    outcomes,
    press,
    pressed,
    stored,
    verbs,
)
from tests.upstream import CANARY, ERROR, NONE_YET, STARTED, Meddling, client_of, posts


@pytest.fixture
def request_(db: None) -> SyncRequest:
    return make_request(make_merchant())


def test_a_range_is_one_post_with_the_pinned_bytes_and_the_rows_key(
    upstream: Sandbox, codat: CodatClient, support: User
) -> None:
    company = next(each for each in upstream.merchants("archived_account") if each["rerun"] == "succeeds")
    merchant = known(company, codat)
    day = a_day(merchant, timezone.now())
    request = press(merchant, support, timezone.now(), pressed(day, day)).request
    before = upstream.ledger()
    send(request.pk, codat)
    send(request.pk, codat)
    [line] = upstream.ledger()[len(before) :]
    assert (line["company_id"], line["kind"], line["applied"]) == (company["company_id"], "historic", True)
    assert line["body"] == request.body
    assert line["idempotency_key"] == str(request.idempotency_key)
    sent = stored(request)
    assert (sent.state, sent.tries, sent.window_answered) == (State.ACCEPTED, 1, True)
    assert verbs(request) == ["request.asked", "request.override", "request.sending", "request.accepted"]


def test_a_latest_request_goes_to_the_other_endpoint(
    upstream: Sandbox, codat: CodatClient, spares: Iterator[Any], support: User
) -> None:
    merchant = known(next(spares), codat)
    request = press(merchant, support, timezone.now()).request
    before = upstream.ledger()
    send(request.pk, codat)
    [line] = upstream.ledger()[len(before) :]
    assert (line["kind"], line["body"]) == ("latest", request.body)
    sent = stored(request)
    assert (sent.state, sent.window_finish) == (State.ACCEPTED, request.window_finish)
    assert sent.window_start < sent.window_finish


def test_the_intent_is_on_record_with_what_codat_listed_before(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    company = str(request_.merchant.company_id)
    listed = [{"companyId": company, "syncId": name, "syncStatusCode": 5130} for name in ("one", "two")]
    scripted.answers(says(200, listed), says(200, STARTED))
    send(request_.pk, told)
    attempt = attempt_of(request_)
    assert attempt.body_sha256 == hashlib.sha256(posts(scripted)[0].body).hexdigest()
    assert set(attempt.listed_before) == {"one", "two"}
    assert (attempt.number, attempt.outcome, attempt.http_status) == (1, "accepted", 200)


def test_a_sender_that_slept_after_its_claim_sends_nothing(
    scripted: Server, told: CodatClient, request_: SyncRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "CLAIM_GOOD_FOR", 0.0)
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request_.pk, told)
    assert not posts(scripted)
    assert stored(request_).state == State.QUEUED
    assert outcomes(request_) == ["not_sent"]


def test_a_machine_that_was_suspended_after_the_claim_sends_nothing(
    moved: Any, scripted: Server, told: CodatClient, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, post = asked(), sending.post

    def post_after_a_sleep(*given: Any, **limits: Any) -> Any:
        moved.shift(timedelta(hours=3))
        return post(*given, **limits)

    monkeypatch.setattr(sending, "post", post_after_a_sleep)
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request.pk, told)
    assert not posts(scripted)
    assert (stored(request).state, outcomes(request)) == (State.QUEUED, ["not_sent"])


def test_a_claim_that_is_not_committed_yet_gives_no_right_to_send(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    """Within somebody else's transaction it could still be undone, after the POST."""
    scripted.answers(NONE_YET, says(200, STARTED))
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        send(request_.pk, told)
    assert not posts(scripted)
    assert stored(request_).state == State.QUEUED


def test_an_error_of_our_own_in_the_middle_leaves_it_uncertain(
    scripted: Server, meddling: Meddling, request_: SyncRequest, caplog: pytest.LogCaptureFixture
) -> None:
    meddling.then = lambda: 1 / 0
    scripted.answers(NONE_YET, says(200, STARTED))
    send(request_.pk, meddling)
    left = stored(request_)
    assert (left.state, outcomes(request_)) == (State.UNCERTAIN, ["uncertain"])
    assert "Something broke on our side" in left.waiting_for
    assert "ZeroDivisionError" in caplog.text


def test_what_may_run_is_looked_for_at_once(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    """Its page would else show for hours what was known before."""
    scripted.answers(NONE_YET, says(500, ERROR))
    send(request_.pk, told)
    assert stored(request_).state == State.UNCERTAIN
    merchant = stored(request_).merchant
    assert merchant.next_refresh_at is not None
    assert merchant.next_refresh_at <= timezone.now()
    assert merchant.next_refresh_reason == "looked at again now: a sync may have been started"


def test_an_answer_that_comes_after_the_sender_was_given_up_counts(
    scripted: Server, meddling: Meddling, request_: SyncRequest
) -> None:
    scripted.answers(NONE_YET, says(200, STARTED))
    meddling.then = lambda: reconciling.give_up_on_lost_senders(timezone.now() + timedelta(minutes=6))
    send(request_.pk, meddling)
    assert (stored(request_).state, outcomes(request_)) == (State.ACCEPTED, ["accepted"])


def test_proof_that_nothing_was_sent_does_not_requeue_what_was_given_up(
    scripted: Server, meddling: Meddling, request_: SyncRequest
) -> None:
    scripted.answers(NONE_YET, says(429, ERROR))
    meddling.then = lambda: reconciling.give_up_on_lost_senders(timezone.now() + timedelta(minutes=6))
    send(request_.pk, meddling)
    assert (stored(request_).state, outcomes(request_)) == (State.UNCERTAIN, ["later"])


def test_nothing_but_a_queued_row_whose_time_has_come_is_sent(
    scripted: Server, told: CodatClient, db: None
) -> None:
    for state in set(State) - {State.QUEUED}:
        send(make_request(make_merchant(), state=state).pk, told)
    send(make_request(make_merchant(), not_before=timezone.now() + timedelta(seconds=5)).pk, told)
    send(0, told)
    assert not scripted.requests


@pytest.mark.django_db(transaction=True)
def test_of_eight_senders_of_one_row_one_posts(scripted: Server) -> None:
    request = make_request(make_merchant())
    together = threading.Barrier(8)

    def nobody_before_the_others(sock: socket) -> bool:
        together.wait(20)
        return NONE_YET(sock)

    scripted.answers(*[nobody_before_the_others] * 8, says(200, STARTED))
    with client_of(scripted.url) as client:
        results = at_once(*[lambda: send(request.pk, client)] * 8)
    assert results == [None] * 8
    assert len(posts(scripted)) == 1
    assert (stored(request).state, stored(request).tries) == (State.ACCEPTED, 1)
    assert outcomes(request) == ["accepted"]


@pytest.mark.django_db(transaction=True)
def test_a_sender_whose_look_was_overtaken_by_a_whole_try_of_another_does_not_send(scripted: Server) -> None:
    """The other one was told to wait: the row is QUEUED as it was, but its time has not come."""
    request = make_request(make_merchant())

    def meanwhile_another_tries(sock: socket) -> bool:
        with client_of(scripted.url) as other:
            send(request.pk, other)
        connections.close_all()
        return NONE_YET(sock)

    scripted.answers(
        meanwhile_another_tries, NONE_YET, says(429, ERROR, Retry_After="70"), says(200, STARTED)
    )
    with client_of(scripted.url) as client:
        send(request.pk, client)
    assert len(posts(scripted)) == 1
    assert (stored(request).state, stored(request).tries) == (State.QUEUED, 1)
    assert outcomes(request) == ["later"]


def test_the_key_is_in_no_log_line_and_in_no_row(
    scripted: Server, told: CodatClient, request_: SyncRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    header = Key(CANARY).header
    scripted.answers(NONE_YET, says(500, ERROR | {"error": f"You sent {header} and {CANARY}"}))
    send(request_.pk, told)
    rows = str([stored(request_).__dict__, attempt_of(request_).__dict__, last_entry(request_)])
    for secret in (CANARY, header.removeprefix("Basic ")):
        assert secret not in caplog.text + rows
