"""A message on its way: tried by one worker, again after pauses, given up after a day, and seen while it fails."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from redis import Redis

from syncs import channels, clock, slow_path, tasks
from syncs.models import Alert, AlertEvent, AlertRule, Delivery, Heartbeat
from syncs.operations import deliveries
from syncs.rules import alerts
from tests.alerting import arrive, becomes, make_rule, spread
from tests.codat.server import Server, says
from tests.conftest import NOON
from tests.factories import make_merchant
from tests.queues import messages
from tests.smtp import mail_server
from tests.test_webhooks_at_once import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved")]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def local(settings: Any) -> None:
    settings.ALERT_WEBHOOKS_MAY_BE_LOCAL = True


def queued(rule: AlertRule | None = None, **columns: Any) -> Delivery:
    defaults = {"subject": "One", "text": "Two", "made_at": NOON, "next_try_at": NOON}
    return Delivery.objects.create(rule=rule or make_rule("failing"), **defaults | columns)


def to_webhook(server: Server, **columns: Any) -> AlertRule:
    return make_rule("failing", channel="webhook", address=f"{server.url}/secret", **columns)


def stored(delivery: Delivery) -> Delivery:
    return Delivery.objects.select_related("rule").get(pk=delivery.pk)


def test_from_a_failure_to_the_mail(moved: Any) -> None:
    make_rule("failing", address="desk@example.com, lead@example.com")
    becomes(make_merchant(name="Harbour & Pine"), "failing", 5130)
    [delivery] = spread()
    moved.shift(MINUTE)
    with mail_server() as server:
        arrive()
    assert server.subjects == ["Harbour & Pine began to fail: Could not write data (5130)"]
    assert "Harbour & Pine began to fail: Could not write data (5130), at 13:00." in server.texts[0]
    assert stored(delivery).state == "sent"


def test_what_arrived_is_sent_and_not_sent_again(scripted: Server) -> None:
    delivery = queued(to_webhook(scripted))
    scripted.answers(says(200))
    arrive()
    arrive()
    after = stored(delivery)
    assert (after.state, after.tries, after.ended_at) == ("sent", 1, NOON)
    assert len(scripted.requests) == 1


def test_one_that_fails_waits_ever_longer_and_arrives_in_the_end(scripted: Server, moved: Any) -> None:
    delivery = queued(to_webhook(scripted))
    scripted.answers(says(500), says(500), says(500), says(200))
    waits = []
    while stored(delivery).state == "queued":
        waits.append(stored(delivery).next_try_at - timezone.now())
        moved.move_to(stored(delivery).next_try_at)
        arrive()
    assert waits == [0 * MINUTE, MINUTE / 2, MINUTE, 2 * MINUTE]
    assert (stored(delivery).state, len(scripted.requests)) == ("sent", 4)


def test_after_a_day_it_is_given_up(scripted: Server, moved: Any) -> None:
    delivery = queued(to_webhook(scripted))
    scripted.answers(says(500))
    while stored(delivery).state == "queued":
        moved.move_to(stored(delivery).next_try_at)
        arrive()
    after = stored(delivery)
    assert (after.state, after.problem) == ("failed", "The webhook answered 500.")
    assert alerts.GIVE_UP_AFTER <= after.ended_at - NOON < alerts.GIVE_UP_AFTER + 61 * MINUTE
    assert 25 < after.tries < 40


def test_a_rule_that_was_switched_off_sends_nothing_more(scripted: Server) -> None:
    delivery = queued(to_webhook(scripted, is_active=False))
    arrive()
    assert (stored(delivery).state, stored(delivery).problem) == ("failed", "The rule was switched off.")
    assert not scripted.requests


def test_a_defect_of_ours_is_tried_again_and_tells_no_words_of_it(caplog: pytest.LogCaptureFixture) -> None:
    delivery = queued()

    def breaks(_: Delivery) -> None:
        raise RuntimeError("desk@example.com")

    deliveries.deliver(delivery.pk, breaks)
    assert stored(delivery).problem == "Something went wrong here (RuntimeError)."
    assert "desk@example.com" not in caplog.text


def test_a_worker_that_died_in_between_is_followed_by_another(scripted: Server, moved: Any) -> None:
    delivery = queued(to_webhook(scripted))
    scripted.answers(says(200))
    assert deliveries._claim(delivery.pk, NOON)
    arrive()
    assert not scripted.requests
    moved.shift(deliveries.LEASE)
    arrive()
    assert stored(delivery).state == "sent"


@pytest.mark.slow
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_sends_it(scripted: Server) -> None:
    delivery = queued(to_webhook(scripted))
    scripted.answers(says(200))
    at_once(lambda _: deliveries.deliver(delivery.pk, channels.deliver))
    assert (len(scripted.requests), stored(delivery).tries) == (1, 1)


def banner(client: Client) -> str:
    html = client.get("/hand-over/").text
    return html.split('id="banners"')[1].split("</section>")[0]


def test_while_alerts_fail_leads_are_told_and_nobody_else(
    scripted: Server, as_lead: Client, as_support: Client, as_admin: Client, moved: Any
) -> None:
    delivery = queued(to_webhook(scripted, name="The desk's channel"))
    scripted.answers(says(404), says(200))
    arrive()
    assert "Alerts of “The desk&#x27;s channel” are not delivered." in banner(as_lead)
    assert "Not since 13:00: The webhook answered 404." in banner(as_lead)
    assert "secret" not in banner(as_lead)
    assert "See messages" not in banner(as_lead)
    assert "See messages" in banner(as_admin)
    assert "not delivered" not in banner(as_support)
    moved.move_to(stored(delivery).next_try_at)
    arrive()
    assert stored(delivery).state == "sent"
    assert "not delivered" not in banner(as_lead)
    assert not Heartbeat.objects.filter(name__startswith=deliveries.FAILING).exists()


def test_the_clock_tells_the_queue_and_the_worker_delivers(broker: Redis, scripted: Server) -> None:
    delivery = queued(to_webhook(scripted))
    scripted.answers(says(200))
    desk = clock.Clock()
    desk.tick(NOON)
    assert ("deliver", delivery.pk) in messages(broker, "refreshing")
    tasks.deliver(delivery.pk)
    assert stored(delivery).state == "sent"
    desk.tick(NOON + 20 * timedelta(seconds=1))
    assert messages(broker, "refreshing").count(("deliver", delivery.pk)) == 1


def test_a_nudge_that_was_lost_is_given_again(broker: Redis) -> None:
    delivery = queued()
    desk = clock.Clock()
    desk.tick(NOON)
    broker.flushall()
    desk.tick(NOON + clock.NUDGE_AGAIN_AFTER)
    assert ("deliver", delivery.pk) in messages(broker, "refreshing")


def test_without_a_queue_the_slow_path_delivers(scripted: Server) -> None:
    delivery = queued(to_webhook(scripted))
    scripted.answers(says(200))
    slow_path.SlowPath()._deliver(timezone.now())
    assert stored(delivery).state == "sent"


def test_of_two_clocks_one_spreads_what_happened(broker: Redis) -> None:
    make_rule("failing")
    becomes(make_merchant(), "failing", 5000)
    for desk in (clock.Clock(), clock.Clock()):
        desk.tick(NOON + 2 * MINUTE)
    assert Delivery.objects.count() == 1


@pytest.mark.slow
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_clocks_at_once_make_one_message() -> None:
    make_rule("failing")
    becomes(make_merchant(), "failing", 5000)
    at_once(lambda _: spread())
    assert (Delivery.objects.count(), Alert.objects.count()) == (1, 1)


def test_what_is_old_is_forgotten_and_what_waits_is_not(moved: Any) -> None:
    make_rule("failing")
    becomes(make_merchant(), "failing", 5000)
    [old] = spread()
    Delivery.objects.update(state="sent", ended_at=NOON)
    waiting = queued()
    moved.shift(deliveries.KEPT + timedelta(days=2))
    deliveries.forget_old(timezone.now())
    assert list(Delivery.objects.all()) == [waiting]
    assert not AlertEvent.objects.exists()
    assert old.pk != waiting.pk


@pytest.mark.parametrize("columns", [{"state": "sent"}, {"state": "queued", "ended_at": NOON}])
def test_what_ended_says_when(columns: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        queued(**columns)
