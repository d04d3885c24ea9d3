"""Alert rules in the admin: for admins alone, every field validated, no address told where it need not be."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from redis import Redis

from syncs.models import Activity, AlertRule, Delivery, Heartbeat
from syncs.operations import deliveries
from tests.alerting import make_rule
from tests.factories import make_connection, make_merchant
from tests.queues import messages

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/syncs/alertrule/", "/admin/syncs/alertrule/add/"
RULE: dict[str, Any] = {
    "name": "Desk",
    "is_active": "on",
    "kind": "changes",
    "events": ["failing", "review"],
    "quiet_while_snoozed": "on",
    "at": "",
    "weekdays": ["0", "1"],
    "merchants": "",
    "tag": "",
    "channel": "webhook",
    "address": "https://hooks.example.com/services/T000-secret",
    "zone": "",
}


@pytest.fixture(autouse=True)
def mail(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.example.com"


def errors(client: Client, **changes: Any) -> str:
    answer = client.post(ADD, RULE | changes)
    assert answer.status_code == 200
    assert not AlertRule.objects.exists()
    return answer.text


def test_an_admin_makes_a_rule_and_the_activity_tells_no_address(as_admin: Client) -> None:
    assert as_admin.post(ADD, RULE).status_code == 302
    rule = AlertRule.objects.get()
    assert (rule.events, rule.weekdays) == (["failing", "review"], [0, 1])
    assert timezone.now() - rule.counts_from < timedelta(minutes=1)
    entry = Activity.objects.get()
    assert (entry.verb, entry.what) == ("alert.added", "Added the alert rule Desk")
    assert "secret" not in entry.reason


def test_no_list_shows_the_address_of_a_webhook(as_admin: Client) -> None:
    make_rule("failing", channel="webhook", address="https://hooks.example.com/T000-secret")
    make_rule("failing", address="desk@example.com")
    html = as_admin.get(LIST).text
    assert "webhook at hooks.example.com" in html
    assert "secret" not in html
    assert "desk@example.com" in html


@pytest.mark.parametrize("url", [LIST, ADD, "/admin/syncs/delivery/"])
def test_they_are_for_admins(as_lead: Client, as_admin: Client, url: str) -> None:
    assert as_lead.get(url).status_code in {302, 403}
    assert as_admin.get(url).status_code == 200


def test_nothing_is_deleted(as_admin: Client) -> None:
    rule = make_rule("failing")
    assert as_admin.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"events": []}, "Choose at least one change."),
        ({"events": ["banana"]}, "Select a valid choice"),
        ({"kind": "digest", "at": ""}, "Say at which time of day"),
        ({"kind": "digest", "at": "8 o'clock"}, "Enter a valid time"),
        ({"kind": "digest", "at": "08:00", "weekdays": []}, "Choose at least one day."),
        ({"kind": "digest", "at": "08:00", "weekdays": ["7"]}, "Select a valid choice"),
        ({"zone": "Mars"}, "This is not a time zone."),
        ({"merchants": "health=failing"}, "cannot be used here"),
        ({"tag": "=gold"}, "Write a tag as"),
        ({"tag": "tier="}, "Write a tag as"),
        ({"address": ""}, "This field is required"),
        ({"address": "http://hooks.example.com/"}, "begins with https://"),
        ({"address": "https://127.0.0.1/"}, "own network"),
        ({"address": "https://localhost:8000/"}, "own network"),
        ({"channel": "email"}, "Write e-mail addresses"),
        ({"channel": "email", "address": "desk@example.com; lead@example.com"}, "Write e-mail addresses"),
        ({"channel": "email", "address": "desk@example.com\nBcc: x@example.com"}, "Write e-mail addresses"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field(
    as_admin: Client, changes: dict[str, Any], sentence: str
) -> None:
    assert sentence in errors(as_admin, **changes).replace("&#x27;", "'")


def test_without_a_mail_server_no_rule_sends_mail(as_admin: Client, settings: Any) -> None:
    settings.EMAIL_URL, settings.SANDBOX = "", False
    assert "E-mail is not set up here." in errors(as_admin, channel="email", address="desk@example.com")
    settings.SANDBOX = True
    changes = {"channel": "email", "address": "desk@example.com,lead@example.com"}
    assert as_admin.post(ADD, RULE | changes).status_code == 302
    assert AlertRule.objects.get().address == "desk@example.com, lead@example.com"


def test_filters_are_kept_as_the_health_list_writes_them(as_admin: Client) -> None:
    make_connection(make_merchant(), platform_name="Clover")
    pasted = "https://panel.example.com/?commerce=Clover&accounting=Xero"
    as_admin.post(ADD, RULE | {"merchants": pasted, "tag": " tier = gold "})
    rule = AlertRule.objects.get()
    assert (rule.merchants, rule.tag) == ("commerce=Clover&accounting=Xero", "tier=gold")


def test_only_a_change_of_what_it_tells_lets_it_begin_anew(as_admin: Client) -> None:
    as_admin.post(ADD, RULE)
    rule = AlertRule.objects.get()
    AlertRule.objects.update(failing_since=timezone.now(), problem="The webhook answered 404.")
    Heartbeat.objects.create(name=f"{deliveries.FAILING}{rule.pk}", at=timezone.now(), host="", pid=0)
    as_admin.post(f"{LIST}{rule.pk}/change/", RULE | {"name": "Night desk"})
    renamed = AlertRule.objects.get()
    assert (renamed.name, renamed.counts_from) == ("Night desk", rule.counts_from)
    assert (renamed.failing_since, renamed.problem) == (None, "")
    assert not Heartbeat.objects.exists()
    as_admin.post(f"{LIST}{rule.pk}/change/", RULE | {"events": ["recovered"]})
    assert AlertRule.objects.get().counts_from > rule.counts_from


@pytest.mark.django_db(transaction=True)
def test_a_test_message_goes_to_the_queue_at_once(as_admin: Client, broker: Redis) -> None:
    rule = make_rule("failing", is_active=False)
    as_admin.post(LIST, {"action": "send_test", "_selected_action": [rule.pk]})
    delivery = Delivery.objects.get()
    assert delivery.is_test
    assert "Ada Okafor sent this" in delivery.text
    assert messages(broker, "refreshing") == [("deliver", delivery.pk)]


def test_messages_are_read_and_never_changed(as_admin: Client) -> None:
    now = timezone.now()
    columns = {"subject": "Osprey began to fail", "text": "x", "made_at": now, "next_try_at": now}
    delivery = Delivery.objects.create(rule=make_rule("failing"), **columns)
    html = as_admin.get("/admin/syncs/delivery/").text
    assert "Osprey began to fail" in html
    page = as_admin.get(f"/admin/syncs/delivery/{delivery.pk}/change/").text
    assert 'name="text"' not in page


def test_changes_of_rules_have_a_filter_in_the_activity(as_admin: Client) -> None:
    as_admin.post(ADD, RULE)
    assert "Added the alert rule Desk" in as_admin.get("/activity/?what=alerts").text
    assert "Added the alert rule Desk" not in as_admin.get("/activity/?what=notes").text
