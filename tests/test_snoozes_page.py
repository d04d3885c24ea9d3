"""Snoozed: who put what aside until when and why, and the end of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Activity, Care, Merchant, User
from syncs.operations import caring
from tests.conftest import signed_in
from tests.factories import make_failing_merchant

pytestmark = pytest.mark.django_db


def put_aside(by: User, days: int = 3, **columns: Any) -> Care:
    now = timezone.now()
    merchant = make_failing_merchant(5000, "Internal server error", **columns)
    return caring.snooze(merchant, by=by, note="On holiday", until=now + timedelta(days=days), now=now)


def listed(client: Client, query: str = "") -> list[str]:
    return [care.merchant.name for care in client.get(f"/snoozed/{query}").context["snoozes"]]


def test_it_tells_who_snoozed_what_until_when_and_why(as_viewer: Client, support: User) -> None:
    snooze = put_aside(support, name="Wren")
    page = as_viewer.get("/snoozed/").text
    until = timezone.localtime(snooze.until)
    for words in ("Wren", "Priya Nair", f"{until:%-d %b, %H:%M}", "“On holiday”", "Codat server error"):
        assert words in page


def test_who_is_archived_is_not_among_them(as_viewer: Client, support: User) -> None:
    snooze = put_aside(support, name="Wren")
    Merchant.objects.filter(pk=snooze.merchant_id).update(archived_at=timezone.now())
    assert listed(as_viewer) == []


def test_sync_health_leads_to_it(as_viewer: Client, support: User) -> None:
    put_aside(support)
    assert 'href="/snoozed/">1 snoozed' in as_viewer.get("/?health=").text


def test_what_ends_first_stands_first_and_what_has_ended_is_gone(as_viewer: Client, support: User) -> None:
    put_aside(support, 9, name="Later")
    put_aside(support, 2, name="Soon")
    caring.end(put_aside(support, 1, name="Over"), by=support, now=timezone.now())
    assert listed(as_viewer) == ["Soon", "Later"]


def test_one_who_is_on_it_is_no_snooze(as_viewer: Client, support: User) -> None:
    caring.acknowledge(make_failing_merchant(), by=support, note="", now=timezone.now())
    page = as_viewer.get("/snoozed/")
    assert "Nothing is snoozed." in page.text


def test_ones_own_can_be_seen_alone(as_lead: Client, support: User, lead: User) -> None:
    put_aside(support, name="Priya's")
    put_aside(lead, name="Mei's")
    assert listed(as_lead, "?whose=mine") == ["Mei's"]


def test_a_choice_that_there_is_not_is_ignored_and_said(as_viewer: Client, support: User) -> None:
    put_aside(support, name="Wren")
    assert listed(as_viewer, "?whose=nobody") == ["Wren"]
    assert "“nobody” is no choice of this page." in as_viewer.get("/snoozed/?whose=nobody").text


def test_a_press_ends_it_and_is_kept_in_the_log(as_lead: Client, support: User, lead: User) -> None:
    snooze = put_aside(support, name="Wren")
    answer = as_lead.post(f"/snoozed/{snooze.pk}/end/?whose=mine")
    assert answer["Location"] == "/snoozed/?whose=mine"
    assert "The snooze of Wren is ended." in as_lead.get("/snoozed/").text
    assert Merchant.objects.get().snoozed_until is None
    entry = Activity.objects.get(verb="merchant.snooze_ended")
    assert (entry.actor, entry.what) == (lead, "Ended the snooze by Priya Nair")


def test_an_end_that_came_before_is_told(as_support: Client, support: User) -> None:
    snooze = put_aside(support)
    for _ in range(2):
        answer = as_support.post(f"/snoozed/{snooze.pk}/end/", follow=True)
    assert "It had ended already. Nothing was changed." in answer.text
    assert Activity.objects.filter(verb="merchant.snooze_ended").count() == 1


def test_a_viewer_sees_and_ends_nothing(viewer: User, support: User) -> None:
    snooze, client = put_aside(support), signed_in(viewer)
    assert "End snooze" not in client.get("/snoozed/").text
    assert client.post(f"/snoozed/{snooze.pk}/end/").status_code == 403
    assert Care.objects.standing().exists()


def test_no_address_ends_one_and_no_other_care_is_ended_here(as_support: Client, support: User) -> None:
    snooze = put_aside(support)
    on_it = caring.acknowledge(make_failing_merchant(), by=support, note="", now=timezone.now())
    assert as_support.get(f"/snoozed/{snooze.pk}/end/")["Location"] == "/snoozed/"
    for pk in (on_it.pk, 2**62, 2**70):
        assert as_support.post(f"/snoozed/{pk}/end/").status_code == 404
    assert Care.objects.standing().count() == 2


def test_its_queries_do_not_grow_with_the_list(as_support: Client, support: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            as_support.get("/snoozed/")
        return len(captured)

    put_aside(support)
    few = queries()
    for _ in range(4):
        put_aside(support)
    assert queries() == few
