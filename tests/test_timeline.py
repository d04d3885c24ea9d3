"""The merchant's requests and notes: each request once, with how it stands, among what else happened."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Merchant, SyncRequest, User
from syncs.operations import log, notes
from syncs.operations.transitions import move
from syncs.rules.states import State
from tests.factories import make_merchant, make_request

pytestmark = pytest.mark.django_db


def feed(client: Client, merchant: Merchant) -> str:
    html = client.get(f"/merchants/{merchant.company_id}/").content.decode()
    return html[html.index('id="h-feed"') :].partition("</section>")[0]


def refused(request: SyncRequest) -> None:
    now = timezone.now()
    assert move(request, State.SENDING, now=now, what="Sent to Codat")
    sentence = "Codat refused this request: no such company"
    assert move(request, State.REJECTED, now=now, what=sentence, result=sentence)


def test_a_request_is_told_once_with_its_state_and_its_result(as_viewer: Client) -> None:
    request = make_request(make_merchant(), reason="Ticket 4790")
    refused(request)
    html = feed(as_viewer, request.merchant)
    assert html.count(f'href="/requests/{request.pk}/"') == 1
    assert "Refused by Codat" in html
    assert html.count("Codat refused this request: no such company") == 1
    assert "“Ticket 4790”" in html
    assert "Sent to Codat" not in html


def test_what_waits_for_somebody_stands_for_itself(as_viewer: Client) -> None:
    request = make_request(make_merchant())
    assert move(request, State.SENDING, now=timezone.now(), what="Sent to Codat")
    assert move(request, State.UNCERTAIN, now=timezone.now(), what="No answer that we can trust")
    html = feed(as_viewer, request.merchant)
    assert "No answer that we can trust" in html
    assert "No answer yet" in html


def test_what_people_do_to_a_request_stands_with_their_names(as_viewer: Client, support: User) -> None:
    request = make_request(make_merchant())
    assert move(
        request, State.CANCELLED, now=timezone.now(), what="Cancelled before it was sent", actor=support
    )
    assert "Cancelled before it was sent" in feed(as_viewer, request.merchant)


def test_notes_and_changes_of_the_merchant_stand_among_them(as_viewer: Client, support: User) -> None:
    merchant = make_merchant()
    notes.add(merchant, "Emailed the merchant", by=support)
    log.record(
        "merchant.health", "Saw its health change", merchant=merchant, before="Healthy", after="Failing"
    )
    html = feed(as_viewer, merchant)
    assert html.index("Saw its health change") < html.index("Emailed the merchant")
    assert "Healthy → Failing" in html


def test_many_requests_do_not_push_each_other_out_by_their_steps(as_viewer: Client) -> None:
    merchant = make_merchant()
    for _ in range(12):
        refused(make_request(merchant))
    assert feed(as_viewer, merchant).count("Refused by Codat") == 12


def test_a_merchant_that_failed_before_it_was_imported_says_since_when(
    as_viewer: Client, support: User
) -> None:
    merchant = make_merchant(health="failing", last_success_at=timezone.now() - timedelta(days=6))
    Merchant.objects.filter(pk=merchant.pk).update(began_to_fail_at=timezone.now() - timedelta(days=5))
    notes.add(merchant, "Emailed the merchant", by=support)
    html = feed(as_viewer, merchant)
    assert html.index("Emailed the merchant") < html.index(
        "<b>Began to fail</b> before Sync Desk knew this merchant"
    )
    assert "5 days ago" in html


def test_without_a_success_nobody_knows_when_it_began(as_viewer: Client) -> None:
    merchant = make_merchant(health="failing", last_success_at=None)
    Merchant.objects.filter(pk=merchant.pk).update(began_to_fail_at=timezone.now() - timedelta(days=5))
    assert "<b>Failed already</b> before Sync Desk knew this merchant" in feed(as_viewer, merchant)


def test_a_failure_seen_to_begin_is_not_told_as_older_than_the_merchant(as_viewer: Client) -> None:
    merchant = make_merchant(health="failing")
    Merchant.objects.filter(pk=merchant.pk).update(began_to_fail_at=timezone.now())
    assert "before Sync Desk knew" not in feed(as_viewer, merchant)
