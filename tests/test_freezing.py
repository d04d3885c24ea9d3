"""Stops to all sending: who makes one, what it holds back, and how it ends."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from syncs.clock import Clock
from syncs.codat.client import CodatClient
from syncs.models import Activity, Attempt, Freeze, Merchant, SyncRequest, User
from syncs.operations import freezing, reconciling, sending
from syncs.rules.states import State
from tests.codat.server import Server, hangs_up, says
from tests.factories import make_attempt, make_merchant, make_request
from tests.presses import asked, at_once, is_sent, stored
from tests.upstream import NONE_YET, STARTED, posts

NOW = timezone.now().replace(microsecond=0)
PERSON, SILENCE = Freeze.Cause.PERSON, Freeze.Cause.SILENCE


def frozen(cause: Freeze.Cause = PERSON, **more: Any) -> Freeze:
    freezing.freeze(cause, now=more.pop("now", timezone.now()), reason="Codat asked us to pause", **more)
    return Freeze.objects.standing().get(cause=cause)


def tried(outcome: str, ago: float, *, started_ago: float | None = None) -> Attempt:
    """One attempt that came to its end so many minutes ago."""
    ended = timezone.now() - timedelta(minutes=ago)
    started = timezone.now() - timedelta(minutes=ago if started_ago is None else started_ago)
    request = make_request(make_merchant(), state=State.UNCERTAIN)
    return make_attempt(request, outcome=outcome, started_at=started, finished_at=ended)


def unanswered(scripted: Server, told: CodatClient) -> SyncRequest:
    request = asked()
    scripted.answers(NONE_YET, hangs_up)
    sending.send(request.pk, told)
    return stored(request)


def entries() -> list[tuple[str, str, str, str]]:
    told = Activity.objects.filter(verb__startswith="sending.").order_by("pk")
    return list(told.values_list("what", "before", "after", "reason"))


pytestmark = pytest.mark.django_db


def test_while_sending_is_frozen_nothing_is_sent_and_the_request_says_so(
    scripted: Server, told: CodatClient
) -> None:
    frozen()
    request = asked()
    assert not is_sent(request, scripted, told)
    waiting = stored(request)
    assert (waiting.state, waiting.waiting_for) == (State.QUEUED, freezing.FROZEN)
    assert not scripted.requests


def test_a_freeze_that_comes_while_codat_is_looked_at_still_holds_the_request_back(
    scripted: Server, told: CodatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = told.confirm_send

    def reserve_and_freeze(company_id: str) -> None:
        looked(company_id)
        frozen()

    monkeypatch.setattr(told, "confirm_send", reserve_and_freeze)
    request = asked()
    assert not is_sent(request, scripted, told)
    assert (stored(request).state, stored(request).tries) == (State.QUEUED, 0)


def test_the_clock_hands_out_no_sends_while_sending_is_frozen() -> None:
    request = asked()
    now = timezone.now() + timedelta(seconds=1)
    assert reconciling.ready_to_send(now) == [request.pk]
    frozen()
    assert reconciling.ready_to_send(now) == []
    freezing.resume(now=now, reason="")
    assert reconciling.ready_to_send(now) == [request.pk]


def test_a_lead_freezes_and_resumes_and_both_are_on_record(lead: User) -> None:
    assert freezing.freeze(PERSON, now=NOW, by=lead, reason="Codat asked us to pause")
    assert not freezing.freeze(PERSON, now=NOW, by=lead, reason="again")
    assert freezing.resume(now=NOW, by=lead, reason="They are done")
    assert not freezing.resume(now=NOW, by=lead, reason="again")
    assert entries() == [
        ("Froze sending", "on", "frozen", "Codat asked us to pause"),
        ("Resumed sending", "frozen", "on", "They are done"),
    ]
    assert set(Activity.objects.values_list("actor", flat=True)) == {lead.pk}


@pytest.mark.django_db(transaction=True)
def test_eight_who_freeze_at_once_make_one_freeze() -> None:
    made = at_once(*[lambda: freezing.freeze(PERSON, now=NOW, reason="now")] * 8)
    assert sorted(made) == [False] * 7 + [True]
    assert len(entries()) == 1


def test_three_requests_in_a_row_without_an_answer_freeze_sending(
    scripted: Server, told: CodatClient
) -> None:
    for _ in range(2):
        assert unanswered(scripted, told).state == State.UNCERTAIN
        assert not freezing.is_frozen()
    assert unanswered(scripted, told).state == State.UNCERTAIN
    [stop] = freezing.standing()
    assert (stop.cause, stop.by, stop.pause) == (SILENCE, None, timedelta(0))
    assert entries() == [
        ("Froze sending", "on", "frozen", "Three requests in a row got no answer that we can trust")
    ]
    assert unanswered(scripted, told).state == State.QUEUED


@pytest.mark.parametrize(
    ("outcomes", "stops"),
    [
        (["uncertain", "uncertain"], False),
        (["uncertain", "uncertain", "uncertain"], True),
        (["uncertain", "accepted", "uncertain", "uncertain"], False),
        (["accepted", "uncertain", "uncertain", "uncertain"], True),
        (["uncertain", "refused", "uncertain", "uncertain"], False),
        (["uncertain", "later", "uncertain", "not_sent", "uncertain"], True),
        (["uncertain", "uncertain", "uncertain", "accepted"], False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_only_what_codat_answered_breaks_the_row(outcomes: list[str], stops: bool) -> None:
    attempts = [tried(outcome, ago=10 - n) for n, outcome in enumerate(outcomes)]
    freezing.stop_after_silence(attempts[-1], timezone.now())
    assert freezing.is_frozen() == stops


def test_senders_that_were_lost_count_as_well() -> None:
    now = timezone.now()
    for _ in range(3):
        request = make_request(make_merchant(), state=State.SENDING, state_since=now - timedelta(minutes=6))
        make_attempt(request, started_at=now - timedelta(minutes=6))
    reconciling.give_up_on_lost_senders(now)
    assert [stop.cause for stop in freezing.standing()] == [SILENCE]


def test_it_ends_by_itself_when_a_refresh_has_brought_an_answer() -> None:
    merchant = make_merchant(refreshed_at=NOW - timedelta(minutes=1))
    frozen(SILENCE, now=NOW)
    Clock().tick(NOW + timedelta(seconds=5))
    assert freezing.is_frozen()
    Merchant.objects.filter(pk=merchant.pk).update(refreshed_at=NOW + timedelta(seconds=6))
    Clock().tick(NOW + timedelta(seconds=7))
    assert not freezing.is_frozen()
    assert entries()[-1][0] == "Resumed sending"


@pytest.mark.parametrize("cause", [PERSON, Freeze.Cause.RESTORE])
def test_what_a_person_froze_only_a_person_resumes(cause: Freeze.Cause) -> None:
    frozen(cause, now=NOW)
    frozen(SILENCE, now=NOW)
    make_merchant(refreshed_at=NOW + timedelta(minutes=1))
    freezing.resume_when_answered(NOW + timedelta(minutes=2))
    assert [stop.cause for stop in freezing.standing()] == [cause]
    assert entries()[-1][2] == "frozen"


def on_trial(since: float = 10, ended: float = 5, pause: timedelta = timedelta(0)) -> Freeze:
    """Sending stopped by itself, and went on by itself; minutes ago."""
    now = timezone.now()
    return Freeze.objects.create(
        cause=SILENCE,
        since=now - timedelta(minutes=since),
        ended_at=now - timedelta(minutes=ended),
        ended_by_itself=True,
        reason="Three requests in a row got no answer that we can trust",
        pause=pause,
    )


def test_on_trial_requests_go_one_at_a_time(scripted: Server, told: CodatClient) -> None:
    on_trial()
    under_way = make_request(make_merchant(), state=State.SENDING)
    make_attempt(under_way)
    request = asked()
    assert not is_sent(request, scripted, told)
    assert stored(request).waiting_for == freezing.ONE_AT_A_TIME
    make_attempt(
        make_request(make_merchant(), state=State.ACCEPTED), outcome="accepted", finished_at=timezone.now()
    )
    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        assert is_sent(request, scripted, told)


@pytest.mark.slow
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_senders_on_trial_never_claim_at_the_same_moment() -> None:
    for _ in range(20):
        on_trial()
        requests = [asked() for _ in range(4)]
        claims = at_once(*[lambda request=request: sending._claim(request, []) for request in requests])  # type: ignore[misc]
        assert sum(claim is not None for claim in claims) == 1, claims
        SyncRequest.objects.filter(state=State.SENDING).update(state=State.UNCERTAIN)


@pytest.mark.parametrize(("pause", "longer"), [(0, 1), (1, 2), (8, 16), (40, 60), (60, 60)])
def test_a_trial_that_gets_no_answer_stops_sending_for_longer(
    scripted: Server, told: CodatClient, pause: int, longer: int
) -> None:
    on_trial(pause=timedelta(minutes=pause))
    assert unanswered(scripted, told).state == State.UNCERTAIN
    [stop] = freezing.standing()
    assert stop.pause == timedelta(minutes=longer)
    make_merchant(refreshed_at=stop.since + timedelta(seconds=1))
    freezing.resume_when_answered(stop.since + timedelta(seconds=30))
    assert freezing.is_frozen()
    Merchant.objects.update(refreshed_at=stop.ends_from + timedelta(seconds=1))
    freezing.resume_when_answered(stop.ends_from + timedelta(seconds=2))
    assert not freezing.is_frozen()


def test_what_was_under_way_when_sending_stopped_is_no_trial() -> None:
    on_trial(since=10, ended=5)
    freezing.stop_after_silence(tried("uncertain", ago=1, started_ago=11), timezone.now())
    assert not freezing.is_frozen()


def test_one_answer_ends_the_trial(scripted: Server, told: CodatClient) -> None:
    on_trial()
    assert is_sent(asked(), scripted, told)
    for _ in range(2):
        assert unanswered(scripted, told).state == State.UNCERTAIN
        assert not freezing.is_frozen()


def test_when_a_person_resumes_the_row_is_counted_anew_and_there_is_no_trial(
    scripted: Server, told: CodatClient, lead: User
) -> None:
    for _ in range(3):
        unanswered(scripted, told)
    freezing.resume(now=timezone.now(), by=lead, reason="Codat says that it is over")
    make_attempt(make_request(make_merchant(), state=State.SENDING))
    for _ in range(2):
        assert unanswered(scripted, told).state == State.UNCERTAIN
        assert not freezing.is_frozen()
    unanswered(scripted, told)
    assert freezing.is_frozen()


def test_no_replay_goes_out_while_sending_is_frozen(
    scripted: Server, told: CodatClient, settings: Any
) -> None:
    settings.CODAT_IDEMPOTENCY_VERIFIED = True
    request = unanswered(scripted, told)
    sent = len(posts(scripted))
    frozen()
    later = timezone.now() + timedelta(minutes=2)
    with time_machine.travel(later):
        reconciling.look(request.pk, told)
    waiting = stored(request)
    assert (len(posts(scripted)), waiting.state, waiting.looks) == (sent, State.UNCERTAIN, 0)
    assert waiting.not_before > later
    freezing.resume(now=later, reason="")
    scripted.answers(says(200, STARTED))
    with time_machine.travel(later + timedelta(minutes=1)):
        reconciling.look(request.pk, told)
    assert stored(request).state == State.ACCEPTED
