import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from syncs import wording
from syncs.models import Merchant, SyncRequest
from syncs.rules.states import State
from tests.factories import make_attempt, make_merchant, make_request

NOW = datetime(2026, 11, 21, 8, 52, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False):
        yield


def request(**columns) -> SyncRequest:
    return SyncRequest(
        **{
            "merchant": Merchant(),
            "kind": "latest",
            "state": "queued",
            "state_since": NOW,
            "not_before": NOW + timedelta(minutes=3),
        }
        | columns
    )


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({}, "Sync latest"),
        ({"last_day": date(2026, 11, 20)}, "Sync latest up to 20 Nov"),
        ({"first_day": date(2026, 11, 12), "last_day": date(2026, 11, 18)}, "Re-run 12 – 18 Nov"),
        ({"first_day": date(2025, 12, 31), "last_day": date(2025, 12, 31)}, "Re-run 31 Dec 2025"),
    ],
)
def test_what_was_asked_for(days: dict[str, date], words: str) -> None:
    assert wording.what(request(**days)) == words


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({}, "Not sent yet"),
        (
            {"waiting_for": "A sync is running at Codat"},
            "Waiting: A sync is running at Codat. Next look 08:55",
        ),
        ({"state": "sending"}, "One try, then we wait for the answer"),
        ({"state": "accepted"}, "Codat accepted it and is working"),
        ({"state": "uncertain"}, "No answer that we can trust. Not sent again. Looking there at 08:55"),
        ({"state": "cancelled", "result": "Too late: covered at 03:12"}, "Too late: covered at 03:12"),
        ({"state": "not_run"}, "This never ran."),
    ],
)
def test_how_it_stands(columns: dict[str, str], sentence: str) -> None:
    assert wording.sentence(request(**columns)) == sentence


def test_a_look_that_is_due_is_not_promised_for_a_moment_that_has_passed() -> None:
    due = {"waiting_for": "A sync runs at Codat", "not_before": NOW}
    assert wording.sentence(request(**due)) == "Waiting: A sync runs at Codat. Looked at again in a moment"
    uncertain = request(state="uncertain", not_before=NOW)
    assert wording.sentence(uncertain).endswith("Looking there in a moment")


def test_what_is_sent_again_under_its_key_is_not_said_to_be_left_alone(settings: Any) -> None:
    settings.CODAT_IDEMPOTENCY_VERIFIED = True
    assert wording.sentence(request(state="uncertain")) == (
        "No answer that we can trust. Sent again only with its own key, so that it runs once at most. "
        "Looking there at 08:55"
    )


@pytest.mark.parametrize(
    ("merchant", "columns", "is_found"),
    [
        ({"refreshed_at": NOW}, {}, False),
        # Codat's list may be late, or not have been read since.
        ({"refreshed_at": NOW - timedelta(minutes=9)}, {}, True),
        ({}, {}, True),
        ({"refreshed_at": NOW}, {"sync_id": 1}, True),
        ({"refreshed_at": NOW, "running_since": NOW}, {}, True),
    ],
)
def test_codat_is_not_said_to_work_on_what_its_list_does_not_show(
    merchant: dict[str, datetime], columns: dict[str, int], is_found: bool
) -> None:
    began = NOW - timedelta(minutes=10)
    accepted = request(state="accepted", state_since=began, merchant=Merchant(**merchant), **columns)
    if is_found:
        assert wording.sentence(accepted) == "Codat accepted it and is working"
        assert wording.outlook(accepted) == ""
        return
    not_found = "Codat accepted it, but we do not find it in Codat's list"
    assert wording.sentence(accepted, "Usually 1 min for this merchant") == not_found
    decided = "If that is still so at 09:42, a lead decides. You need not do anything."
    assert wording.outlook(accepted) == decided


def test_what_codat_accepted_is_not_said_to_have_perhaps_never_run(as_viewer: Client) -> None:
    request = make_request(make_merchant(), state=State.NEEDS_REVIEW, commerce_sync_id=str(uuid.uuid4()))
    words = "Codat accepted this, but we cannot tell what became of it."
    assert wording.sentence(request).startswith(words)
    page = as_viewer.get(f"/merchants/{request.merchant.company_id}/").content.decode()
    assert words in page
    assert "whether Codat ran this" not in page


@pytest.mark.parametrize("waiting_for", ["", "A sync runs at Codat."])
def test_no_look_is_promised_while_sending_is_frozen(waiting_for: str) -> None:
    held = request(waiting_for=waiting_for)
    held.sending_frozen = True
    frozen = "Waiting: Sending is frozen. It goes on by itself when sending is resumed."
    assert wording.sentence(held) == frozen
    assert wording.outlook(held) == (
        "You need not press again. After an hour of waiting it is cancelled, frozen or not."
    )


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [
        (89, "One try, then we wait for the answer"),
        (
            90,
            "The answer is overdue. It is not sent again meanwhile; at 08:55 we begin to look at Codat.",
        ),
        (
            301,
            "The answer is overdue. It is not sent again meanwhile; in a moment we begin to look at Codat.",
        ),
    ],
)
def test_an_answer_that_does_not_come_is_said_to_be_overdue(seconds: int, sentence: str) -> None:
    sending = request(state="sending", state_since=NOW - timedelta(seconds=seconds))
    assert wording.sentence(sending) == sentence


def test_what_waits_is_said_to_be_sent_by_itself_and_not_for_ever() -> None:
    assert wording.outlook(request()) == ""
    assert wording.outlook(request(waiting_for="A sync runs at Codat.")) == (
        "It is sent by itself when that is over; you need not press again. "
        "After an hour of waiting it is cancelled; pauses of all calls to Codat do not count."
    )
    # Of many that were asked for at once the last ones may wait for longer.
    bulk = request(waiting_for="A sync runs at Codat.", bulk=uuid.uuid4())
    assert "hour" not in wording.outlook(bulk)


@pytest.mark.parametrize(("minutes", "by"), [(1, " by about 09:21"), (31, "")])
def test_the_uncertain_are_told_when_a_lead_decides(minutes: int, by: str) -> None:
    uncertain = request(state="uncertain")
    uncertain.sent_at = NOW - timedelta(minutes=minutes)
    assert wording.outlook(uncertain) == (
        f"Next look 08:55. If we cannot tell{by} whether it ran, a lead decides. You need not do anything."
    )


@pytest.mark.parametrize(
    ("columns", "minutes"),
    [
        ({}, 3),
        ({"not_before": NOW}, None),
        ({"state": "sending"}, 1.5),
        ({"state": "sending", "state_since": NOW - timedelta(minutes=2)}, 3),
        ({"state": "accepted"}, None),
    ],
)
def test_what_is_told_of_a_coming_moment_is_true_until_then(
    columns: dict[str, object], minutes: float | None
) -> None:
    until = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert wording.true_until(request(**columns)) == until


def test_no_state_is_left_without_words() -> None:
    for state in set(State) - {State.SUCCEEDED, State.SUCCEEDED_EMPTY, State.FAILED}:
        assert wording.sentence(request(state=state)), state


def test_moments_are_the_readers() -> None:
    with timezone.override("Asia/Tokyo"):
        assert wording.sentence(request(waiting_for="Frozen.")) == "Waiting: Frozen. Next look 17:55"


def ran_for(merchant: Merchant, *seconds: int) -> None:
    for length in seconds:
        ended = make_request(merchant, state=State.SUCCEEDED, finished_at=NOW)
        make_attempt(ended, outcome="accepted", started_at=NOW - timedelta(seconds=length))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lengths", "usual"),
    [
        ((61, 130, 240), "Usually 2 – 4 min for this merchant"),
        ((20, 30, 59), "Usually 1 min for this merchant"),
        ((61, 130), None),
    ],
)
def test_what_is_usual_comes_from_the_merchants_own_past(lengths: tuple[int, ...], usual: str | None) -> None:
    merchant = make_merchant()
    ran_for(merchant, *lengths)
    ran_for(make_merchant(), 3000, 3000, 3000)
    waiting = make_request(merchant, state=State.ACCEPTED)
    assert wording.usual_lengths([waiting]).get(merchant.pk) == usual


@pytest.mark.django_db
def test_the_page_does_not_say_that_codat_was_silent_where_its_answer_was_no_use(as_viewer: Client) -> None:
    merchant = make_merchant()
    make_request(merchant, state=State.UNCERTAIN, waiting_for="Codat answered 502.")
    page = as_viewer.get(f"/merchants/{merchant.company_id}/").content.decode()
    told = "Codat answered 502. Your request is saved and will not run twice."
    assert f"We have no answer that we can trust.</b> {told}" in page
