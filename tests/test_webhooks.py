"""What Codat tells us only moves a merchant's next look; it is believed by its signature alone."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from syncs.clock import Clock
from syncs.codat.errors import Uncertain
from syncs.models import Merchant, Webhook
from syncs.operations import health, merchants, webhooks
from syncs.operations.handing_out import claim_due_merchants
from syncs.operations.refresh import refresh
from tests.codat.server import Server, says
from tests.conftest import NOON
from tests.factories import make_user
from tests.hooks import TOMORROW, about, line, tell
from tests.hooks import merchant as merchant
from tests.hooks import secret as secret

pytestmark = pytest.mark.django_db
REASON = "asked at once: Codat told us that a connection changed"


def look(merchant: Merchant, began: datetime) -> None:
    """What a look leaves behind."""
    merchant.refresh_from_db()
    merchant.refreshed_at = began
    health.plan_next_look(merchant, timezone.now())
    webhooks.keep_in_line(merchant, began)
    merchant.save()


@pytest.mark.parametrize("what", ["created", "connected", "failed", "disconnected", "reconnected", "deleted"])
def test_after_news_of_a_connection_its_merchant_is_asked_at_once(merchant: Merchant, what: str) -> None:
    assert tell(about(merchant.company_id, f"connection.{what}")).status_code == 204
    assert line(merchant) == (NOON, REASON)


def test_news_of_a_company_say_so(merchant: Merchant) -> None:
    tell(about(merchant.company_id, "company.deleted"))
    assert line(merchant) == (NOON, "asked at once: Codat told us that the company changed")


def test_nothing_else_of_the_merchant_changes(merchant: Merchant) -> None:
    before = Merchant.objects.filter(pk=merchant.pk).values().get()
    tell(about(merchant.company_id))
    after = Merchant.objects.filter(pk=merchant.pk).values().get()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"told_at", "next_refresh_at", "next_refresh_reason"}
    assert merchant.connections.filter(status="Linked").count() == 2


def test_who_is_asked_sooner_than_that_stays_so(merchant: Merchant) -> None:
    Merchant.objects.update(next_refresh_at=NOON - timedelta(minutes=1), next_refresh_reason="due")
    tell(about(merchant.company_id))
    assert line(merchant) == (NOON - timedelta(minutes=1), "due")


def test_an_archived_merchant_is_not_asked(merchant: Merchant) -> None:
    merchants.archive(merchant, by=make_user("admin"), why="Left us", now=NOON)
    assert tell(about(merchant.company_id)).status_code == 204
    assert line(merchant)[0] is None


@pytest.mark.parametrize(
    "event",
    [
        about(uuid.uuid4()),
        about("not an id"),
        about(uuid.uuid4(), "connection.exploded"),
        {"eventType": "connection.deleted", "payload": None},
        {"eventType": "connection.deleted", "payload": {"referenceCompany": {"id": 7}}},
        {"eventType": "company.deleted", "payload": ["?"]},
        {"eventType": ["company.deleted"], "payload": {}},
        {},
    ],
)
def test_what_means_nothing_to_us_is_taken_and_ignored(merchant: Merchant, event: dict[str, Any]) -> None:
    assert tell(event).status_code == 204
    assert line(merchant) == (TOMORROW, "settled")


def test_what_nobody_needs_leaves_no_row(merchant: Merchant) -> None:
    for event in ({}, about(merchant.company_id, "invoices.write.successful"), about("?", "read.completed")):
        assert tell(event).status_code == 204
    assert not Webhook.objects.exists()


def test_the_same_message_counts_once(merchant: Merchant, moved: time_machine.Traveller) -> None:
    tell(about(merchant.company_id), message_id="msg_1")
    Merchant.objects.update(next_refresh_at=TOMORROW)
    moved.shift(5 * 60)
    assert tell(about(merchant.company_id), message_id="msg_1").status_code == 204
    assert line(merchant)[0] == TOMORROW


def test_a_flood_has_a_merchant_asked_once_in_ten_seconds(
    merchant: Merchant, moved: time_machine.Traveller
) -> None:
    asked = []
    for _ in range(35):
        tell(about(merchant.company_id))
        if claim_due_merchants(timezone.now(), limit=10):
            asked.append(timezone.now() - NOON)
            look(merchant, timezone.now())
        moved.shift(1)
    assert asked == [timedelta(seconds=seconds) for seconds in (0, 10, 20, 30)]


def test_ten_seconds_are_counted_from_when_a_look_was_handed_out_at_last(
    merchant: Merchant, moved: time_machine.Traveller
) -> None:
    tell(about(merchant.company_id))
    moved.shift(30)
    tell(about(merchant.company_id))
    assert line(merchant)[0] == NOON, "It is due, and nobody has begun."
    assert claim_due_merchants(timezone.now(), limit=10) == [merchant.pk]
    moved.shift(1)
    tell(about(merchant.company_id))
    look(merchant, timezone.now() - timedelta(seconds=1))
    assert line(merchant)[0] == NOON + timedelta(seconds=40)


def test_news_that_come_while_a_merchant_is_asked_hand_it_to_no_second_worker(
    merchant: Merchant, moved: time_machine.Traveller
) -> None:
    Merchant.objects.update(next_refresh_at=NOON)
    began = timezone.now()
    assert claim_due_merchants(began, limit=10) == [merchant.pk]
    moved.shift(15)
    tell(about(merchant.company_id))
    moved.shift(60)
    assert claim_due_merchants(timezone.now(), limit=10) == []
    look(merchant, began)
    assert claim_due_merchants(timezone.now(), limit=10) == [merchant.pk]


def test_news_that_come_during_a_look_that_fails_are_not_put_off(
    merchant: Merchant, told: Any, moved: time_machine.Traveller
) -> None:
    def fail(*_: object) -> None:
        moved.shift(2)
        tell(about(merchant.company_id))
        raise Uncertain("Codat answered 500.", http_status=500)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(told), "syncs", fail)
        refresh(merchant.pk, told)
    assert line(merchant)[0] == timezone.now()


def test_news_whose_connections_could_not_be_read_stay_news(
    merchant: Merchant, told: Any, moved: time_machine.Traveller
) -> None:
    read: list[str] = []

    def fails_once(*_: object) -> list[Any]:
        read.append("connections")
        if len(read) == 1:
            raise Uncertain("Codat answered 500.", http_status=500)
        return []

    tell(about(merchant.company_id))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(told), "syncs", lambda *_: [])
        patch.setattr(type(told), "configuration", lambda *_: None)
        patch.setattr(type(told), "connections", fails_once)
        refresh(merchant.pk, told)
        again = NOON + timedelta(minutes=2)
        assert line(merchant) == (again, "asked again: what Codat told us of could not be read")
        for _ in range(2):
            moved.move_to(again)
            refresh(merchant.pk, told)
            again += timedelta(minutes=2)
    assert len(read) == 2


def test_a_look_that_meets_all_the_news_is_followed_by_no_other(
    merchant: Merchant, told: Any, moved: time_machine.Traveller
) -> None:
    for _ in range(3):
        tell(about(merchant.company_id))
        moved.shift(1)
    claim_due_merchants(timezone.now(), limit=10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(told), "syncs", lambda *_: [])
        patch.setattr(type(told), "configuration", lambda *_: None)
        patch.setattr(type(told), "connections", lambda *_: [])
        refresh(merchant.pk, told)
    at, _ = line(merchant)
    assert at
    assert at > timezone.now() + timedelta(minutes=1)


def test_news_right_after_a_look_wait_until_ten_seconds_have_passed(merchant: Merchant) -> None:
    Merchant.objects.update(refreshed_at=NOON - timedelta(seconds=3))
    tell(about(merchant.company_id))
    assert line(merchant)[0] == NOON + timedelta(seconds=7)


def test_a_clock_that_was_set_back_keeps_no_merchant_waiting(merchant: Merchant) -> None:
    Merchant.objects.update(told_at=TOMORROW, refreshed_at=TOMORROW)
    tell(about(merchant.company_id))
    assert line(merchant)[0] == NOON


def test_news_that_come_during_a_look_are_looked_at_after_it(
    merchant: Merchant, scripted: Server, told: Any, moved: time_machine.Traveller
) -> None:
    def meanwhile(*_: object) -> Any:
        moved.shift(2)
        tell(about(merchant.company_id))
        return says(200, [])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(told), "syncs", lambda *_: meanwhile() and [])
        patch.setattr(type(told), "configuration", lambda *_: None)
        refresh(merchant.pk, told)
    at, reason = line(merchant)
    assert at == NOON + timedelta(seconds=2)
    assert reason == "asked at once: Codat told us of a change during the last look"


def test_the_look_that_follows_reads_the_connections_too(merchant: Merchant, told: Any) -> None:
    read = []
    tell(about(merchant.company_id))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(told), "syncs", lambda *_: [])
        patch.setattr(type(told), "configuration", lambda *_: None)
        patch.setattr(type(told), "connections", lambda *_: read.append(1) or [])
        refresh(merchant.pk, told)
        refresh(merchant.pk, told)
    assert read == [1]


@pytest.mark.parametrize("kind", ["client.rateLimit.reset", "client.rateLimit.reached"])
def test_news_of_the_limits_have_the_budget_ask_again(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    asked: list[bool] = []
    budget = type("Budget", (), {"ask_soon": lambda self: asked.append(True)})
    monkeypatch.setattr("syncs.views.webhooks.shared_budget", budget)
    payload = {"dailyQuota": 12000, "quotaRemaining": 11993, "expiryDate": "2024-09-01T23:59:99Z"}
    event = {"eventType": kind, "payload": payload}
    assert [tell(event, message_id="msg_1").status_code for _ in range(2)] == [204, 204]
    assert asked == [True]
    assert line(merchant) == (TOMORROW, "settled")


def test_without_a_queue_news_of_the_limits_are_taken_all_the_same(no_broker: None) -> None:
    assert tell({"eventType": "client.rateLimit.reset"}).status_code == 204


def test_when_the_database_is_busy_codat_is_to_send_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(webhooks, "hear", busy)
    assert tell({}).status_code == 503


def test_a_message_costs_few_queries_and_no_session(
    merchant: Merchant, django_assert_max_num_queries: Any
) -> None:
    # Savepoints and the transaction's own two among them.
    with django_assert_max_num_queries(8):
        answer = tell(about(merchant.company_id))
    assert not answer.cookies


def test_the_clock_forgets_what_codat_sends_no_more(
    moved: time_machine.Traveller, no_broker: None, db: None
) -> None:
    tell(about(uuid.uuid4()), message_id="msg_old")
    moved.shift(timedelta(days=3, minutes=1))
    tell(about(uuid.uuid4()), message_id="msg_new")
    Clock().tick(timezone.now())
    assert list(Webhook.objects.values_list("message_id", flat=True)) == ["msg_new"]
