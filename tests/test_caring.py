"""I am on it, and snooze: who may say so, what stands at most once, and what ends it without anybody's doing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import Activity, Care, Merchant, User
from syncs.operations import caring, troubles
from syncs.operations.asking import NotPossible
from tests.codat.server import Server
from tests.conftest import NOON
from tests.factories import make_failing_merchant, make_merchant, make_user
from tests.looks import looked, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moved")]
DAY = timedelta(days=1)


def snoozed(merchant: Merchant, by: User, *, days: int = 3) -> Care:
    return caring.snooze(merchant, by=by, note="On holiday", until=NOON + days * DAY, now=NOON)


def on_it(merchant: Merchant, by: User, **more: Any) -> Care:
    return caring.acknowledge(merchant, by=by, note="", now=NOON, **more)


def stored(merchant: Merchant) -> Merchant:
    return Merchant.objects.get(pk=merchant.pk)


def newest() -> tuple[str, str, str]:
    entry = Activity.objects.latest("pk")
    return str(entry.actor or "Sync Desk"), entry.what, entry.reason


def known(**columns: Any) -> Merchant:
    """One whose look needs nothing but its syncs."""
    return make_failing_merchant(configured_at=NOON, **columns)


def fails(server: Server, told: CodatClient, merchant: Merchant, code: int = 5130, **more: Any) -> Merchant:
    at = (timezone.now() - timedelta(minutes=5)).isoformat()
    return looked(merchant, server, told, row(f"{code} {at}", code, at, errorMessage="Account 090", **more))


def test_who_is_on_it_stands_on_the_merchant_and_in_the_activity(support: User) -> None:
    merchant = make_failing_merchant()
    care = on_it(merchant, support)
    now = stored(merchant)
    assert (now.on_it, now.version) == ("Priya Nair", merchant.version + 1)
    assert (care.until, care.health, care.code) == (NOON + caring.ACK_AT_MOST, "failing", 5130)
    assert newest() == ("support", "Is on it", "")


def test_two_are_not_on_it_at_once_unless_the_second_takes_over(support: User, lead: User) -> None:
    merchant = make_failing_merchant()
    first = on_it(merchant, support)
    with pytest.raises(NotPossible, match="Priya Nair is on it already"):
        on_it(merchant, lead)
    on_it(merchant, lead, instead_of=first.pk)
    first.refresh_from_db()
    assert (stored(merchant).on_it, first.ended_by) == ("Mei Tanaka", lead)
    assert Care.objects.standing().get().by == lead


def test_whoever_says_it_twice_said_it_once(support: User) -> None:
    merchant = make_failing_merchant()
    assert on_it(merchant, support) == on_it(merchant, support)
    assert Activity.objects.filter(verb="merchant.ack").count() == 1


@pytest.mark.parametrize("columns", [{"health": "healthy"}, {"health": "unseen"}, {"archived_at": NOON}])
def test_where_nothing_is_wrong_there_is_nothing_to_care_for(support: User, columns: Any) -> None:
    merchant = make_failing_merchant(**columns)
    with pytest.raises(NotPossible):
        on_it(merchant, support)
    with pytest.raises(NotPossible):
        snoozed(merchant, support)
    assert not Care.objects.exists()


@pytest.mark.parametrize("days", [-1, 0, 32])
def test_a_snooze_ends_in_the_future_and_within_a_month(support: User, days: int) -> None:
    with pytest.raises(NotPossible, match="between now and a month from now"):
        snoozed(make_failing_merchant(), support, days=days)


def test_one_snooze_stands_at_a_time_and_names_its_owner(support: User, lead: User) -> None:
    merchant = make_failing_merchant()
    snoozed(merchant, support)
    with pytest.raises(NotPossible, match="Priya Nair has snoozed it already"):
        snoozed(merchant, lead)
    with pytest.raises(NotPossible, match="You have snoozed it already"):
        snoozed(merchant, support)


@pytest.mark.parametrize("kind", Care.Kind)
def test_the_database_lets_one_of_a_kind_stand(support: User, kind: str) -> None:
    columns = {"kind": kind, "by": support, "since": NOON, "until": NOON + DAY, "health": "failing"}
    merchant = make_failing_merchant()
    Care.objects.create(merchant=merchant, **columns, ended_at=NOON)
    Care.objects.create(merchant=merchant, **columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        Care.objects.create(merchant=merchant, **columns)


def test_a_snooze_ends_at_its_end_and_says_so(support: User, moved: Any) -> None:
    merchant = make_failing_merchant()
    snoozed(merchant, support, days=3)
    troubles.end_due(NOON + 3 * DAY - timedelta(seconds=1))
    assert stored(merchant).snoozed_until == NOON + 3 * DAY
    troubles.end_due(NOON + 3 * DAY)
    assert stored(merchant).snoozed_until is None
    assert newest() == ("Sync Desk", "Ended the snooze by Priya Nair", "Its time is up")


def test_two_clocks_end_it_once(support: User) -> None:
    snoozed(make_failing_merchant(), support)
    stale = list(Care.objects.all())
    assert [troubles.finish(care, now=NOON, reason="x") for care in [*stale, *stale]] == [True, False]
    assert Activity.objects.filter(verb="merchant.snooze_ended").count() == 1


def test_a_person_ends_it_once(support: User, lead: User) -> None:
    care = on_it(make_failing_merchant(), support)
    assert caring.end(care, by=lead, now=NOON)
    assert not caring.end(care, by=support, now=NOON)
    assert newest() == ("lead", "Noted that Priya Nair is on it no more", "")


def test_whoever_ends_their_own_is_not_named_twice(support: User) -> None:
    merchant = make_failing_merchant()
    caring.end(on_it(merchant, support), by=support, now=NOON)
    assert newest()[1] == "Is on it no more"
    caring.end(snoozed(merchant, support), by=support, now=NOON)
    assert newest()[1] == "Ended the snooze"


def test_the_same_failure_again_wakes_nobody(support: User, scripted: Server, told: CodatClient) -> None:
    merchant = known()
    snoozed(merchant, support)
    now = fails(scripted, told, merchant)
    assert (now.last_final_at, now.snoozed_until) == (NOON - timedelta(minutes=5), NOON + 3 * DAY)


def test_another_result_wakes_who_was_snoozed_and_leaves_who_is_on_it(
    support: User, scripted: Server, told: CodatClient
) -> None:
    merchant = known()
    on_it(merchant, support)
    snoozed(merchant, support)
    now = fails(scripted, told, merchant, 5000)
    assert (now.snoozed_until, now.on_it) == (None, "Priya Nair")
    assert newest()[1:] == (
        "Ended the snooze by Priya Nair",
        "It ends with another result now: Codat server error (5000)",
    )


def test_another_health_ends_both(support: User, scripted: Server, told: CodatClient) -> None:
    merchant = known()
    on_it(merchant, support)
    snoozed(merchant, support)
    now = fails(scripted, told, merchant, 4040)
    assert (now.health, now.snoozed_until, now.on_it) == ("needs_reconnect", None, "")
    assert not Care.objects.standing().exists()


def test_a_recovery_ends_both(support: User, scripted: Server, told: CodatClient) -> None:
    merchant = known()
    on_it(merchant, support)
    snoozed(merchant, support)
    now = fails(scripted, told, merchant, 2000)
    assert (now.health, now.snoozed_until, now.on_it) == ("healthy", None, "")
    assert newest()[2] == "It recovered"


@pytest.mark.parametrize(
    ("left", "later", "wakes"), [(8, 1, True), (9, 1, False), (5, 1, False), (5, 2, True)]
)
def test_a_fuse_that_reaches_seven_days_or_the_next_step_wakes(
    support: User, left: int, later: int, wakes: bool
) -> None:
    merchant = make_failing_merchant(switches_off_on=NOON.date() + left * DAY)
    snoozed(merchant, support, days=20)
    troubles.burn_down(NOON + later * DAY)
    assert (stored(merchant).snoozed_until is None) is wakes


def test_until_seven_days_are_left_is_a_midnight_of_the_merchant(support: User) -> None:
    merchant = make_merchant(time_zone="Asia/Tokyo", switches_off_on=date(2026, 6, 30))
    assert caring.end_of("fuse", merchant, NOON) == datetime(2026, 6, 22, 15, tzinfo=UTC)


@pytest.mark.parametrize("off_on", [None, date(2026, 6, 24), date(2026, 6, 20)])
def test_a_fuse_that_is_short_or_does_not_count_is_no_end_of_a_snooze(off_on: date | None) -> None:
    assert caring.end_of("fuse", make_merchant(switches_off_on=off_on), NOON) is None


def test_who_was_on_it_for_three_days_is_on_it_no_more() -> None:
    merchant = make_failing_merchant()
    on_it(merchant, make_user("support", first_name="Ola", last_name="Berg"))
    troubles.end_due(NOON + caring.ACK_AT_MOST)
    assert stored(merchant).on_it == ""
    assert newest()[1] == "Noted that Ola Berg is on it no more"
