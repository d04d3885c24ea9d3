"""Requests that nobody answers for: looked at, replayed where that is safe, and at last put before a person."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.utils import timezone

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.models import SyncRequest
from syncs.operations import reconciling
from syncs.rules.states import State
from tests.codat.server import Server, keeps_silent, says
from tests.factories import make_attempt, make_merchant, make_request
from tests.presses import at_once, last_entry, outcomes, stored, verbs
from tests.upstream import CANARY, ERROR, NONE_YET, STARTED, client_of, posts

NOW = timezone.now().replace(microsecond=0)


def uncertain(sent_at: datetime = NOW, outcome: str = "uncertain", **columns: Any) -> SyncRequest:
    """Sent at that moment, with no answer to trust."""
    merchant = make_merchant()
    waits = {"asked_at": sent_at, "state_since": sent_at, "not_before": sent_at + timedelta(minutes=1)}
    request = make_request(merchant, state=State.UNCERTAIN, **waits | columns)
    listed = ["before"]
    make_attempt(request, started_at=sent_at, outcome=outcome, listed_before=listed)
    return request


@pytest.fixture
def request_(db: None) -> SyncRequest:
    return uncertain()


@pytest.fixture
def verified(settings: Any) -> None:
    settings.CODAT_IDEMPOTENCY_VERIFIED = True


def listed(*names: str) -> Any:
    rows = [{"syncId": name, "syncStatusCode": 2000, "syncUtc": NOW.isoformat()} for name in names]
    return says(200, rows)


def looked_at(request: SyncRequest, client: CodatClient, at: datetime) -> SyncRequest:
    with time_machine.travel(at, tick=False):
        for pk in reconciling.due_for_a_look(at):
            reconciling.look(pk, client)
    return stored(request)


def all_looks(request: SyncRequest, client: CodatClient) -> list[float]:
    """The minutes after the POST at which it was looked at, a clock's tick each ten seconds."""
    minutes = []
    for tenth in range(6 * 40):
        at = NOW + timedelta(seconds=10 * tenth)
        before = stored(request).looks
        if looked_at(request, client, at).looks > before:
            minutes.append((at - NOW) / timedelta(minutes=1))
    return minutes


def test_it_is_looked_at_six_times_and_then_a_person_decides(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(listed("before", "new"))
    assert all_looks(request_, told) == [1, 2, 5, 10, 20, 30]
    left = stored(request_)
    assert left.state == State.NEEDS_REVIEW
    assert [candidate["sync_id"] for candidate in left.candidates] == ["new"]
    assert last_entry(request_).startswith("Put before a person: We have no answer that we can trust")
    assert not posts(scripted)


def test_an_empty_list_is_no_proof_that_nothing_ran(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(NONE_YET)
    all_looks(request_, told)
    assert (stored(request_).state, stored(request_).candidates) == (State.NEEDS_REVIEW, [])
    assert not posts(scripted)


@pytest.mark.parametrize("answer", [says(403, ERROR), says(404, b"<html>"), says(200, b"<html>"), says(400)])
def test_looks_in_vain_count_and_forget_nothing(
    scripted: Server, told: CodatClient, db: None, answer: Any
) -> None:
    scripted.answers(listed("new"), answer)
    request = uncertain()
    assert all_looks(request, told) == [1, 2, 5, 10, 20, 30]
    assert stored(request).state == State.NEEDS_REVIEW
    assert [candidate["sync_id"] for candidate in stored(request).candidates] == ["new"]


def test_each_look_in_vain_is_on_record_with_its_cause(
    scripted: Server, told: CodatClient, request_: SyncRequest
) -> None:
    scripted.answers(says(403, ERROR), listed("new"))
    looked_at(request_, told, NOW + timedelta(minutes=1))
    assert last_entry(request_).startswith("Looked at Codat in vain: Codat answered 403")
    looked_at(request_, told, NOW + timedelta(minutes=2))
    assert verbs(request_).count("request.look_failed") == 1


def test_of_two_who_look_at_once_one_does(scripted: Server, told: CodatClient, request_: SyncRequest) -> None:
    scripted.answers(NONE_YET)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        reconciling.look(request_.pk, told)
        reconciling.look(request_.pk, told)
    assert len(scripted.requests) == stored(request_).looks == 1


def test_a_look_that_was_lost_is_begun_again(
    scripted: Server, told: CodatClient, request_: SyncRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.answers(NONE_YET)
    with monkeypatch.context() as patch:
        patch.setattr(CodatClient, "syncs", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            looked_at(request_, told, NOW + timedelta(minutes=1))
    assert looked_at(request_, told, NOW + timedelta(minutes=2)).looks == 0
    assert looked_at(request_, told, NOW + timedelta(minutes=4)).looks == 1


def test_a_request_without_any_attempt_goes_before_a_person(
    scripted: Server, told: CodatClient, db: None
) -> None:
    request = make_request(make_merchant(), state=State.UNCERTAIN, not_before=NOW)
    assert looked_at(request, told, NOW).state == State.NEEDS_REVIEW
    assert not scripted.requests


# The replay


def test_a_replay_sends_the_same_bytes_under_the_same_key(
    scripted: Server, told: CodatClient, request_: SyncRequest, verified: None
) -> None:
    scripted.answers(says(200, STARTED))
    left = looked_at(request_, told, NOW + timedelta(minutes=1))
    [post] = posts(scripted)
    assert post.body.decode() == request_.body
    assert post.headers["idempotency-key"] == str(request_.idempotency_key)
    assert (left.state, left.commerce_sync_id) == (State.ACCEPTED, STARTED["commerceSyncId"])
    assert outcomes(request_) == ["accepted"]
    assert verbs(request_) == ["request.asked", "request.replayed", "request.accepted"]


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 500, 503])
def test_any_other_answer_to_a_replay_goes_before_a_person_at_once(
    scripted: Server, told: CodatClient, request_: SyncRequest, verified: None, status: int
) -> None:
    """It may be the overlap that our own first POST caused."""
    scripted.answers(says(status, ERROR))
    left = looked_at(request_, told, NOW + timedelta(minutes=1))
    assert (left.state, outcomes(request_)) == (State.NEEDS_REVIEW, ["uncertain"])
    assert f"Asked Codat again with the same key: Codat answered {status}" in left.waiting_for
    looked_at(request_, told, NOW + timedelta(minutes=9))
    assert len(posts(scripted)) == 1


@pytest.mark.parametrize(
    "answer", [says(429, ERROR, Retry_After="5"), pytest.param(keeps_silent, marks=pytest.mark.slow)]
)
def test_a_replay_without_an_answer_is_tried_again(
    scripted: Server, told: CodatClient, request_: SyncRequest, verified: None, answer: Any
) -> None:
    scripted.answers(answer, says(200, STARTED))
    left = looked_at(request_, told, NOW + timedelta(minutes=1))
    assert (left.state, left.looks) == (State.UNCERTAIN, 1)
    assert looked_at(request_, told, NOW + timedelta(minutes=2)).state == State.ACCEPTED
    assert len({post.headers["idempotency-key"] for post in posts(scripted)}) == 1


def test_a_replay_that_never_left_is_not_told_as_sent(
    scripted: Server, told: CodatClient, request_: SyncRequest, verified: None
) -> None:
    scripted.__exit__()
    assert looked_at(request_, told, NOW + timedelta(minutes=1)).state == State.UNCERTAIN
    assert verbs(request_) == ["request.asked", "request.replayed", "request.replay_not_sent"]
    entries = " ".join(request_.activity.values_list("what", flat=True))
    assert "Asked Codat again" not in entries
    assert last_entry(request_).startswith("Not sent: Nothing was sent to Codat")


def test_a_replay_that_names_the_sync_of_another_request_proves_nothing(
    scripted: Server, told: CodatClient, request_: SyncRequest, verified: None
) -> None:
    known = {"state": State.SUCCEEDED, "commerce_sync_id": STARTED["commerceSyncId"]}
    make_request(request_.merchant, **known)
    scripted.answers(says(200, STARTED))
    left = looked_at(request_, told, NOW + timedelta(minutes=1))
    assert (left.state, left.commerce_sync_id) == (State.NEEDS_REVIEW, "")


def test_a_replay_that_names_a_sync_from_before_the_post_proves_nothing(
    scripted: Server, told: CodatClient, request_: SyncRequest, verified: None
) -> None:
    scripted.answers(says(200, STARTED | {"commerceSyncId": "before"}))
    left = looked_at(request_, told, NOW + timedelta(minutes=1))
    assert (left.state, left.commerce_sync_id) == (State.NEEDS_REVIEW, "")
    assert "which it had listed before" in left.waiting_for


class Sleeping(CodatClient):
    """The real client, whose process sleeps after it took its turn."""

    clock: Any

    def reserve_send(self, company_id: str | UUID) -> None:
        super().reserve_send(company_id)
        self.clock.shift(timedelta(minutes=100))


def test_a_replay_that_slept_after_it_was_begun_sends_nothing(
    scripted: Server, request_: SyncRequest, verified: None
) -> None:
    """Codat forgets a key after 90 minutes: what it has forgotten would be a first POST."""
    at = NOW + timedelta(minutes=1)
    client = Sleeping(base_url=scripted.url, api_key=CANARY, budget=LocalBudget(per_minute=100))
    with client, time_machine.travel(at, tick=False) as client.clock:
        reconciling.look(request_.pk, client)
    assert not posts(scripted)
    assert stored(request_).state == State.UNCERTAIN


@pytest.mark.parametrize(
    "change",
    ["not verified", "too old", "archived", "switched off", "rerouted", "proven not sent", "answered 500"],
)
def test_where_a_replay_is_not_safe_it_is_only_looked_at(
    scripted: Server, told: CodatClient, db: None, settings: Any, change: str
) -> None:
    settings.CODAT_IDEMPOTENCY_VERIFIED = change != "not verified"
    sent_at = NOW - timedelta(minutes=81) if change == "too old" else NOW - timedelta(minutes=79)
    request = uncertain(sent_at, outcome="not_sent" if change == "proven not sent" else "uncertain")
    # Had the first POST got lost, these bytes would now be sent for the first time: into other books, or for nobody.
    if change == "archived":
        request.merchant.archived_at = NOW
    if change == "switched off":
        request.merchant.health = "switched_off"
    request.merchant.save()
    if change == "rerouted":
        SyncRequest.objects.update(route=["a shop", "books that were replaced since"])
    if change == "answered 500":
        # That Codat keeps a 5xx under its key stands in its docs, and no probe can try it.
        request.attempts.update(http_status=500)
    scripted.answers(NONE_YET)
    assert looked_at(request, told, NOW).looks == 1
    assert not posts(scripted)


def test_a_young_one_that_is_verified_is_replayed(
    scripted: Server, told: CodatClient, db: None, verified: None
) -> None:
    scripted.answers(says(200, STARTED))
    assert looked_at(uncertain(NOW - timedelta(minutes=79)), told, NOW).state == State.ACCEPTED


@pytest.mark.django_db(transaction=True)
def test_of_four_who_replay_at_once_one_posts(scripted: Server, verified: None) -> None:
    request = uncertain(NOW - timedelta(minutes=2))
    scripted.answers(says(200, STARTED))
    with client_of(scripted.url) as client:
        assert at_once(*[lambda: reconciling.look(request.pk, client)] * 4) == [None] * 4
    assert len(posts(scripted)) == 1
    assert stored(request).state == State.ACCEPTED
