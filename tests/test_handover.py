"""The note for the next shift: on its page, and as the digest that comes once at the start of a shift."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.alerts import digests, handover, scope
from syncs.filters import HealthFilters
from syncs.models import AlertRule, Delivery, Freeze, Merchant, User
from syncs.models.merchant import MerchantQuerySet
from syncs.operations import caring, freezing
from syncs.rules.states import State
from tests.alerting import arrive, becomes, make_digest
from tests.conftest import NOON
from tests.factories import make_failing_merchant, make_merchant, make_outage, make_request
from tests.smtp import mail_server
from tests.test_care_page import words
from tests.test_webhooks_at_once import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved"), pytest.mark.sqlite]
DAY, HOUR, MINUTE, SECOND = (timedelta(**{unit: 1}) for unit in ("days", "hours", "minutes", "seconds"))
# A Wednesday; London is an hour ahead of UTC.
EIGHT = datetime(2026, 6, 17, 7, tzinfo=UTC)


def note(hours: int = 24) -> handover.Handover:
    now = timezone.now()
    zone = timezone.get_default_timezone()
    since = now - timedelta(hours=hours)
    return handover.write(
        Merchant.objects.registered(), since=since, now=now, zone=zone, listed=HealthFilters()
    )


def part(title: str, hours: int = 24) -> list[str]:
    [section] = [section for section in note(hours).sections if section.title == title]
    return [f"{line.merchant.name}: {line.words}" for line in section.lines]


def test_who_began_to_fail_is_told_and_who_did_before_is_not() -> None:
    make_failing_merchant(name="The day before", began_to_fail_at=NOON - 25 * HOUR)
    make_failing_merchant(5000, name="Osprey", began_to_fail_at=NOON - HOUR)
    make_failing_merchant(name="Nobody knows since when", began_to_fail_at=None)
    make_merchant(name="Came back")
    assert part("Began to fail") == ["Osprey: Codat server error (5000)"]
    assert len(part("Began to fail", hours=26)) == 2


def test_a_link_to_more_than_its_part_says_so(as_viewer: Client, settings: Any) -> None:
    """“Switched off within 7 days: 1” leads to no list of one."""
    settings.PANEL_URL = "https://panel.example.com"
    becomes(make_merchant(name="Osprey"), "failing", 5000, switches_off_on=NOON.date() + DAY)
    text = note().text()
    assert "All that are switched off within 14 days: https://panel.example.com/?health=soon" in text
    html = as_viewer.get("/hand-over/").text
    assert '<a class="link" href="/?health=soon">All that are switched off within 14 days</a>' in html
    assert "show them" not in html.partition(">Switched off within 7 days</h2>")[2].partition("</section>")[0]


def test_who_was_snoozed_meanwhile_is_told_there(support: User) -> None:
    becomes(merchant := make_merchant(name="Osprey"), "failing", 5000)
    caring.snooze(merchant, by=support, note="Holiday", until=NOON + timedelta(hours=5), now=NOON)
    assert part("Began to fail") == []
    assert part("Snoozes that end today") == ["Osprey: snoozed by Priya Nair until Today, 18:00"]


def test_a_snooze_that_ends_tomorrow_is_not_told_today(support: User) -> None:
    merchant = make_failing_merchant()
    caring.snooze(merchant, by=support, note="Holiday", until=NOON + DAY, now=NOON)
    assert part("Snoozes that end today") == []


def test_short_fuses_are_told_soonest_first() -> None:
    for name, left in (("In a week", 7), ("Today", 0), ("Tomorrow", 1), ("Later", 8)):
        make_failing_merchant(name=name, switches_off_on=NOON.date() + left * DAY)
    assert part("Switched off within 7 days") == [
        "Today: today",
        "Tomorrow: 1 day left",
        "In a week: 7 days left",
    ]


def test_requests_are_told_by_who_has_to_do_something(support: User) -> None:
    review = make_request(make_merchant(name="Osprey"), state=State.NEEDS_REVIEW, asked_by=support)
    make_request(make_merchant(name="Wren"), state=State.ACCEPTED, asked_by=support)
    make_request(make_merchant(), state=State.SUCCEEDED, asked_by=support)
    assert part("Requests that need a person") == ["Osprey: asked by Priya Nair"]
    assert part("Requests under way") == ["Wren: asked by Priya Nair"]
    assert review.is_active


def test_who_is_on_what_is_told(support: User) -> None:
    caring.acknowledge(make_failing_merchant(name="Osprey"), by=support, note="Rang them", now=NOON)
    assert part("Somebody is on it") == ["Osprey: Priya Nair is on it, “Rang them”"]


def test_of_many_ten_are_named(settings: Any) -> None:
    settings.PANEL_URL = "https://panel.example.com"
    for number in range(14):
        make_failing_merchant(name=f"Shop {number}", switches_off_on=NOON.date() + DAY)
    text = note().text()
    assert "Switched off within 7 days: 14" in text
    assert text.count("- Shop") == 10
    assert "… and 4 more" in text
    assert "https://panel.example.com/?health=soon" in text


def test_a_quiet_night_is_said_to_be_one() -> None:
    told = note()
    assert told.headline == "nothing new"
    assert told.text().splitlines()[:3] == [
        "Hand-over, Wed 17 Jun 2026, 13:00, since 16 Jun, 13:00. Times in Europe/London.",
        "",
        "Nothing began to fail.",
    ]


def test_that_sending_is_frozen_stands_on_top(lead: User) -> None:
    freezing.freeze(Freeze.Cause.PERSON, now=NOON, reason="Codat asked us", by=lead)
    assert note().text().splitlines()[2] == "Sending is frozen: Codat asked us"


def test_an_outage_that_stands_is_told_on_top_and_in_the_subject(as_viewer: Client) -> None:
    make_outage("Xero", side="accounting", since=NOON - timedelta(minutes=40))
    told = "Codat looks down for Xero merchants since 12:20: 118 of 640 failed with 5000 within an hour."
    assert note().text().splitlines()[2] == f"{told} Re-runs are held."
    assert note().headline == "an outage"
    assert told in as_viewer.get("/hand-over/").text


def test_one_that_is_perhaps_over_says_that_nobody_knows() -> None:
    make_outage("Xero", since=NOON - timedelta(hours=2), try_from=NOON)
    assert "Codat was down for Xero merchants from 11:00. None of them has run" in note().text()


# The page


def test_everybody_may_read_the_note_and_copy_its_text(as_viewer: Client) -> None:
    becomes(make_merchant(name="Osprey <b>"), "failing", 5000)
    html = as_viewer.get("/hand-over/").text
    assert "Osprey &lt;b&gt;" in html
    assert 'data-copy="Hand-over, Wed 17 Jun 2026' in html
    assert '<pre class="mono">Hand-over, Wed 17 Jun 2026' in html
    assert "Codat server error (5000)" in words(html)


def test_the_page_is_reached_from_the_requests_and_the_menu(as_viewer: Client) -> None:
    assert as_viewer.get("/requests/").text.count('href="/hand-over/"') == 2


@pytest.mark.parametrize("hours", ["banana", "-1", "99999999999", ""])
def test_a_span_that_there_is_not_is_ignored_and_said(as_viewer: Client, hours: str) -> None:
    html = as_viewer.get("/hand-over/", {"hours": hours}).text
    assert "is no span of this page. It was ignored." in html or hours == ""
    assert 'aria-current="page">24 h' in html


def test_a_stranger_signs_in_first() -> None:
    assert Client().get("/hand-over/").status_code == 302


def test_the_page_asks_as_often_for_many_as_for_one(as_viewer: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            as_viewer.get("/hand-over/")
        return len(captured)

    make_failing_merchant(switches_off_on=NOON.date() + DAY)
    few = queries()
    for _ in range(20):
        becomes(make_merchant(), "failing", 5000, switches_off_on=NOON.date() + DAY)
    assert queries() == few
    assert few <= 20


# The digest


def made() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("subject", flat=True))


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        (EIGHT - SECOND, False),
        (EIGHT, True),
        (EIGHT + timedelta(hours=6) - SECOND, True),
        (EIGHT + timedelta(hours=6), False),
        (EIGHT + 3 * DAY, False),  # a Saturday
    ],
)
def test_it_comes_at_its_time_on_its_days(at: datetime, comes: bool) -> None:
    make_digest()
    digests.make_due(at)
    assert made() == (["Hand-over, Wed 17 Jun: nothing new"] if comes else [])


def test_it_comes_once_a_day_whichever_clock_asks() -> None:
    make_digest()
    for minutes in range(0, 60, 10):
        digests.make_due(EIGHT + minutes * MINUTE)
    digests.make_due(EIGHT + DAY)
    assert made() == ["Hand-over, Wed 17 Jun: nothing new", "Hand-over, Thu 18 Jun: nothing new"]


@pytest.mark.slow
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_clocks_at_once_make_one() -> None:
    make_digest()
    at_once(lambda _: digests.make_due(EIGHT))
    assert len(made()) == 1


def test_the_database_lets_a_rule_have_one_a_day() -> None:
    rule = make_digest()
    digests.make_due(EIGHT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(
            rule=rule, digest_of=EIGHT.date(), subject="x", text="x", made_at=EIGHT, next_try_at=EIGHT
        )


def test_a_note_that_goes_wrong_keeps_no_other_back_and_its_failure_is_seen(
    monkeypatch: pytest.MonkeyPatch, as_lead: Client
) -> None:
    of = scope.of

    def of_all_but_one(rule: AlertRule, today: date) -> MerchantQuerySet:
        return of(rule, date.fromisoformat("no day") if rule.name == "Night" else today)

    monkeypatch.setattr(scope, "of", of_all_but_one)
    make_digest(name="Night")
    make_digest(name="Morning")
    digests.make_due(EIGHT)
    assert [delivery.rule.name for delivery in Delivery.objects.all()] == ["Morning"]
    page = as_lead.get("/").text
    assert "Alerts of “Night” are not delivered." in page
    assert "The hand-over could not be written: something went wrong here (ValueError)." in page


def test_a_rule_made_in_the_afternoon_waits_for_the_next_morning() -> None:
    make_digest(counts_from=EIGHT + MINUTE)
    digests.make_due(EIGHT + 2 * MINUTE)
    assert made() == []
    digests.make_due(EIGHT + DAY)
    assert len(made()) == 1


def test_its_time_is_of_its_own_zone_and_a_late_shift_reaches_over_midnight() -> None:
    make_digest(time(23, 30), zone="Asia/Tokyo")
    digests.make_due(datetime(2026, 6, 17, 14, 30, tzinfo=UTC))
    assert Delivery.objects.get().digest_of.isoformat() == "2026-06-17"
    digests.make_due(datetime(2026, 6, 17, 15, 30, tzinfo=UTC))
    assert Delivery.objects.count() == 1


def test_a_time_that_the_clocks_skip_is_their_next(settings: Any) -> None:
    make_digest(time(1, 30), weekdays=[6], counts_from=datetime(2026, 3, 1, tzinfo=UTC))
    with time_machine.travel(datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), tick=False):
        digests.make_due(timezone.now())
        assert made() == []
        digests.make_due(timezone.now() + SECOND)
        assert len(made()) == 1


def test_it_looks_back_to_the_last_one() -> None:
    make_digest()
    make_failing_merchant(name="Osprey", began_to_fail_at=EIGHT + DAY - HOUR)
    digests.make_due(EIGHT + DAY)
    make_failing_merchant(name="Wren", began_to_fail_at=EIGHT + DAY + HOUR)
    digests.make_due(EIGHT + 2 * DAY)
    first, second = Delivery.objects.order_by("pk")
    assert "Osprey: " in first.text
    assert "Osprey: " not in second.text
    assert "Wren: " in second.text
    assert second.subject == "Hand-over, Fri 19 Jun: 1 began to fail"


def test_it_is_about_the_merchants_of_its_rule() -> None:
    make_digest(merchants="commerce=Clover")
    make_failing_merchant(name="Mine", commerce="Clover", switches_off_on=NOON.date() + DAY)
    make_failing_merchant(name="Theirs", switches_off_on=NOON.date() + DAY)
    digests.make_due(EIGHT)
    text = Delivery.objects.get().text
    assert "Mine: " in text
    assert "Theirs: " not in text


def test_it_arrives_as_plain_text(moved: Any) -> None:
    make_digest()
    moved.move_to(EIGHT)
    digests.make_due(EIGHT)
    with mail_server() as server:
        arrive()
    assert server.subjects == ["Hand-over, Wed 17 Jun: nothing new"]
    assert server.mails[0].get_content_type() == "text/plain"
    assert "Nobody is switched off within 7 days." in server.texts[0]
