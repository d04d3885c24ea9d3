"""A lead's verdict: the request takes a sync, or ends as never run. Nothing is sent, nothing is taken twice."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from syncs.models import Activity, Attempt, Merchant, SyncRequest, User
from syncs.operations import reviewing
from syncs.operations.asking import NotPossible
from syncs.operations.evidence import evidence_of
from syncs.rules.states import State
from tests.factories import make_attempt, make_merchant, make_request, make_sync

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent() -> datetime:
    return timezone.now() - timedelta(minutes=40)


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant(name="Cobalt Coffee")


@pytest.fixture
def stuck(merchant: Merchant, sent: datetime) -> SyncRequest:
    """A request that Codat did not answer, with one sync listed just before it."""
    old = make_sync(merchant, 5000, sent - timedelta(hours=5), sync_id="old")
    request = make_request(merchant, state=State.NEEDS_REVIEW, asked_at=sent, waiting_for="No answer.")
    make_attempt(request, started_at=sent, outcome="uncertain", listed_before=[old.sync_id])
    return request


def decide_ran(request: SyncRequest, sync, by: User, reason: str = "2 s after ours") -> bool:
    return reviewing.decide_ran(request, sync, by=by, reason=reason, now=timezone.now())


def decide_not_run(request: SyncRequest, by: User, reason: str = "Nothing in the books") -> bool:
    return reviewing.decide_not_run(request, by=by, reason=reason, now=timezone.now())


def test_candidates_are_what_codat_did_not_list_before(merchant, stuck, sent) -> None:
    make_sync(merchant, 2000, sent - timedelta(days=3))
    late_news = make_sync(merchant, 2000, sent - timedelta(hours=5), first_seen=sent + timedelta(minutes=1))
    newer = make_sync(merchant, 2040, sent + timedelta(minutes=22))
    new = make_sync(merchant, 2000, sent + timedelta(seconds=2))
    make_sync(make_merchant(), 2000, sent + timedelta(seconds=2))
    assert evidence_of([stuck])[0].candidates == [late_news, new, newer]


def test_a_final_sync_ends_the_request_at_once(merchant, stuck, sent, lead) -> None:
    sync = make_sync(merchant, 2000, sent + timedelta(seconds=2))
    assert decide_ran(stuck, sync, lead)
    assert (stuck.state, stuck.sync, stuck.result) == ("succeeded", sync, "Finished: synced 1 day")
    assert stuck.finished_at


def test_a_failed_sync_ends_it_as_failed(merchant, stuck, sent, lead) -> None:
    decide_ran(stuck, make_sync(merchant, 5130, sent + timedelta(seconds=2), "Account 090"), lead)
    assert (stuck.state, stuck.result) == ("failed", "Failed with “Could not write data” (5130)")


def test_a_running_sync_is_followed_further(merchant, stuck, sent, lead) -> None:
    sync = make_sync(merchant, 1000, sent + timedelta(seconds=2))
    assert decide_ran(stuck, sync, lead)
    assert (stuck.state, stuck.sync, stuck.waiting_for) == ("accepted", sync, "")
    merchant.refresh_from_db()
    assert merchant.next_refresh_at <= timezone.now()


def test_the_verdict_stands_in_the_log_with_name_and_reason(merchant, stuck, sent, lead) -> None:
    decide_ran(stuck, make_sync(merchant, 2000, sent + timedelta(seconds=2), sync_id="abc"), lead)
    verdict = Activity.objects.get(verb="request.accepted")
    assert (verdict.what, verdict.actor, verdict.reason) == (
        "Decided a review: it ran, sync abc",
        lead,
        "2 s after ours",
    )
    assert (verdict.before, verdict.after) == ("Needs review", "Codat is working")


def test_the_days_it_covered_count_as_synced_from_then_on(merchant, stuck, sent, lead) -> None:
    sync = make_sync(merchant, 2000, sent + timedelta(seconds=2))
    decide_ran(stuck, sync, lead)
    sync.refresh_from_db()
    assert (sync.initiator, sync.window_known) == ("ours", "requested")
    assert (sync.window_start, sync.window_finish) == (stuck.window_start, stuck.window_finish)
    assert merchant.days.get(day=stuck.first_day).covered_by == sync


def test_nothing_ran_ends_it_as_never_run(stuck, lead) -> None:
    assert decide_not_run(stuck, lead)
    assert (stuck.state, stuck.sync, stuck.waiting_for) == ("not_run", None, "")
    assert stuck.result == "This never ran, Mei Tanaka decided: Nothing in the books"
    verdict = Activity.objects.get(verb="request.not_run")
    assert (verdict.actor, verdict.reason, verdict.after) == (lead, "Nothing in the books", "Never ran")


def test_the_attempt_keeps_what_it_told(stuck, lead) -> None:
    decide_not_run(stuck, lead)
    assert stuck.attempts.get().outcome == Attempt.Outcome.UNCERTAIN


def test_a_new_request_is_possible_afterwards(merchant, stuck, lead) -> None:
    decide_not_run(stuck, lead)
    assert make_request(merchant).is_active


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_is_saved(merchant, stuck, sent, lead, reason: str) -> None:
    sync = make_sync(merchant, 2000, sent + timedelta(seconds=2))
    for verdict in (
        lambda: decide_ran(stuck, sync, lead, reason),
        lambda: decide_not_run(stuck, lead, reason),
    ):
        with pytest.raises(NotPossible, match="Say why") as refusal:
            verdict()
        assert refusal.value.field == "reason"
    assert SyncRequest.objects.get(pk=stuck.pk).state == "needs_review"


def test_a_sync_of_another_merchant_is_refused(stuck, sent, lead) -> None:
    foreign = make_sync(make_merchant(), 2000, sent + timedelta(seconds=2))
    with pytest.raises(NotPossible, match="another merchant"):
        decide_ran(stuck, foreign, lead)


def test_a_sync_of_another_request_is_refused(merchant, stuck, sent, lead) -> None:
    taken = make_sync(merchant, 2000, sent + timedelta(seconds=2))
    make_request(merchant, state=State.SUCCEEDED, sync=taken)
    with pytest.raises(NotPossible, match="another request"):
        decide_ran(stuck, taken, lead)


def test_a_sync_listed_before_it_was_sent_is_refused(merchant, stuck, lead) -> None:
    with pytest.raises(NotPossible, match="before this request was sent"):
        decide_ran(stuck, merchant.syncs.get(sync_id="old"), lead)


def test_a_sync_that_codat_calls_another_one_is_refused(merchant, stuck, sent, lead) -> None:
    other = make_sync(merchant, 2000, sent + timedelta(seconds=2), commerce_sync_id="somebody-elses")
    SyncRequest.objects.filter(pk=stuck.pk).update(commerce_sync_id="ours")
    request = SyncRequest.objects.get(pk=stuck.pk)
    [evidence] = evidence_of([request])
    assert (evidence.candidates, evidence.others) == ([], [other])
    with pytest.raises(NotPossible, match="Codat gave this request the ID ours") as refusal:
        decide_ran(request, other, lead)
    assert refusal.value.field == "sync"
    assert SyncRequest.objects.get(pk=stuck.pk).state == "needs_review"


@pytest.mark.parametrize(
    "ids",
    [
        {"sync_id": "listed", "commerce_sync_id": "ours"},
        {"sync_id": "ours", "commerce_sync_id": "named-otherwise"},
        {"sync_id": "listed", "commerce_sync_id": ""},
    ],
    ids=["named by its other id", "where both ids are one", "whose other id is not known"],
)
def test_one_that_codat_does_not_call_another_may_be_picked(merchant, stuck, sent, lead, ids) -> None:
    sync = make_sync(merchant, 2000, sent + timedelta(seconds=2), **ids)
    SyncRequest.objects.filter(pk=stuck.pk).update(commerce_sync_id="ours")
    assert decide_ran(SyncRequest.objects.get(pk=stuck.pk), sync, lead)


def test_two_leads_who_give_one_sync_to_two_requests_are_told_apart_by_the_database(
    merchant, stuck, sent, lead
) -> None:
    taken = make_sync(merchant, 2000, sent + timedelta(seconds=2))
    # As if the other lead's verdict were committed between our check and our write.
    with patch.object(reviewing, "_refuse_if_not_a_candidate"):
        make_request(merchant, state=State.SUCCEEDED, sync=taken)
        with pytest.raises(NotPossible, match="another request"):
            decide_ran(stuck, taken, lead)
    assert SyncRequest.objects.get(pk=stuck.pk).state == "needs_review"
    assert not Activity.objects.filter(verb="request.accepted").exists()


def test_a_second_verdict_changes_nothing(merchant, stuck, sent, lead) -> None:
    sync = make_sync(merchant, 2000, sent + timedelta(seconds=2))
    seen_before = SyncRequest.objects.get(pk=stuck.pk)
    assert decide_not_run(stuck, lead)
    assert not decide_ran(seen_before, sync, lead)
    assert not decide_not_run(SyncRequest.objects.get(pk=stuck.pk), lead)
    assert SyncRequest.objects.get(pk=stuck.pk).state == "not_run"
    assert Activity.objects.filter(what__startswith="Decided").count() == 1


@pytest.mark.parametrize("state", [state for state in State if state != State.NEEDS_REVIEW])
def test_only_what_needs_review_is_decided(lead, state: State) -> None:
    request = make_request(make_merchant(), state=state)
    assert not decide_not_run(request, lead)
    assert SyncRequest.objects.get(pk=request.pk).state == state


def test_a_request_that_had_an_id_can_keep_its_own_sync(lead, sent) -> None:
    merchant = make_merchant()
    sync = make_sync(merchant, 1010, sent + timedelta(seconds=2))
    request = make_request(merchant, state=State.NEEDS_REVIEW, asked_at=sent, sync=sync)
    make_attempt(request, started_at=sent, outcome="accepted")
    assert decide_ran(request, sync, lead)
    assert request.state == "accepted"


@pytest.mark.parametrize(
    ("code", "words"), [(1000, "is running it"), (1010, "is running it"), (2000, "ran it")]
)
def test_nothing_ran_is_refused_while_its_own_sync_says_otherwise(lead, sent, code: int, words: str) -> None:
    merchant = make_merchant()
    request = make_request(merchant, state=State.NEEDS_REVIEW, asked_at=sent)
    seen_before = SyncRequest.objects.get(pk=request.pk)
    # A refresh ties them while the lead reads the page.
    sync = make_sync(merchant, code, sent + timedelta(seconds=2), sync_id="abc")
    SyncRequest.objects.filter(pk=request.pk).update(sync=sync)
    with pytest.raises(NotPossible, match=f"Codat {words}: sync abc") as refusal:
        decide_not_run(seen_before, lead)
    assert refusal.value.field == "verdict"
    assert SyncRequest.objects.get(pk=request.pk).state == "needs_review"


def test_a_sync_that_was_lost_at_codat_blocks_nobody_for_ever(lead) -> None:
    merchant, long_ago = make_merchant(), timezone.now() - timedelta(hours=25)
    lost = make_sync(merchant, 1010, long_ago)
    request = make_request(merchant, state=State.NEEDS_REVIEW, asked_at=long_ago, sync=lost)
    assert decide_not_run(request, lead)
