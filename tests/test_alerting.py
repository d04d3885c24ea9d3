"""What is told, to whom, once: changes become events, a minute's events one message a rule."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.alerts import scope, spreading
from syncs.codat.client import CodatClient
from syncs.models import Alert, AlertEvent, AlertRule, Delivery, Freeze, Merchant, User
from syncs.models.merchant import MerchantQuerySet
from syncs.operations import caring, freezing, rebuilding, troubles
from syncs.operations.transitions import move
from syncs.rules.states import State
from tests.alerting import becomes, make_rule, spread
from tests.codat.server import Server
from tests.conftest import NOON
from tests.factories import make_failing_merchant, make_merchant, make_request, make_sync
from tests.looks import looked, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved")]
ALL = ("failing", "recovered", "reconnect", "fuse", "review", "frozen")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def address(settings: Any) -> None:
    settings.PANEL_URL = "https://panel.example.com"


def noted() -> list[tuple[str, str]]:
    return list(AlertEvent.objects.order_by("pk").values_list("event", "what"))


def test_a_look_that_finds_a_failure_writes_what_there_is_to_tell(
    scripted: Server, told: CodatClient
) -> None:
    make_rule("failing")
    merchant = make_merchant(name="Harbour & Pine", configured_at=NOON)
    at = (NOON - 5 * MINUTE).isoformat()
    looked(merchant, scripted, told, row("new", 5130, at, errorMessage="Account 090"))
    looked(merchant, scripted, told, row("again", 5130, NOON.isoformat(), errorMessage="Account 090"))
    assert noted() == [("failing", "Could not write data (5130)")]
    [delivery] = spread()
    assert delivery.subject == "Harbour & Pine began to fail: Could not write data (5130)"
    assert f"https://panel.example.com/merchants/{merchant.company_id}/" in delivery.text
    assert "Could not write data (5130), at 13:00." in delivery.text


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (("healthy", 2000), ("failing", 5000), "failing"),
        (("never_synced", None), ("failing", 5000), "failing"),
        (("needs_reconnect", 4040), ("failing", 5000), "failing"),
        (("failing", 5130), ("failing", 5000), None),
        (("failing", 5130), ("needs_reconnect", 4040), "reconnect"),
        (("healthy", 2000), ("needs_reconnect", 2000), "reconnect"),
        (("failing", 5130), ("healthy", 2000), "recovered"),
        (("switched_off", 5130), ("healthy", 2000), "recovered"),
        (("never_synced", None), ("healthy", 2000), None),
        (("failing", 5130), ("switched_off", 5130), "fuse"),
        (("unseen", None), ("failing", 5130), None),
        (("healthy", 2000), ("healthy", 2040), None),
    ],
)
def test_only_changes_of_state_are_told(before: Any, after: Any, event: str | None) -> None:
    make_rule(*ALL)
    merchant = make_merchant(health=before[0], last_code=before[1])
    becomes(merchant, *after)
    assert [name for name, _ in noted()] == ([event] if event else [])


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (4040, "Harbour & Pine needs a reconnect (4040)"),
        (2000, "Harbour & Pine needs a reconnect"),
        (4260, "Harbour & Pine needs its accounting plan renewed (4260)"),
    ],
)
def test_only_who_has_lost_a_connection_needs_a_reconnect(code: int, told: str) -> None:
    make_rule("reconnect")
    becomes(make_merchant(name="Harbour & Pine"), "needs_reconnect", code)
    assert [delivery.subject for delivery in spread()] == [told]


def test_nothing_is_written_where_no_rule_tells_of_it() -> None:
    make_rule("recovered")
    make_rule("failing", is_active=False)
    becomes(make_merchant(), "failing", 5000)
    assert noted() == []


def test_a_look_without_news_asks_for_no_rule(scripted: Server, told: CodatClient) -> None:
    merchant = make_merchant(configured_at=NOON)
    report = row("same", 2000, (NOON - 5 * MINUTE).isoformat())
    looked(merchant, scripted, told, report)
    with CaptureQueriesContext(connection) as queries:
        looked(merchant, scripted, told, report)
    assert not [query for query in queries if "alert" in query["sql"] or "syncs_care" in query["sql"]]


def test_an_archived_merchant_is_no_news() -> None:
    make_rule("failing")
    becomes(make_merchant(archived_at=NOON), "failing", 5000)
    assert noted() == []


def test_a_health_that_is_put_right_is_told_too() -> None:
    make_rule("recovered")
    merchant = make_merchant(health="failing")
    make_sync(merchant)
    assert rebuilding.rebuild(merchant.pk, NOON)
    assert noted() == [("recovered", "Synced (2000)")]


def test_a_request_that_needs_a_person_is_told_once() -> None:
    make_rule("review")
    request = make_request(make_merchant(name="Harbour & Pine"), state=State.UNCERTAIN)
    assert move(request, State.NEEDS_REVIEW, now=NOON, what="Put before a person: no answer")
    [delivery] = spread()
    assert delivery.subject == "A request for Harbour & Pine needs a person"
    assert f"https://panel.example.com/merchants/{request.merchant.company_id}/" in delivery.text


def test_a_freeze_is_told_and_its_end(moved: Any, lead: User) -> None:
    make_rule("frozen")
    freezing.freeze(Freeze.Cause.PERSON, now=NOON, reason="Codat asked us to pause", by=lead)
    assert not freezing.freeze(Freeze.Cause.PERSON, now=NOON, reason="again")
    freezing.resume(now=NOON + MINUTE, reason="All is well", by=lead)
    assert [what for _, what in noted()] == ["Sending is frozen: Codat asked us to pause", "Sending goes on"]
    [delivery] = spread(3 * MINUTE)
    assert delivery.subject == "Sending goes on"


@pytest.mark.parametrize(
    ("left", "told"),
    [
        *((30, None), (15, None), (14, 14), (13, 14), (12, None), (8, None), (7, 7), (6, 7), (4, None)),
        *((3, 3), (2, 3), (1, 1), (0, 1)),
    ],
)
def test_a_fuse_is_told_when_it_reaches_a_step_and_on_the_day_after(left: int, told: int | None) -> None:
    make_rule("fuse")
    make_failing_merchant(switches_off_on=NOON.date() + left * DAY)
    for _ in range(2):
        troubles.burn_down(NOON)
    keys = [event.occurrence.split()[-1] for event in AlertEvent.objects.all()]
    assert keys == ([str(told)] if told else [])


def test_every_step_of_a_fuse_is_told_once_and_the_next_row_of_failures_anew() -> None:
    make_rule("fuse")
    merchant = make_failing_merchant(switches_off_on=NOON.date() + 16 * DAY)
    for day in range(17):
        troubles.burn_down(NOON + day * DAY)
        troubles.burn_down(NOON + day * DAY + 10 * MINUTE)
    assert [event.occurrence.split()[-1] for event in AlertEvent.objects.order_by("pk")] == [
        *("14", "7", "3", "1")
    ]
    Merchant.objects.filter(pk=merchant.pk).update(
        silent_since=NOON + 20 * DAY, switches_off_on=NOON.date() + 51 * DAY
    )
    troubles.burn_down(NOON + 37 * DAY)
    assert AlertEvent.objects.count() == 5


def test_the_fuse_of_who_switched_on_again_without_a_success_is_told_anew() -> None:
    make_rule("fuse")
    merchant = make_failing_merchant(switches_off_on=NOON.date() + 14 * DAY)
    troubles.burn_down(NOON)
    Merchant.objects.filter(pk=merchant.pk).update(
        switched_on_at=NOON + 20 * DAY, switches_off_on=NOON.date() + 51 * DAY
    )
    troubles.burn_down(NOON + 37 * DAY)
    assert [event.occurrence.split()[-1] for event in AlertEvent.objects.all()] == ["14", "14"]


def test_many_that_fail_in_one_pass_are_one_message_with_ten_names() -> None:
    make_rule("failing")
    for number in range(23):
        becomes(make_merchant(name=f"Shop {number:02}"), "failing", 5000)
    [delivery] = spread()
    assert delivery.subject == "23 merchants began to fail"
    assert delivery.text.count("Shop ") == 10
    assert "… and 13 more" in delivery.text
    assert "https://panel.example.com/?health=failing" in delivery.text


def test_the_first_waits_a_minute_for_the_others() -> None:
    make_rule("failing")
    becomes(make_merchant(), "failing", 5000)
    assert spread(timedelta(seconds=59)) == []
    assert len(spread(MINUTE)) == 1


def test_what_is_worst_stands_first_and_the_rest_is_named() -> None:
    make_rule(*ALL)
    becomes(make_failing_merchant(name="Wren"), "healthy", 2000)
    becomes(make_merchant(name="Osprey"), "failing", 5000)
    [delivery] = spread()
    assert delivery.subject == "Osprey began to fail: Codat server error (5000); Wren recovered"


def test_nothing_is_told_twice_to_a_rule_whoever_spreads_it() -> None:
    rule = make_rule("failing")
    becomes(make_merchant(), "failing", 5000)
    [delivery] = spread()
    spread()
    event = AlertEvent.objects.get()
    assert (Delivery.objects.count(), event.told_at) == (1, NOON + MINUTE)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(rule=rule, event=event, delivery=delivery)


def test_what_cannot_be_put_into_words_keeps_no_other_event_and_no_other_rule_back() -> None:
    """There are hours in Tokyo that no clock of ours can tell."""
    make_rule(*ALL, name="Tokyo", zone="Asia/Tokyo")
    make_rule(*ALL, name="London", zone="Europe/London")
    becomes(make_merchant(name="Osprey"), "failing", 5000)
    untellable = make_merchant(name="Wren")
    last_hour = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    AlertEvent.objects.create(event="failing", merchant=untellable, occurrence="one", what="x", at=last_hour)
    told = {delivery.rule.name: delivery for delivery in spread()}
    assert told["London"].subject == "2 merchants began to fail"
    assert told["Tokyo"].subject == "Osprey began to fail: Codat server error (5000)"
    assert "1 change could not be put into words" in told["Tokyo"].text
    assert f"https://panel.example.com/merchants/{untellable.company_id}/" in told["Tokyo"].text
    assert Alert.objects.filter(event__merchant=untellable).count() == 2


def test_a_message_of_nothing_but_what_cannot_be_put_into_words_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    make_rule("failing", name="Tokyo", zone="Asia/Tokyo")
    becomes(make_merchant(name="Osprey"), "failing", 5000)
    AlertEvent.objects.update(at=datetime(9999, 12, 31, 23, 30, tzinfo=UTC), what="Call Jane Roe")
    later = datetime.max.replace(tzinfo=UTC)
    for _ in range(2):
        spreading.spread(later)
    assert [delivery.subject for delivery in Delivery.objects.all()] == [
        "1 change could not be put into words"
    ]
    assert "OverflowError" in caplog.text
    assert "Jane Roe" not in caplog.text + Delivery.objects.get().text
    assert "Osprey" not in caplog.text


def test_a_rule_that_goes_wrong_keeps_no_other_back_and_its_failure_is_seen(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    of = scope.of

    def of_all_but_one(rule: AlertRule, today: date) -> MerchantQuerySet:
        if rule.name == "Jane's":
            make_rule(name=rule.name)  # the database refuses a second one of the name
        return of(rule, today)

    monkeypatch.setattr(scope, "of", of_all_but_one)
    broken = make_rule("failing", name="Jane's")
    make_rule("failing", name="Well")
    becomes(make_merchant(), "failing", 5000)
    assert [delivery.rule.name for delivery in spread()] == ["Well"]
    assert not AlertEvent.objects.filter(told_at=None).exists()
    broken.refresh_from_db()
    assert broken.failing_since
    assert broken.problem.startswith("Changes could not be told")
    assert f"rule {broken.pk}: Changes could not be told (IntegrityError)" in caplog.text
    assert "Jane" not in caplog.text


def test_the_same_occurrence_is_written_once() -> None:
    merchant = make_merchant()
    columns = {"event": "failing", "occurrence": "one", "what": "x", "at": NOON}
    for whose in (merchant, None):
        AlertEvent.objects.create(merchant=whose, **columns)
        with pytest.raises(IntegrityError), transaction.atomic():
            AlertEvent.objects.create(merchant=whose, **columns)


def test_each_rule_tells_its_own() -> None:
    make_rule("failing", name="Failures")
    make_rule("recovered", name="Recoveries")
    make_rule(*ALL, name="All")
    becomes(make_merchant(), "failing", 5000)
    assert {delivery.rule.name for delivery in spread()} == {"All", "Failures"}
    assert Delivery.objects.count() == 2


def test_a_rule_tells_nothing_from_before_it_was_made() -> None:
    make_rule("failing", name="Old")
    becomes(make_merchant(), "failing", 5000)
    make_rule("failing", name="New", counts_from=timezone.now() + timedelta(seconds=1))
    assert [delivery.rule.name for delivery in spread()] == ["Old"]


@pytest.mark.parametrize(
    ("of", "told"),
    [
        ({"merchants": "commerce=Clover"}, ["Clover shop"]),
        ({"merchants": "q=shopify+shop"}, ["Shopify shop"]),
        ({"merchants": "commerce=Clover&accounting=Xero"}, ["Clover shop"]),
        ({"merchants": "code=4000"}, ["Shopify shop"]),
        ({"tag": "tier"}, ["Clover shop", "Shopify shop"]),
        ({"tag": "tier=gold"}, ["Clover shop"]),
        ({"tag": "tier=tin"}, []),
        ({"merchants": "commerce=Clover", "tag": "tier=silver"}, []),
    ],
)
def test_a_rule_is_about_the_merchants_that_its_filters_and_its_tag_find(of: Any, told: list[str]) -> None:
    make_rule("failing", **of)
    becomes(make_merchant(name="Clover shop", commerce="Clover", tags={"tier": "gold"}), "failing", 5000)
    becomes(make_merchant(name="Shopify shop", tags={"tier": "silver"}), "failing", 4000)
    spread()
    assert sorted(alert.event.merchant.name for alert in Alert.objects.all()) == told


def test_that_codat_switched_one_off_is_told_by_a_rule_with_filters_too() -> None:
    make_rule("fuse", merchants="commerce=Shopify")
    becomes(make_failing_merchant(), "switched_off", 5130)
    assert len(spread()) == 1


def test_a_snoozed_merchant_is_quiet_but_for_its_recovery(support: User) -> None:
    make_rule(*ALL, name="Quiet")
    make_rule("fuse", name="Loud", quiet_while_snoozed=False)
    merchant = make_failing_merchant(switches_off_on=NOON.date() + 14 * DAY)
    caring.snooze(merchant, by=support, note="Holiday", until=NOON + 5 * DAY, now=NOON)
    troubles.burn_down(NOON)
    assert [delivery.rule.name for delivery in spread()] == ["Loud"]
    becomes(merchant, "healthy", 2000)
    assert [delivery.rule.name for delivery in spread()] == ["Loud", "Quiet"]


def test_what_wakes_a_snoozed_merchant_is_told(support: User) -> None:
    make_rule("failing")
    merchant = make_failing_merchant(name="Osprey")
    caring.snooze(merchant, by=support, note="Holiday", until=NOON + 5 * DAY, now=NOON)
    becomes(merchant, "failing", 5000)
    assert [delivery.subject for delivery in spread()] == ["Osprey began to fail: Codat server error (5000)"]


def test_a_name_with_a_line_break_makes_no_header(settings: Any) -> None:
    settings.PANEL_URL = ""
    make_rule("failing")
    becomes(make_merchant(name="Wren\r\nBcc: all@example.com {what}"), "failing", 5000)
    [delivery] = spread()
    assert delivery.subject.startswith("Wren Bcc: all@example.com {what} began to fail")
    assert "\n" not in delivery.subject
    assert "http" not in delivery.text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("?commerce=Clover", "commerce=Clover"),
        ("https://panel.example.com/?commerce=Clover&q=%20tide", "q=tide&commerce=Clover"),
    ],
)
def test_filters_may_be_pasted_as_an_address(typed: str, kept: str) -> None:
    assert scope.checked(typed) == kept


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("health=failing", "“health” cannot be used here"),
        ("snoozed=only", "“snoozed” cannot be used here"),
        ("sort=name", "“sort” cannot be used here"),
        ("banana=1", "“banana” cannot be used here"),
        ("code=12", "“12” is not a status code."),
        ("code=", "no filter in it"),
        ("Clover", "cannot be used here"),
    ],
)
def test_filters_that_make_no_sense_are_refused(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        scope.checked(typed)


def test_rules_hold_in_the_database() -> None:
    for wrong in ({"kind": "x"}, {"channel": "fax"}, {"address": ""}, {"kind": "digest", "at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_rule("failing", **wrong)
    assert not AlertRule.objects.exists()
