"""What is on record of an attempt: only better evidence replaces it."""

from typing import Any

import pytest
from django.utils import timezone

from syncs.codat.errors import Later, Refused, Uncertain
from syncs.codat.schemas import SyncSummary
from syncs.models import SyncRequest
from syncs.operations import answers, reconciling
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.codat.server import Server, says
from tests.factories import make_attempt, make_merchant, make_request
from tests.presses import at_once, attempt_of, outcomes, stored, verbs
from tests.upstream import ERROR, NONE_YET, STARTED, Meddling, client_of


@pytest.fixture
def request_(db: None) -> SyncRequest:
    return make_request(make_merchant())


@pytest.mark.parametrize("late", [says(500, ERROR), says(429, ERROR), says(400, ERROR)])
def test_a_late_answer_leaves_what_a_replay_has_proven(
    scripted: Server, meddling: Meddling, request_: SyncRequest, settings: Any, late: Any
) -> None:
    """The sender slept after its POST; the clock gave it up, asked again with the same key, and Codat accepted."""
    settings.CODAT_IDEMPOTENCY_VERIFIED = True

    def meanwhile() -> None:
        scripted.answers(says(200, STARTED))
        SyncRequest.objects.update(state_since=timezone.now() - reconciling.SENDING_AT_MOST * 2)
        reconciling.give_up_on_lost_senders(timezone.now())
        with client_of(scripted.url) as client:
            reconciling.look(request_.pk, client)

    scripted.answers(NONE_YET, late)
    meddling.then = meanwhile
    send(request_.pk, meddling)
    assert (stored(request_).state, outcomes(request_)) == (State.ACCEPTED, ["accepted"])
    assert attempt_of(request_).http_status == 200
    assert verbs(request_)[-1] == "request.accepted"


SUMMARY = SyncSummary.from_json(STARTED, company_id="")


def closed_as(outcome: str, request: SyncRequest) -> None:
    attempt = attempt_of(request)
    held = SyncRequest.objects.get(pk=request.pk)
    if outcome == "accepted":
        answers.accepted(held, attempt, SUMMARY)
    elif outcome == "refused":
        answers.refused(held, attempt, Refused("No.", http_status=400))
    elif outcome == "later":
        answers.not_sent(held, attempt, Later("Slow down.", http_status=429))
    else:
        answers.uncertain(held, attempt, "Silence.", Uncertain("Silence."))


@pytest.mark.parametrize("first", ["open", "uncertain", "later", "refused", "accepted"])
@pytest.mark.parametrize("then", ["uncertain", "later", "refused", "accepted"])
def test_what_may_replace_what(db: None, first: str, then: str) -> None:
    request = make_request(make_merchant(), state=State.SENDING)
    make_attempt(request, outcome=first)
    closed_as(then, request)
    is_replaced = then == "accepted" or first in {"open", "uncertain"}
    assert outcomes(request) == [then if is_replaced else first]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_sweep_and_a_late_answer_never_wait_for_each_other(caplog: pytest.LogCaptureFixture) -> None:
    requests = [make_request(make_merchant(), state=State.SENDING) for _ in range(40)]
    for request in requests:
        make_attempt(request)
    later = timezone.now() + reconciling.SENDING_AT_MOST * 2

    def all_of_them(outcome: str) -> None:
        for request in requests:
            closed_as(outcome, request)

    works = [lambda: reconciling.give_up_on_lost_senders(later), lambda: all_of_them("uncertain")]
    assert at_once(*works, lambda: all_of_them("accepted")) == [None] * 3
    assert set(SyncRequest.objects.values_list("state", flat=True)) == {State.ACCEPTED}
    assert {outcome for request in requests for outcome in outcomes(request)} == {"accepted"}
