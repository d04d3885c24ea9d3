"""A request without an answer that we can trust, put before a person: its page, and what a lead says of it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from syncs.models import Merchant, SyncRequest, User
from syncs.operations.transitions import move
from syncs.rules.states import State
from tests.factories import make_attempt, make_merchant, make_request, make_sync

SENT = datetime(2026, 11, 21, 7, 41, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(SENT + timedelta(minutes=40), tick=False):
        yield


@pytest.fixture
def merchant() -> Merchant:
    return make_merchant(name="Cobalt Coffee", sync_hour=2)


@pytest.fixture
def stuck(merchant: Merchant, support: User) -> SyncRequest:
    old = make_sync(merchant, 5000, SENT - timedelta(hours=5), sync_id="4e11c7a0-old")
    request = make_request(
        merchant,
        state=State.SENDING,
        asked_by=support,
        asked_at=SENT - timedelta(seconds=1),
        reason="Ticket 4812: week missing",
        seen_overlap=[["2026-11-20T00:00:00+00:00", "2026-11-21T00:00:00+00:00"]],
        looks=5,
    )
    make_attempt(
        request,
        started_at=SENT,
        outcome="uncertain",
        finished_at=SENT + timedelta(seconds=30),
        problem="No answer in 30 s.",
        listed_before=[old.sync_id],
        correlation_id="0bc1d9f2",
    )
    now = timezone.now()
    move(request, State.UNCERTAIN, now=now, what="No answer that we can trust: No answer in 30 s.")
    what = "Put before a person: We have no answer that we can trust."
    move(request, State.NEEDS_REVIEW, now=now, what=what, looks=6)
    return request


@pytest.fixture
def ours(merchant: Merchant, stuck: SyncRequest):
    return make_sync(merchant, 2000, SENT + timedelta(seconds=2), sync_id="9ab0f3d2-61c4-0000")


def case(client: Client, request: SyncRequest) -> str:
    return re.sub(r"\s+", " ", client.get(f"/requests/{request.pk}/").text)


def verdict(client: Client, request: SyncRequest, **data):
    return client.post(f"/requests/{request.pk}/verdict/", data, follow=True)
