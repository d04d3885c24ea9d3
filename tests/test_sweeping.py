"""What the clock sweeps: senders that were lost, accepted requests that are overdue, rows that are ready."""

import threading
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.db.models import F
from django.test import Client
from django.utils import timezone

from syncs.models import SyncRequest
from syncs.operations import answers, reconciling, waiting
from syncs.rules.states import State
from tests.factories import make_attempt, make_merchant, make_request, make_sync
from tests.presses import attempt_of, last_entry, outcomes, stored, verbs

NOW = timezone.now().replace(microsecond=0)


def lost(seconds: int) -> SyncRequest:
    request = make_request(make_merchant(), state=State.SENDING, state_since=NOW - timedelta(seconds=seconds))
    make_attempt(request)
    return request


def test_a_sender_that_was_lost_leaves_an_uncertain_request(db: None) -> None:
    request, young = lost(301), lost(299)
    reconciling.give_up_on_lost_senders(NOW)
    reconciling.give_up_on_lost_senders(NOW)
    assert (stored(request).state, stored(request).not_before) == (State.UNCERTAIN, NOW)
    assert attempt_of(request).outcome == "uncertain"
    assert verbs(request) == ["request.asked", "request.uncertain"]
    assert (stored(young).state, outcomes(young)) == (State.SENDING, ["open"])


def test_one_that_was_claimed_anew_meanwhile_is_not_lost(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    request, told = lost(301), waiting.not_again

    def claimed_anew() -> str:
        SyncRequest.objects.filter(pk=request.pk).update(version=F("version") + 2, state_since=NOW)
        return told()

    monkeypatch.setattr(waiting, "not_again", claimed_anew)
    reconciling.give_up_on_lost_senders(NOW)
    assert (stored(request).state, outcomes(request)) == (State.SENDING, ["open"])


def test_what_was_lost_on_our_side_is_not_blamed_on_codat(as_viewer: Client) -> None:
    request = lost(301)
    reconciling.give_up_on_lost_senders(NOW)
    sentence = "Sync Desk was interrupted while it sent this. It may have been sent."
    assert last_entry(request) == f"{sentence} Not sent again."
    assert stored(request).waiting_for == attempt_of(request).problem == sentence
    merchant, case = f"/merchants/{request.merchant.company_id}/", f"/requests/{request.pk}/"
    assert f"{sentence} Your request is saved" in as_viewer.get(merchant).text
    assert f"{sentence} Not sent again." in as_viewer.get(case).text
    for path in (merchant, case, "/requests/"):
        assert "Codat gave no answer" not in as_viewer.get(path).text


@pytest.mark.django_db(transaction=True)
def test_a_sweep_and_the_answer_that_comes_meanwhile_lock_in_one_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = lost(301)
    broke: list[Exception] = []
    sweeping, move = threading.Thread(target=sweep, args=(broke,)), answers.move

    def move_while_swept(*args: Any, **changes: Any) -> bool:
        sweeping.start()
        time.sleep(0.3)
        return move(*args, **changes)

    monkeypatch.setattr(answers, "move", move_while_swept)
    answers.uncertain(stored(request), attempt_of(request), "Silence.")
    sweeping.join(30)
    assert broke == []
    assert (stored(request).state, outcomes(request)) == (State.UNCERTAIN, ["uncertain"])
    assert verbs(request) == ["request.asked", "request.uncertain"]


def sweep(broke: list[Exception]) -> None:
    try:
        reconciling.give_up_on_lost_senders(NOW)
    except Exception as error:
        broke.append(error)
    finally:
        connections.close_all()


def accepted(ago: timedelta, looked: timedelta | None, **columns: Any) -> SyncRequest:
    merchant = make_merchant(refreshed_at=None if looked is None else NOW - looked)
    return make_request(merchant, state=State.ACCEPTED, state_since=NOW - ago, **columns)


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("ago", "looked", "overdue"),
    [
        (59 * MINUTE, 0 * MINUTE, False),
        (61 * MINUTE, 0 * MINUTE, True),
        # Nobody could ask since: that is not the same as not found.
        (3 * HOUR, 2 * HOUR + MINUTE, False),
        (3 * HOUR, None, False),
        (24 * HOUR + MINUTE, None, True),
    ],
)
def test_an_id_that_is_not_to_be_found_goes_before_a_person(
    db: None, ago: timedelta, looked: timedelta | None, overdue: bool
) -> None:
    request = accepted(ago, looked)
    reconciling.put_overdue_before_a_person(NOW)
    assert stored(request).state == (State.NEEDS_REVIEW if overdue else State.ACCEPTED)


@pytest.mark.parametrize(("hours", "overdue"), [(23, False), (25, True)])
def test_a_sync_without_an_end_goes_before_a_person_after_a_day(db: None, hours: int, overdue: bool) -> None:
    request = accepted(hours * HOUR, 0 * MINUTE)
    request.sync = make_sync(request.merchant, 1010, NOW - hours * HOUR)
    request.save()
    reconciling.put_overdue_before_a_person(NOW)
    reconciling.put_overdue_before_a_person(NOW)
    assert stored(request).state == (State.NEEDS_REVIEW if overdue else State.ACCEPTED)
    assert verbs(request).count("request.needs_review") == overdue


def test_single_presses_go_first_and_nothing_before_its_time(db: None) -> None:
    bulk = make_request(make_merchant(), bulk=uuid4(), priority=-1, not_before=NOW - HOUR)
    old = make_request(make_merchant(), not_before=NOW - MINUTE)
    new = make_request(make_merchant(), not_before=NOW)
    make_request(make_merchant(), not_before=NOW + MINUTE)
    make_request(make_merchant(), state=State.SENDING, not_before=NOW - HOUR)
    assert reconciling.ready_to_send(NOW) == [old.pk, new.pk, bulk.pk]


def test_of_bulks_only_so_many_are_under_way_at_once(db: None) -> None:
    """Those that are sent just now are among them, whichever clock told of them; a press waits for none."""
    bulk = [make_request(make_merchant(), bulk=uuid4(), priority=-1, not_before=NOW) for _ in range(4)]
    SyncRequest.objects.filter(pk=bulk[0].pk).update(state=State.SENDING)
    press = make_request(make_merchant(), not_before=NOW)
    assert reconciling.ready_to_send(NOW, of_bulks=3) == [press.pk, bulk[1].pk, bulk[2].pk]
    assert reconciling.ready_to_send(NOW, of_bulks=1) == [press.pk]
