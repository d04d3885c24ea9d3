"""What a refresh makes of all that Codat may answer, and of no answer at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncs.codat.budget import LocalBudget
from syncs.codat.client import CodatClient
from syncs.codat.pace import refusal
from syncs.models import Activity, Merchant, Sync
from syncs.operations import health
from syncs.operations.handing_out import HANDED_OUT
from syncs.operations.merchants import GONE_AT_CODAT
from syncs.operations.refresh import refresh
from syncs.rules.states import ACTIVE, AT_CODAT, State
from tests.codat.examples import no_company
from tests.codat.server import Server, hangs_up, says
from tests.factories import make_merchant, make_request
from tests.looks import NOW, looked, never_seen, row
from tests.upstream import CANARY, client_of


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def merchant(db: None) -> Merchant:
    return never_seen()


def test_a_running_sync_never_hides_a_failure(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    failed = row("failed", 5130, errorMessage="Account 090 is archived")
    now = looked(merchant, scripted, told, row("now", 1000, "2026-11-21T08:39:00Z"), failed)
    assert (now.health, now.last_code, now.running_code) == ("failing", 5130, 1000)
    assert now.running_since == datetime(2026, 11, 21, 8, 39, tzinfo=UTC)


def test_a_run_that_codat_lost_a_day_ago_does_not_run_any_more(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    hanging = row("hangs", 1010, "2026-11-20T09:00:00Z")
    assert looked(merchant, scripted, told, hanging).running_since is not None
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        now = looked(merchant, scripted, told, hanging)
    assert (now.running_since, now.running_code) == (None, None)
    assert now.version == 2


@pytest.mark.parametrize(
    "answer", [says(200, []), says(204), says(200), says(404, {"error": "No data available"})]
)
def test_a_merchant_without_syncs_never_synced(
    scripted: Server, told: CodatClient, merchant: Merchant, answer: Any
) -> None:
    scripted.answers(answer)
    refresh(merchant.pk, told)
    now = Merchant.objects.get()
    assert (now.health, now.refresh_problem, now.archived_at) == ("never_synced", "", None)


def test_a_list_that_shrank_takes_nothing_away(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    looked(merchant, scripted, told, row("one"), row("two", at="2026-11-19T03:00:00Z"))
    now = looked(merchant, scripted, told)
    assert (Sync.objects.count(), now.health) == (2, "healthy")


@pytest.mark.parametrize(
    "answer",
    [
        says(200, b"<html>a login page</html>"),
        says(200, b'[{"syncId": "tru'),
        says(200, "a text"),
        says(200, [row(companyId="20803807-4e9a-4cb7-b67b-9f889a3916e1")]),
        says(500, {"error": "oops"}),
        says(401, {"error": "Unauthorized"}),
        says(404, b"<html>no such page</html>"),
        says(429, {"error": "Slow down"}, Retry_After="90"),
        hangs_up,
    ],
)
def test_a_look_in_vain_is_shown_and_keeps_what_is_known(
    scripted: Server, told: CodatClient, merchant: Merchant, answer: Any
) -> None:
    known = looked(merchant, scripted, told, row())
    for _ in range(2):
        scripted.answers(answer)
        # Each with a budget of its own: in a time that stands still, one would be spent and stay so.
        with client_of(scripted.url, backoff=0.01) as client:
            refresh(merchant.pk, client)
    now = Merchant.objects.get()
    assert now.refresh_problem
    assert now.next_refresh_reason == "asked again after a look in vain"
    assert NOW + timedelta(minutes=8) < now.next_refresh_at <= NOW + timedelta(minutes=10)
    assert (now.health, now.last_days, now.refreshed_at) == ("healthy", known.last_days, known.refreshed_at)
    assert (now.archived_at, Sync.objects.count()) == (None, 1)
    assert now.version == known.version + 1
    with client_of(scripted.url) as client:
        assert looked(merchant, scripted, client, row()).refresh_problem == ""
    assert Merchant.objects.get().version == known.version + 2


def test_a_pause_of_all_calls_is_no_problem_of_one_merchant(scripted: Server, merchant: Merchant) -> None:
    """Every page has a notice of it."""
    budget = LocalBudget(per_minute=60)
    budget.slow_down(3600)
    with CodatClient(base_url=scripted.url, api_key=CANARY, budget=budget) as client:
        refresh(merchant.pk, client)
    now = Merchant.objects.get()
    assert (now.refresh_problem, now.version) == ("", 0)
    assert now.next_refresh_at == NOW + timedelta(minutes=5)
    assert now.next_refresh_reason == "asked again after a look in vain: Codat asked us to pause."


def test_a_merchant_that_is_told_to_wait_an_hour_is_looked_at_in_five_minutes(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    scripted.answers(says(429, {"error": "Slow down"}, Retry_After="3600"))
    refresh(merchant.pk, told)
    now = Merchant.objects.get()
    assert now.refresh_problem == "Codat answered 429: “Slow down”."
    assert now.next_refresh_at == NOW + timedelta(minutes=5)


def test_our_own_pace_is_nobodys_problem(scripted: Server, merchant: Merchant) -> None:
    budget = LocalBudget(per_minute=60)
    budget.slow_down(40)
    with CodatClient(base_url=scripted.url, api_key=CANARY, budget=budget) as client:
        refresh(merchant.pk, client)
    now = Merchant.objects.get()
    assert (now.refresh_problem, now.version) == ("", 0)
    assert now.next_refresh_at == NOW + timedelta(seconds=40)


def test_a_company_that_codat_does_not_know_is_archived(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    scripted.answers(says(404, no_company(merchant.company_id)))
    refresh(merchant.pk, told)
    now = Merchant.objects.get()
    assert (now.archived_at, now.archived_why) == (NOW, GONE_AT_CODAT)
    assert Activity.objects.filter(verb="merchant.archived", merchant=merchant).count() == 1
    refresh(merchant.pk, told)
    assert len(scripted.requests) == 1


def test_an_answer_about_another_company_archives_nothing(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    scripted.answers(says(404, no_company("846ed55c-974b-4392-a1f1-87b6fdbf3c5e")))
    refresh(merchant.pk, told)
    now = Merchant.objects.get()
    assert now.archived_at is None
    assert "846ed55c" in now.refresh_problem


def test_when_many_are_gone_at_once_the_key_may_be_anothers_and_nobody_else_is_archived(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    for _ in range(3):
        make_merchant(archived_at=NOW - timedelta(hours=1), archived_why=GONE_AT_CODAT)
    scripted.answers(says(404, no_company(merchant.company_id)))
    refresh(merchant.pk, told)
    now = Merchant.objects.get(pk=merchant.pk)
    assert now.archived_at is None
    assert "No company was found" in now.refresh_problem


def test_an_archived_merchant_is_not_asked_for(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    Merchant.objects.update(archived_at=NOW)
    refresh(merchant.pk, told)
    refresh(0, told)
    assert not scripted.requests


def test_a_change_of_health_is_news_but_the_first_look_is_not(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    looked(merchant, scripted, told, row())
    assert not Activity.objects.exists()
    looked(merchant, scripted, told, row("two", 5000, "2026-11-21T03:00:00Z", errorMessage="Oops"), row())
    entry = Activity.objects.get()
    assert (entry.verb, entry.before, entry.after) == ("merchant.health", "Healthy", "Failing")
    assert (entry.merchant, entry.actor) == (merchant, None)


def test_of_two_refreshes_of_one_merchant_one_stores_at_a_time(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    """On PostgreSQL by a lock on its row. SQLite has one writer, and knows no such words."""
    with CaptureQueriesContext(connection) as asked:
        looked(merchant, scripted, told, row())
    locks = [query for query in asked.captured_queries if query["sql"].endswith("FOR UPDATE")]
    assert len(locks) == connection.features.has_select_for_update


def test_who_is_turned_away_by_our_own_pace_keeps_its_place_and_its_reason(
    merchant: Merchant, told: CodatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan(merchant, refreshed_at=NOW - timedelta(days=1))
    assert before[0] < NOW - timedelta(minutes=30)
    Merchant.objects.update(next_refresh_at=NOW + timedelta(minutes=6), next_refresh_reason=HANDED_OUT)
    monkeypatch.setattr(told, "syncs", lambda *_: turn_away())
    refresh(merchant.pk, told)
    now = Merchant.objects.get()
    assert (now.next_refresh_at, now.next_refresh_reason) == before


def test_who_is_asked_for_by_a_person_and_turned_away_is_asked_a_moment_later(
    merchant: Merchant, told: CodatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(merchant, refreshed_at=NOW - timedelta(seconds=30))
    monkeypatch.setattr(told, "syncs", lambda *_: turn_away())
    refresh(merchant.pk, told)
    assert Merchant.objects.get().next_refresh_at == NOW + timedelta(seconds=1)


@pytest.mark.parametrize("status", [400, 500])
def test_whose_looks_fail_day_after_day_is_asked_ever_more_rarely(
    scripted: Server, merchant: Merchant, status: int
) -> None:
    plan(merchant, refreshed_at=NOW - timedelta(minutes=30))
    scripted.answers(says(status, {"error": "kaputt", "statusCode": status}))
    looks, now = [], NOW
    with client_of(scripted.url, backoff=0.0) as client:
        while now < NOW + timedelta(days=4):
            with time_machine.travel(now, tick=False):
                refresh(merchant.pk, client)
            looks.append(now)
            now = Merchant.objects.get().next_refresh_at
    by_day = [sum(day <= (look - NOW).days < day + 1 for look in looks) for day in range(4)]
    assert looks[1] - looks[0] == timedelta(minutes=2)
    assert by_day[0] < 70
    assert by_day[3] <= 3


def plan(merchant: Merchant, **columns: Any) -> tuple[datetime, str]:
    """Healthy, with a result of last night; as its last look left it."""
    last_night = datetime(2026, 11, 21, 3, tzinfo=UTC)
    told = {
        "health": "healthy",
        "last_final_at": last_night,
        "last_success_at": last_night,
        "last_code": 2000,
    }
    Merchant.objects.update(**told, silent_since=last_night, **columns)
    merchant.refresh_from_db()
    health.plan_next_look(merchant, NOW)
    merchant.save()
    return merchant.next_refresh_at, merchant.next_refresh_reason  # type: ignore[return-value]


@pytest.mark.parametrize(("state", "is_followed"), [(state, state in AT_CODAT) for state in sorted(ACTIVE)])
def test_only_what_codat_may_be_working_on_is_followed_closely(
    merchant: Merchant, state: State, is_followed: bool
) -> None:
    """What is held in an outage, or waits for a person, waits for nothing that a look would bring."""
    make_request(merchant, state=state, state_since=NOW)
    at, why = plan(merchant, refreshed_at=NOW)
    assert (at <= NOW + timedelta(minutes=1), why.endswith("a sync is on its way")) == (
        is_followed,
        is_followed,
    )


def test_a_request_that_was_held_all_night_is_followed_from_when_it_was_sent(merchant: Merchant) -> None:
    make_request(merchant, state=State.ACCEPTED, asked_at=NOW - timedelta(hours=9), state_since=NOW)
    assert plan(merchant, refreshed_at=NOW)[0] == NOW + timedelta(seconds=5)


def turn_away() -> None:
    raise refusal("pace", 1.0)
