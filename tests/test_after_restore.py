"""The commands that stop and resume sending, and the one for the hour after a backup was restored."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from syncs.models import Freeze, SyncRequest, User
from syncs.operations import freezing, restoring, reviewing
from syncs.rules.states import ACTIVE, FINAL, State
from tests.factories import make_attempt, make_merchant, make_request, make_sync
from tests.presses import NOW, attempt_of, last_entry, outcomes, stored

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
    assert "No request was under way." in said("after_restore", yes=True)
    assert freezing.is_frozen()


@pytest.mark.parametrize("answer", ["no", "", "y", KeyboardInterrupt])
def test_whoever_does_not_say_yes_has_changed_nothing_and_reads_so(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    def typed(question: str) -> str:
        if isinstance(answer, type):
            raise answer
        return str(answer)

    monkeypatch.setattr("builtins.input", typed)
    requests = one_in_each_state()
    with pytest.raises(CommandError, match="Nothing was changed: no freeze was made"):
        said("after_restore")
    assert not freezing.is_frozen()
    assert all(stored(request).state == state for state, request in requests.items())


def test_where_nobody_can_be_asked_it_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(""))
    requests = one_in_each_state()
    said("after_restore")
    assert freezing.is_frozen()
    assert {stored(requests[state]).state for state in ACTIVE} == {State.NEEDS_REVIEW}


def test_the_end_of_the_input_at_a_terminal_is_no_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = StringIO("")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    with pytest.raises(CommandError, match="Nothing was changed"):
        said("after_restore")
    assert not freezing.is_frozen()


def cut_short(monkeypatch: pytest.MonkeyPatch) -> str:
    """It froze sending, and had moved nothing yet."""

    def end(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "put_before_a_person", end)
        with pytest.raises(CommandError) as told:
            said("after_restore", yes=True)
    return str(told.value)


def test_ctrl_c_on_the_way_says_that_it_is_to_be_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cut_short(monkeypatch) == "Interrupted. Sending stays frozen. Run it again."
    assert freezing.is_frozen()


def test_what_it_did_not_come_to_goes_before_a_person_when_a_lead_resumes(
    monkeypatch: pytest.MonkeyPatch, as_lead: Client
) -> None:
    requests = one_in_each_state()
    cut_short(monkeypatch)
    asked_since = make_request(make_merchant())
    assert "1 saved request goes to Codat as soon as you resume." in " ".join(
        as_lead.get("/sending/").text.split()
    )
    as_lead.post("/sending/resume/", {"reason": "All compared"})
    assert not freezing.is_frozen()
    assert {stored(requests[state]).state for state in ACTIVE} == {State.NEEDS_REVIEW}
    assert outcomes(requests[State.SENDING]) == ["uncertain"]
    assert stored(asked_since).state == State.QUEUED


def test_what_a_lead_has_decided_since_is_not_asked_of_him_again(lead: User) -> None:
    request = make_request(make_merchant(configured_at=NOW), state=State.ACCEPTED, commerce_sync_id="theirs")
    said("after_restore", yes=True)
    sync = make_sync(request.merchant, 1000, timezone.now(), commerce_sync_id="theirs")
    assert reviewing.decide_ran(stored(request), sync, by=lead, reason="It is listed", now=timezone.now())
    freezing.resume(now=timezone.now(), by=lead, reason="")
    assert stored(request).state == State.ACCEPTED


def test_a_backup_that_was_made_while_this_freeze_stood_is_frozen_anew() -> None:
    """Else what was asked between that freeze and the backup would count as asked since."""
    said("after_restore", yes=True)
    request = make_request(make_merchant())
    said("after_restore", yes=True)
    assert stored(request).state == State.NEEDS_REVIEW
    [stop] = freezing.standing()
    assert stop.since > request.asked_at
    assert Freeze.objects.count() == 2


def test_only_a_lead_ends_it_and_not_the_command() -> None:
    said("after_restore", yes=True)
    with pytest.raises(CommandError, match="Only a lead resumes it, on the page Sending"):
        said("resume_sending")
    assert freezing.is_frozen()


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


@pytest.mark.parametrize("command", ["freeze_sending", "resume_sending"])
def test_a_reason_that_is_no_text_is_told_and_changes_nothing(command: str) -> None:
    """Python hands on an argument that is not UTF-8 like this."""
    if command == "resume_sending":
        said("freeze_sending", "Codat asked us to pause")
    with pytest.raises(CommandError, match="The reason is not UTF-8 text"):
        said(command, b"caf\xe9".decode("utf-8", "surrogateescape"))
    assert freezing.is_frozen() == (command == "resume_sending")


@pytest.mark.parametrize(
    ("command", "words"), [("freeze_sending", ["now"]), ("resume_sending", []), ("after_restore", ["--yes"])]
)
def test_a_database_that_was_never_migrated_is_told_in_a_sentence(command: str, words: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE syncs_freeze RENAME TO somewhere_else")
    with pytest.raises(CommandError, match=r"^The database cannot be used: .+\. Has it been migrated\?$"):
        said(command, *words)
