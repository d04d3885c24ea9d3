"""The commands that stop and resume sending, and the one for the hour after a backup was restored."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from syncs.models import Freeze, SyncRequest
from syncs.operations import freezing, restoring
from syncs.rules.states import ACTIVE, FINAL, State
from tests.factories import make_attempt, make_merchant, make_request
from tests.presses import attempt_of, last_entry, outcomes, stored

pytestmark = pytest.mark.django_db


def said(command: str, *args: str, **options: Any) -> str:
    out = StringIO()
    call_command(command, *args, stdout=out, **options)
    return out.getvalue()


def one_in_each_state() -> dict[State, SyncRequest]:
    requests = {state: make_request(make_merchant(), state=state) for state in State}
    make_attempt(requests[State.SENDING])
    make_attempt(requests[State.ACCEPTED], outcome="accepted", finished_at=timezone.now())
    return requests


def test_every_active_request_comes_before_a_person_and_sending_is_frozen() -> None:
    requests = one_in_each_state()
    printed = said("after_restore", yes=True)
    assert [stop.cause for stop in freezing.standing()] == [Freeze.Cause.RESTORE]
    for state in ACTIVE:
        assert stored(requests[state]).state == State.NEEDS_REVIEW
    for state in ACTIVE - {State.NEEDS_REVIEW}:
        assert last_entry(requests[state]) == f"Put before a person: {restoring.WHY}"
    for state in FINAL:
        assert stored(requests[state]).state == state
    assert "Sending is frozen." in printed
    for word in ("Saved", "Sending", "No answer yet", "Codat is working"):
        assert f"1  {word} → Needs review" in printed
    assert "A lead resumes sending" in printed


def test_an_intent_that_was_open_is_uncertain_then_and_what_was_answered_stays_so() -> None:
    requests = one_in_each_state()
    said("after_restore", yes=True)
    assert attempt_of(requests[State.SENDING]).problem == restoring.WHY
    assert outcomes(requests[State.SENDING]) == ["uncertain"]
    assert outcomes(requests[State.ACCEPTED]) == ["accepted"]
    assert outcomes(requests[State.QUEUED]) == []


def test_it_may_be_run_again() -> None:
    one_in_each_state()
    said("after_restore", yes=True)
    printed = said("after_restore", yes=True)
    assert "Sending was frozen already." in printed
    assert "No request was under way." in printed


@pytest.mark.parametrize("answer", ["no", "", "y", EOFError, KeyboardInterrupt])
def test_sending_is_frozen_before_anybody_is_asked_and_stays_so(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    def typed(question: str) -> str:
        assert freezing.is_frozen()
        if isinstance(answer, type):
            raise answer
        return str(answer)

    monkeypatch.setattr("builtins.input", typed)
    requests = one_in_each_state()
    with pytest.raises(CommandError, match="ending stays frozen"):
        said("after_restore")
    assert freezing.is_frozen()
    assert all(stored(request).state == state for state, request in requests.items())


def test_who_says_yes_is_asked_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda question: "Yes")
    requests = one_in_each_state()
    said("after_restore")
    assert stored(requests[State.QUEUED]).state == State.NEEDS_REVIEW


def test_a_request_that_was_never_sent_as_far_as_is_known_has_a_case_that_says_so(as_lead: Client) -> None:
    request = make_request(make_merchant())
    said("after_restore", yes=True)
    page = as_lead.get(f"/requests/{request.pk}/").text
    assert restoring.WHY in page
    assert "Did Codat run it?" in page


def test_sending_is_frozen_and_resumed_from_the_command_line() -> None:
    assert "Sending is frozen." in said("freeze_sending", "Codat asked us to pause")
    [stop] = freezing.standing()
    assert (stop.cause, stop.reason, stop.by) == (Freeze.Cause.PERSON, "Codat asked us to pause", None)
    with pytest.raises(CommandError, match="frozen already"):
        said("freeze_sending", "again")
    assert "Sending is resumed." in said("resume_sending")
    with pytest.raises(CommandError, match="not frozen"):
        said("resume_sending")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_freeze_needs_a_reason_that_fits(reason: str) -> None:
    with pytest.raises(CommandError, match="Say why, in at most 500 letters"):
        said("freeze_sending", reason)
    assert not freezing.is_frozen()
