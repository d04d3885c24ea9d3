"""A merchant that is archived while a sync we asked for runs: nobody can stop it, so its end is still looked for."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from syncs.codat.client import CodatClient
from syncs.codat.schemas import SyncSummary
from syncs.models import Activity, Merchant
from syncs.operations import answers
from syncs.operations.handing_out import claim_due_merchants
from syncs.operations.merchants import archive
from syncs.operations.refresh import refresh
from syncs.rules.states import State
from tests.codat.examples import no_company
from tests.codat.server import Server, says
from tests.factories import make_attempt, make_merchant, make_request
from tests.looks import NOW, looked, row
from tests.presses import stored
from tests.upstream import STARTED

pytestmark = pytest.mark.django_db
OURS = "8d0a044e-b683-4fc9-bd0d-bfb2ca5731b7"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def archived_with(state: State | None, name: str = "Old Mill") -> Merchant:
    merchant = make_merchant(name=name, configured_at=NOW, refreshed_at=NOW - MINUTE)
    if state:
        request = make_request(merchant, state=state, commerce_sync_id=OURS, state_since=NOW)
        make_attempt(request, outcome="accepted")
    archive(merchant, why="Left us", now=NOW)
    return Merchant.objects.get(pk=merchant.pk)


@pytest.mark.parametrize("state", [State.ACCEPTED, State.NEEDS_REVIEW, State.UNCERTAIN])
def test_looks_are_handed_out_while_its_request_is_under_way(state: State) -> None:
    merchant = archived_with(state)
    assert claim_due_merchants(NOW, 5) == [merchant.pk]
    assert claim_due_merchants(NOW, 5) == []


@pytest.mark.parametrize("state", [None, State.SUCCEEDED, State.CANCELLED])
def test_none_are_handed_out_without_one(state: State | None, scripted: Server, told: CodatClient) -> None:
    merchant = archived_with(state)
    Merchant.objects.update(next_refresh_at=NOW)
    assert claim_due_merchants(NOW, 5) == []
    refresh(merchant.pk, told)
    assert not scripted.requests


def test_the_result_is_stored_and_then_it_is_left_alone(scripted: Server, told: CodatClient) -> None:
    merchant = archived_with(State.ACCEPTED)
    running = {"commerceSyncId": OURS}
    seen = looked(merchant, scripted, told, row("one", 1000, NOW.isoformat(), **running))
    assert seen.next_refresh_at is not None
    ended = looked(merchant, scripted, told, row("one", 2000, NOW.isoformat(), **running))
    assert merchant.requests.get().state == State.SUCCEEDED
    assert (ended.is_archived, ended.next_refresh_at) == (True, None)


def test_an_answer_that_comes_after_it_was_archived_is_followed() -> None:
    merchant = make_merchant()
    request = make_request(merchant, state=State.SENDING)
    archive(merchant, why="Left us", now=NOW)
    Merchant.objects.update(next_refresh_at=NOW + MINUTE)
    company = str(merchant.company_id)
    answers.accepted(request, make_attempt(request), SyncSummary.from_json(STARTED, company_id=company))
    assert stored(request).state == State.ACCEPTED
    assert claim_due_merchants(NOW, 5) == [merchant.pk]


def test_a_company_that_has_gone_at_codat_is_asked_for_again_later(
    scripted: Server, told: CodatClient
) -> None:
    merchant = archived_with(State.ACCEPTED)
    scripted.answers(says(404, no_company(merchant.company_id)))
    refresh(merchant.pk, told)
    assert Merchant.objects.get().next_refresh_at == NOW + timedelta(minutes=2)
    assert Activity.objects.filter(verb="merchant.archived").count() == 1


def test_the_record_says_what_was_under_way() -> None:
    archived_with(State.ACCEPTED)
    archived_with(None, "Quiet")
    told = Activity.objects.filter(verb="merchant.archived").order_by("pk")
    assert [entry.what for entry in told] == [
        "Archived Old Mill: a sync request of it is still under way",
        "Archived Quiet",
    ]


def test_who_archives_is_told_what_is_still_under_way(as_admin: Client) -> None:
    busy, quiet = make_merchant(name="Old Mill"), make_merchant(name="Quiet")
    make_request(busy, state=State.ACCEPTED)
    chosen = {"action": "archive", "_selected_action": [busy.pk, quiet.pk], "reason": "They left us"}
    page = as_admin.post("/admin/syncs/merchant/", chosen, follow=True).content.decode()
    assert "2 archived." in page
    assert "Still under way: Old Mill (Codat is working). What runs at Codat is followed to its end" in page
    assert "Quiet (" not in page
