"""What was spared because it might have been ours is judged with what settles the request, not with the next sync."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.codat.errors import Later, Refused
from syncs.models import AlertEvent, Attempt, Merchant, Sync, SyncRequest, User
from syncs.operations import answers, asking, rebuilding, reviewing
from syncs.rules.states import State
from tests.alerting import make_rule
from tests.codat.server import Server
from tests.factories import make_attempt, make_merchant, make_request
from tests.looks import NOW, looked, never_seen, row

pytestmark = pytest.mark.django_db
SENT = NOW - timedelta(seconds=20)
NIGHT = row("night", 2000, "2026-11-20T03:00:00Z")
STOPPED = row("stopped", 5080, f"{SENT:%Y-%m-%dT%H:%M:%SZ}", errorMessage="Date overlaps.", dataPushed=False)
DAY = {"first_day": date(2026, 11, 3), "last_day": date(2026, 11, 3)}


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def merchant(scripted: Server, told: CodatClient) -> Merchant:
    """It is well, and a look has brought a sync that may be that of a request without an answer."""
    make_rule("failing")
    merchant = never_seen(time_zone="Europe/London", sync_hour=2, start_date=date(2026, 11, 1))
    looked(merchant, scripted, told, NIGHT)
    return merchant


def sent(merchant: Merchant, state: State = State.SENDING, outcome: str = "open", **columns: Any) -> Attempt:
    told = {"asked_at": SENT, "state_since": SENT, "tries": 1} | DAY | columns
    request = make_request(merchant, state=state, **told)
    return make_attempt(request, started_at=SENT, outcome=outcome, listed_before=["night"])


@pytest.fixture
def spared(scripted: Server, told: CodatClient, merchant: Merchant) -> Attempt:
    attempt = sent(merchant)
    assert looked(merchant, scripted, told, STOPPED, NIGHT).health == "healthy"
    return attempt


def is_said_of(merchant: Merchant) -> bool:
    """With its alert, and so that a page that is open is told; or none of it."""
    now = Merchant.objects.get(pk=merchant.pk)
    assert not rebuilding.rebuild(merchant.pk, timezone.now(), check=True)
    is_said = (now.health, now.last_code) == ("failing", 5080)
    assert AlertEvent.objects.exists() == is_said
    return is_said


def test_a_refusal_has_it_said(spared: Attempt) -> None:
    merchant = spared.request.merchant
    version = Merchant.objects.get(pk=merchant.pk).version
    answers.refused(spared.request, spared, Refused("No.", http_status=400))
    assert is_said_of(merchant)
    assert Merchant.objects.get(pk=merchant.pk).version > version


def test_so_does_a_request_to_wait_though_it_goes_on_and_a_person_cancels_it_later(
    spared: Attempt, support: User
) -> None:
    answers.not_sent(spared.request, spared, Later("Slow down.", http_status=429))
    assert is_said_of(spared.request.merchant)
    assert asking.cancel(spared.request, by=support, now=timezone.now())
    assert is_said_of(spared.request.merchant)


def test_so_does_the_last_try_that_comes_to_nothing(spared: Attempt) -> None:
    spared.request.tries = answers.MAX_TRIES
    answers.not_sent(spared.request, spared, Later("Slow down.", http_status=429))
    assert spared.request.state == State.NOT_RUN
    assert is_said_of(spared.request.merchant)


def test_an_answer_that_proves_nothing_leaves_it_unsaid(spared: Attempt) -> None:
    answers.uncertain(spared.request, spared, "Silence.")
    assert not is_said_of(spared.request.merchant)


def test_a_refusal_that_comes_after_the_request_was_given_up_has_it_said_too(spared: Attempt) -> None:
    SyncRequest.objects.update(state=State.UNCERTAIN)
    answers.refused(spared.request, spared, Refused("No.", http_status=400))
    assert SyncRequest.objects.get().state == State.UNCERTAIN
    assert is_said_of(spared.request.merchant)


def test_a_look_that_finds_the_request_another_sync_has_it_said(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    sent(merchant, State.ACCEPTED, "accepted", commerce_sync_id="upstream")
    looked(merchant, scripted, told, STOPPED, NIGHT)
    assert not is_said_of(merchant)
    ours = row("ours", 1000, STOPPED["syncUtc"], commerceSyncId="upstream")
    looked(merchant, scripted, told, ours, STOPPED, NIGHT)
    assert SyncRequest.objects.get().sync == Sync.objects.get(sync_id="ours")
    assert is_said_of(merchant)


def test_a_lead_who_gives_the_request_another_sync_has_it_said(
    scripted: Server, told: CodatClient, merchant: Merchant, lead: User
) -> None:
    attempt = sent(merchant, State.NEEDS_REVIEW, "uncertain", waiting_for="No answer.")
    begun_before = f"{SENT - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    looked(merchant, scripted, told, STOPPED, row("ours", 2000, begun_before), NIGHT)
    assert not is_said_of(merchant)
    ours = Sync.objects.get(sync_id="ours")
    assert reviewing.decide_ran(attempt.request, ours, by=lead, reason="1 s before", now=timezone.now())
    assert is_said_of(merchant)


def test_days_that_were_kept_open_are_covered(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    attempt = sent(merchant)
    good = row("good", 2000, STOPPED["syncUtc"])
    assert looked(merchant, scripted, told, good, NIGHT).last_days.endswith("wg")
    answers.refused(attempt.request, attempt, Refused("No.", http_status=400))
    assert Merchant.objects.get(pk=merchant.pk).last_days.endswith("ww")
    assert Sync.objects.get(sync_id="good").initiator == Sync.Initiator.SCHEDULE
    assert not rebuilding.rebuild(merchant.pk, timezone.now(), check=True)


def test_where_nothing_was_spared_nothing_is_judged(merchant: Merchant) -> None:
    """Codat asks thousands of a bulk to wait at once."""
    before = Merchant.objects.values().get(pk=merchant.pk)
    attempt = sent(merchant)
    with CaptureQueriesContext(connection) as queries:
        answers.not_sent(attempt.request, attempt, Later("Slow down.", http_status=429))
    assert not [query for query in queries if "merchantday" in query["sql"]]
    after = Merchant.objects.values().get(pk=merchant.pk)
    assert {name for name in before if before[name] != after[name]} == {"version"}


def test_of_another_merchant_nothing_is_judged(spared: Attempt) -> None:
    other = sent(make_merchant())
    answers.refused(other.request, other, Refused("No.", http_status=400))
    assert not is_said_of(spared.request.merchant)
