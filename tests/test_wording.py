from datetime import UTC, date, datetime, timedelta

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
        **{"kind": "latest", "state": "queued", "not_before": NOW + timedelta(minutes=3)} | columns
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
    told = "Codat answered 502. Your request is saved and will not be sent twice."
    assert f"We have no answer that we can trust.</b> {told}" in page
