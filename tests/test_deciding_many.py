"""A lead's verdicts on many requests in one go: each stands or falls by itself, and each is decided once."""

from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.utils import timezone

from syncs.models import Activity, SyncRequest, User
from syncs.operations import reviewing
from syncs.operations.asking import NotPossible
from syncs.operations.reviewing import Ending, Ruling, Verdict
from syncs.rules.states import State
from tests.cases import bare, evidence, new_sync, not_read_since, stuck, verdict
from tests.factories import make_request, make_sync, make_user
from tests.presses import at_once, outcomes, stored

pytestmark = pytest.mark.django_db


def decide(verdicts: list[Verdict], by: User, reason: str = "Codat incident") -> list[Ruling]:
    return reviewing.decide_many(verdicts, by=by, reason=reason, now=timezone.now())


def endings(rulings: list[Ruling]) -> list[Ending]:
    return [ruling.ending for ruling in rulings]


def test_each_gets_its_own_verdict_and_its_own_entry_with_the_reason(lead: User) -> None:
    ran, never = stuck(), stuck()
    sync = new_sync(ran)
    assert endings(decide([verdict(ran, sync), verdict(never)], lead)) == [Ending.SAVED, Ending.SAVED]
    assert (stored(ran).state, stored(ran).sync) == ("succeeded", sync)
    assert stored(never).state == "not_run"
    entries = Activity.objects.filter(actor=lead, what__startswith="Decided a review")
    assert {(entry.request_id, entry.reason) for entry in entries} == {
        (ran.pk, "Codat incident"),
        (never.pk, "Codat incident"),
    }
    assert outcomes(ran) == outcomes(never) == ["uncertain"]


def test_one_that_is_refused_holds_up_no_other(lead: User) -> None:
    before, refused, after = stuck(), stuck(), stuck()
    SyncRequest.objects.filter(pk=refused.pk).update(sync=new_sync(refused, 1000, sync_id="abc"))
    rulings = decide([verdict(before), verdict(refused), verdict(after)], lead)
    assert endings(rulings) == [Ending.SAVED, Ending.REFUSED, Ending.SAVED]
    assert rulings[1].why.startswith("Codat is running it: sync abc.")
    assert stored(refused).state == "needs_review"


def test_one_that_was_decided_meanwhile_keeps_its_first_verdict(lead: User) -> None:
    request = stuck()
    both = [verdict(request), verdict(request, new_sync(request))]
    assert endings(decide(both, lead)) == [Ending.REFUSED, Ending.SAVED]
    assert endings(decide(both, lead)) == [Ending.BEFORE, Ending.BEFORE]
    assert stored(request).state == "succeeded"


def test_nothing_ran_does_not_stand_on_what_the_lead_had_not_seen(lead: User) -> None:
    request, other = stuck(), stuck()
    looked_at = [verdict(request), verdict(other)]
    new_sync(request)
    rulings = decide(looked_at, lead)
    assert endings(rulings) == [Ending.REFUSED, Ending.SAVED]
    assert rulings[0].why == reviewing.LOOK_AGAIN
    assert endings(decide([verdict(request)], lead)) == [Ending.SAVED]


def test_a_sync_that_was_seen_in_a_look_and_is_read_now_is_nothing_new(lead: User) -> None:
    request = stuck()
    SyncRequest.objects.filter(pk=request.pk).update(candidates=[{"sync_id": "seen", "code": 1000}])
    looked_at = verdict(request)
    new_sync(request, sync_id="seen")
    assert verdict(request).seen == looked_at.seen


def test_a_candidate_of_another_merchant_is_refused(lead: User) -> None:
    request, other = stuck(), stuck()
    [ruling] = decide([verdict(request, new_sync(other))], lead)
    assert (ruling.ending, ruling.why) == (Ending.REFUSED, "That sync belongs to another merchant.")


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_nothing_is_saved(lead: User, reason: str) -> None:
    request = stuck()
    with pytest.raises(NotPossible, match="Say why"):
        decide([verdict(request)], lead, reason)
    assert stored(request).state == "needs_review"


def test_a_locked_database_refuses_that_one_and_says_so(lead: User) -> None:
    one, other = stuck(), stuck()
    verdicts = [verdict(one), verdict(other)]
    locked = OperationalError("database is locked")
    with patch.object(reviewing, "decide_not_run", side_effect=[locked, True]):
        rulings = decide(verdicts, lead)
    assert endings(rulings) == [Ending.REFUSED, Ending.SAVED]
    assert "The database is busy." in rulings[0].why


@pytest.mark.django_db(transaction=True)
def test_two_leads_at_once_decide_each_request_once_and_the_other_is_told(lead: User) -> None:
    rival = make_user("lead", "rival", first_name="Ada")
    requests = [stuck() for _ in range(5)]
    mine = [verdict(request) for request in requests]
    theirs = [verdict(request) for request in reversed(requests)]
    one, other = at_once(lambda: decide(mine, lead, "mine"), lambda: decide(theirs, rival, "theirs"))
    both = sorted([*one, *other], key=lambda ruling: ruling.request.pk)
    for request in requests:
        told = endings([ruling for ruling in both if ruling.request.pk == request.pk])
        assert sorted(told) == [Ending.BEFORE, Ending.SAVED]
        assert stored(request).state == "not_run"
        assert request.activity.filter(verb="request.not_run").count() == 1


class TestWhatSpeaksAgainstNothingRan:
    def test_where_a_list_read_since_shows_nothing_new_nothing_does(self) -> None:
        assert evidence(stuck()).against_nothing_ran == ""
        assert evidence(bare()).against_nothing_ran == ""

    def test_a_sync_that_is_read_or_only_seen(self) -> None:
        request = stuck()
        new_sync(request)
        SyncRequest.objects.filter(pk=request.pk).update(candidates=[{"sync_id": "unread"}])
        assert evidence(request).against_nothing_ran == "Codat lists 2 syncs that are new since."

    def test_that_codat_accepted_it(self) -> None:
        request = stuck()
        request.attempts.update(outcome="accepted")
        assert evidence(request).against_nothing_ran == "Codat accepted it."

    def test_that_nobody_has_read_the_list(self) -> None:
        request = stuck()
        not_read_since(request)
        assert "has not been read since" in evidence(request).against_nothing_ran

    def test_a_sync_that_belongs_to_an_earlier_request_does_not(self) -> None:
        request = stuck()
        earlier = new_sync(request)
        make_request(request.merchant, state=State.SUCCEEDED, sync=earlier)
        make_sync(stuck().merchant)
        assert evidence(request).against_nothing_ran == ""
