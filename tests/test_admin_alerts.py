"""Alert rules in the admin: for admins alone, every field validated, no address told where it need not be."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from redis import Redis

from syncs.models import Activity, AlertRule, Delivery, Heartbeat
from syncs.operations import deliveries
from tests.alerting import arrive, make_rule
from tests.codat.server import Server, says
from tests.factories import make_connection, make_failing_merchant, make_merchant
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


@pytest.mark.sqlite
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


def chosen(client: Client, **fields: Any) -> str:
    """The filters that a new rule is kept with."""
    assert client.post(ADD, RULE | fields).status_code == 302
    return AlertRule.objects.get().merchants


def page_of(client: Client) -> str:
    html = client.get(f"{LIST}{AlertRule.objects.get().pk}/change/").text
    return " ".join(html.replace("&amp;", "&").split())


def test_which_merchants_is_chosen_and_kept_as_the_health_list_writes_it(as_admin: Client) -> None:
    merchant = make_failing_merchant(5130, "Account 090 is archived", commerce="Clover", accounting="Xero")
    fields = {"commerce": "Clover", "accounting": "Xero", "owner": "merchant", "code": ["5130", "4000"]}
    more = {"cause": str(merchant.last_cause_id), "success": "7", "q": " tide & pine "}
    assert chosen(as_admin, **fields, **more) == (
        f"q=tide+%26+pine&code=4000&code=5130&cause={merchant.last_cause_id}&owner=merchant"
        "&commerce=Clover&accounting=Xero&success=7"
    )
    html = page_of(as_admin)
    for value in ("Clover", "Xero", "merchant", merchant.last_cause_id, "7"):
        assert f'<option value="{value}" selected>' in html
    assert re.findall(r'name="code" value="(\d+)"[^>]* checked', html) == ["4000", "5130"]
    assert 'value="tide & pine"' in html


def test_a_saved_rule_keeps_its_filters_when_it_is_saved_again(as_admin: Client) -> None:
    make_connection(make_merchant(), platform_name="Clover")
    assert chosen(as_admin, commerce="Clover") == "commerce=Clover"
    change = f"{LIST}{AlertRule.objects.get().pk}/change/"
    as_admin.post(change, RULE | {"name": "Night desk", "commerce": "Clover"})
    assert AlertRule.objects.get().merchants == "commerce=Clover"
    assert Activity.objects.get(verb="alert.changed").reason == "name"
    as_admin.post(change, RULE | {"name": "Night desk", "success": "never"})
    assert AlertRule.objects.get().merchants == "success=never"
    assert Activity.objects.filter(verb="alert.changed").latest("pk").reason == "merchants"


def test_a_platform_that_nobody_has_any_more_stays_chosen(as_admin: Client) -> None:
    rule = make_rule("failing", merchants="commerce=Gone+Shop")
    assert '<option value="Gone Shop" selected>' in page_of(as_admin)
    as_admin.post(f"{LIST}{rule.pk}/change/", RULE | {"commerce": "Gone Shop"})
    assert AlertRule.objects.get().merchants == "commerce=Gone+Shop"


def test_a_pasted_address_takes_the_place_of_what_is_chosen(as_admin: Client) -> None:
    make_connection(make_merchant(), platform_name="Clover")
    pasted = "https://panel.example.com/?code=5130&success=7"
    assert chosen(as_admin, commerce="Clover", merchants=pasted) == "code=5130&success=7"


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"commerce": "Banana"}, "“Banana” is not offered here."),
        ({"code": ["12"]}, "“12” is not offered here."),
        ({"cause": "999"}, "“999” is not offered here."),
        ({"owner": "nobody"}, "Select a valid choice"),
        ({"q": "商" * 80}, "Together these filters are too long."),
        ({"merchants": "/?health=failing&commerce=Clover"}, "Take it out of the address"),
        ({"merchants": "cause=999"}, "“999” is not the number of a cause."),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused_beside_its_field(
    as_admin: Client, fields: dict[str, Any], sentence: str
) -> None:
    assert sentence in errors(as_admin, **fields)


def test_the_page_tells_how_many_merchants_it_is_about_now(as_admin: Client) -> None:
    for name in ("Tide", "Tide & Pine", "Other"):
        make_merchant(name=name, tags={"tier": "gold"})
    make_merchant(name="Tideless", health="switched_off", tags={"tier": "gold"})
    make_merchant(name="Tidewater")
    assert "Save it to see how many merchants it is about." in as_admin.get(ADD).text
    rule = make_rule("failing", merchants="q=tide", tag="tier=gold")
    html = page_of(as_admin)
    assert "3 merchants, 1 of them switched off at Codat." in html
    assert '<a href="/?q=tide&snoozed=shown">Open their list</a>, less those without the tag' in html
    assert "named “tide”, tag tier=gold" in as_admin.get(LIST).text
    AlertRule.objects.filter(pk=rule.pk).update(merchants="q=water", tag="")
    assert '1 merchant. <a href="/?q=water&snoozed=shown">Open their list</a>.' in page_of(as_admin)


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


def test_its_page_tells_since_when_nothing_is_delivered_only_while_that_is_so(as_admin: Client) -> None:
    rule = make_rule("failing")
    told = ("Failing since", "Nothing was delivered since then.", "The webhook answered 404.")
    assert [words for words in told if words in as_admin.get(ADD).text] == []
    assert [words for words in told if words in page_of(as_admin)] == []
    deliveries.note_failing(rule.pk, told[-1], timezone.now())
    assert [words for words in told if words not in page_of(as_admin)] == []


def test_the_form_says_which_of_its_parts_count_for_what_is_told(as_admin: Client) -> None:
    html = as_admin.get(ADD).text
    changes, digest = html.partition("Digest</h2>")[::2]
    assert "This part counts when “Tells” says “Changes, as they happen”." in changes
    assert "This part counts when “Tells” says “A digest at the start of a shift”." in digest
    assert "A digest needs a time, such as 08:00." in digest
    assert "A digest needs at least one day." in digest


@pytest.mark.django_db(transaction=True)
def test_a_test_message_goes_to_the_queue_at_once(as_admin: Client, broker: Redis) -> None:
    rule = make_rule("failing", is_active=False)
    as_admin.post(LIST, {"action": "send_test", "_selected_action": [rule.pk]})
    delivery = Delivery.objects.get()
    assert delivery.is_test
    assert "Ada Okafor sent this" in delivery.text
    assert messages(broker, "refreshing") == [("deliver", delivery.pk)]


def press(client: Client, rule: AlertRule) -> str:
    """“Send a test”; how the rule's page then tells of it."""
    answer = client.post(f"{LIST}{rule.pk}/test/")
    assert answer["Location"] == f"{LIST}{rule.pk}/change/#test"
    return last_test(client)


def last_test(client: Client) -> str:
    found = re.search(r'<p class="lead" role="status">(.*?)</p>', page_of(client))
    assert found
    return found[1].strip()


@pytest.mark.django_db(transaction=True)
def test_a_press_on_its_page_sends_one_test_and_is_on_record(as_admin: Client, broker: Redis) -> None:
    rule = make_rule("failing", name="Desk", is_active=False)
    assert last_test(as_admin) == "No test was sent yet."
    assert press(as_admin, rule).endswith("is on its way.")
    delivery = Delivery.objects.get()
    assert delivery.is_test
    assert messages(broker, "refreshing") == [("deliver", delivery.pk)]
    press(as_admin, rule)
    assert Delivery.objects.count() == 1, "the first is still to be tried"
    entry = Activity.objects.get()
    assert (entry.what, str(entry.actor)) == ("Sent a test of the alert rule Desk", "admin")


def test_its_page_tells_how_the_test_got_on(as_admin: Client, settings: Any, scripted: Server) -> None:
    settings.ALERT_WEBHOOKS_MAY_BE_LOCAL = True
    rule = make_rule("failing", channel="webhook", address=f"{scripted.url}/secret")
    assert press(as_admin, rule).endswith("is on its way.")
    scripted.answers(says(404), says(200))
    arrive()
    told = last_test(as_admin)
    assert told.startswith("Not delivered yet. The webhook answered 404.")
    assert "It is tried again at" in told
    Delivery.objects.update(next_try_at=timezone.now())
    arrive()
    assert last_test(as_admin).endswith("was delivered.")
    assert [request.target for request in scripted.requests] == ["/secret", "/secret"]
    assert b"This is a test: Ada Okafor sent this" in scripted.requests[0].body
    assert "secret" not in page_of(as_admin).partition("Send a test")[2]


def test_a_test_is_not_tried_for_a_day(as_admin: Client, settings: Any, scripted: Server) -> None:
    settings.ALERT_WEBHOOKS_MAY_BE_LOCAL = True
    rule = make_rule("failing", channel="webhook", address=f"{scripted.url}/secret")
    press(as_admin, rule)
    Delivery.objects.update(made_at=timezone.now() - timedelta(minutes=6))
    scripted.answers(says(500))
    arrive()
    assert "was not delivered, and is not tried again. The webhook answered 500." in last_test(as_admin)


def test_a_poll_of_a_test_that_is_where_it_was_brings_nothing(as_admin: Client) -> None:
    rule = make_rule("failing")
    press(as_admin, rule)
    found = re.search(r'hx-get="(\S+/test/progress/\?v=\S+)"', page_of(as_admin))
    assert found
    assert as_admin.get(found[1]).status_code == 204
    Delivery.objects.update(state="sent", ended_at=timezone.now())
    answer = as_admin.get(found[1])
    assert "was delivered." in answer.text
    assert "hx-get" not in answer.text


def test_only_an_admin_sends_a_test_and_only_by_a_press(
    as_lead: Client, as_admin: Client, client: Client
) -> None:
    rule = make_rule("failing")
    for path in ("test/", "test/progress/"):
        for stranger in (as_lead, client):
            assert stranger.post(f"{LIST}{rule.pk}/{path}").status_code in {302, 403, 405}
            assert stranger.get(f"{LIST}{rule.pk}/{path}").status_code in {302, 403, 405}
    assert as_admin.get(f"{LIST}{rule.pk}/test/").status_code == 405
    assert as_admin.post(f"{LIST}{rule.pk + 1}/test/").status_code == 404
    assert not Delivery.objects.exists()


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
