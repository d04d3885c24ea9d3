"""A range that Codat stopped because its days are synced already (5080) says nothing of its merchant's daily sync."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.codat.client import CodatClient
from syncs.models import AlertEvent, Merchant, Sync, SyncRequest, User
from syncs.operations import rebuilding, reviewing, thinning
from syncs.rules.health import is_stopped_range
from syncs.rules.states import State
from syncs.rules.troubles import IN_TROUBLE
from tests.alerting import make_rule
from tests.codat.server import Server
from tests.factories import make_attempt, make_merchant, make_request, make_sync
from tests.looks import NOW, looked, never_seen, row
from tests.presses import press, pressed, stored

pytestmark = pytest.mark.django_db
NIGHT = row("night", 2000, "2026-11-21T03:00:00Z")
OVERLAP = "Date overlaps with a previous sync date range."
FIRST, LAST = date(2026, 11, 18), date(2026, 11, 20)
JUST_NOW = "2026-11-21T08:30:00Z"
STOOD = (
    *("health", "last_code", "last_cause", "last_message", "last_final_at", "last_pushed"),
    *("last_success_at", "failed_days", "failing_since", "switches_off_on", "last_days"),
)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def merchant() -> Merchant:
    return never_seen(time_zone="Europe/London", sync_hour=2, start_date=date(2026, 11, 1))


def ended(code: int = 5080, sync_id: str = "ours", **more: Any) -> Any:
    return row(sync_id, code, JUST_NOW, errorMessage=OVERLAP, dataPushed=False, **more)


def asked(merchant: Merchant, **columns: Any) -> SyncRequest:
    told = {"first_day": FIRST, "last_day": LAST, "commerce_sync_id": "ours", "asked_at": NOW}
    if columns.get("kind") == "latest":
        told = {"commerce_sync_id": "ours"}
    return make_request(merchant, state=State.ACCEPTED, state_since=NOW, **told | columns)


def stands(merchant: Merchant) -> tuple[object, ...]:
    now = Merchant.objects.get(pk=merchant.pk)
    return tuple(getattr(now, name) for name in STOOD)


def nothing_differs(merchant: Merchant) -> bool:
    return not rebuilding.rebuild(merchant.pk, timezone.now(), check=True)


def test_a_healthy_merchant_stays_as_it_was(scripted: Server, told: CodatClient, merchant: Merchant) -> None:
    make_rule("failing")
    looked(merchant, scripted, told, NIGHT)
    stood = stands(merchant)
    request = asked(merchant)
    looked(merchant, scripted, told, ended(), NIGHT)
    assert stands(merchant) == stood
    assert stood[:2] == ("healthy", 2000)
    assert stored(request).result == "Failed with “Stopped: duplicate risk” (5080)"
    assert not AlertEvent.objects.exists()
    assert nothing_differs(merchant)


def test_what_such_a_range_said_of_it_once_is_mended_by_the_next_look(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    looked(merchant, scripted, told, NIGHT)
    stood = stands(merchant)
    asked(merchant)
    looked(merchant, scripted, told, ended(), NIGHT)
    Merchant.objects.filter(pk=merchant.pk).update(health="failing", last_code=5080, last_message=OVERLAP)
    merchant.refresh_from_db()
    looked(merchant, scripted, told, ended(), NIGHT)
    assert stands(merchant) == stood


def test_one_that_fails_stays_with_the_failure_of_its_own(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    failed = row("failed", 5130, "2026-11-21T03:00:00Z", errorMessage="Account 090 is archived")
    good = row("good", 2000, "2026-11-19T03:00:00Z")
    looked(merchant, scripted, told, failed, good)
    stood = stands(merchant)
    asked(merchant)
    looked(merchant, scripted, told, ended(), failed, good)
    assert stands(merchant) == stood
    assert stood[:2] == ("failing", 5130)
    assert nothing_differs(merchant)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(4040, "historic"), (4260, "historic"), (5000, "historic"), (5130, "historic"), (5080, "latest")],
)
def test_what_fails_for_another_reason_or_is_no_range_says_something_of_it(
    scripted: Server, told: CodatClient, merchant: Merchant, code: int, kind: str
) -> None:
    looked(merchant, scripted, told, NIGHT)
    asked(merchant, kind=kind)
    now = looked(merchant, scripted, told, ended(code), NIGHT)
    assert (now.health in IN_TROUBLE, now.last_code) == (True, code)
    assert nothing_differs(merchant)


def test_what_nobody_asked_for_here_says_something_of_it(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    now = looked(merchant, scripted, told, ended(), NIGHT)
    assert (now.health, now.last_code) == ("failing", 5080)


def test_a_sync_that_turns_out_to_be_ours_is_read_anew(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    """First listed under an id of its own alone; then the newest sync tells both."""
    looked(merchant, scripted, told, NIGHT)
    stood = stands(merchant)
    request = asked(merchant, commerce_sync_id="upstream")
    seen = looked(merchant, scripted, told, ended(sync_id="listed"), NIGHT)
    assert (seen.health, stored(request).sync) == ("failing", None)
    Sync.objects.filter(sync_id="listed").update(commerce_sync_id="upstream")
    looked(merchant, scripted, told, ended(sync_id="listed"), NIGHT)
    assert stored(request).state == State.FAILED
    assert stands(merchant) == stood
    assert nothing_differs(merchant)


def sent_in_vain(merchant: Merchant, **columns: Any) -> SyncRequest:
    sent = NOW - timedelta(minutes=11)
    told = columns | {"asked_at": sent, "waiting_for": "No answer."}
    request = make_request(merchant, state=State.NEEDS_REVIEW, **told)
    make_attempt(request, started_at=sent, outcome="uncertain", listed_before=["night"])
    return request


@pytest.fixture
def unanswered(scripted: Server, told: CodatClient, merchant: Merchant) -> SyncRequest:
    """A range that Codat did not answer."""
    make_rule("failing")
    looked(merchant, scripted, told, NIGHT)
    return sent_in_vain(merchant, first_day=FIRST, last_day=LAST)


def test_while_nobody_knows_whether_it_is_ours_nothing_is_said_of_the_merchant(
    scripted: Server, told: CodatClient, unanswered: SyncRequest
) -> None:
    stood = stands(unanswered.merchant)
    looked(unanswered.merchant, scripted, told, ended(), NIGHT)
    assert stands(unanswered.merchant) == stood
    assert not AlertEvent.objects.exists()
    assert nothing_differs(unanswered.merchant)


def test_another_failure_that_may_be_ours_is_said_at_once(
    scripted: Server, told: CodatClient, unanswered: SyncRequest
) -> None:
    assert looked(unanswered.merchant, scripted, told, ended(5130), NIGHT).health == "failing"


def test_a_lead_who_says_that_it_was_ours_leaves_the_merchant_as_it_stood(
    scripted: Server, told: CodatClient, unanswered: SyncRequest, lead: User
) -> None:
    stood = stands(unanswered.merchant)
    looked(unanswered.merchant, scripted, told, ended(), NIGHT)
    sync = Sync.objects.get(sync_id="ours")
    assert reviewing.decide_ran(unanswered, sync, by=lead, reason="2 s after ours", now=timezone.now())
    assert stands(unanswered.merchant) == stood
    assert nothing_differs(unanswered.merchant)


def test_a_lead_who_says_that_nothing_of_ours_ran_has_it_read_anew(
    scripted: Server, told: CodatClient, unanswered: SyncRequest, lead: User
) -> None:
    looked(unanswered.merchant, scripted, told, ended(), NIGHT)
    assert reviewing.decide_not_run(unanswered, by=lead, reason="Nothing of ours", now=timezone.now())
    assert stands(unanswered.merchant)[:2] == ("failing", 5080)
    assert AlertEvent.objects.get().what == "Stopped: duplicate risk (5080)"
    assert nothing_differs(unanswered.merchant)


def test_a_lead_who_says_that_it_was_a_latest_sync_of_ours_has_it_read_anew(
    scripted: Server, told: CodatClient, merchant: Merchant, lead: User
) -> None:
    make_rule("failing")
    looked(merchant, scripted, told, NIGHT)
    latest = sent_in_vain(merchant, kind="latest")
    looked(merchant, scripted, told, ended(), NIGHT)
    sync = Sync.objects.get(sync_id="ours")
    assert reviewing.decide_ran(latest, sync, by=lead, reason="2 s after ours", now=timezone.now())
    assert stands(merchant)[:2] == ("failing", 5080)
    assert AlertEvent.objects.get().event == "failing"
    assert nothing_differs(merchant)


def test_where_nothing_else_has_ended_yet_the_merchant_has_never_synced(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    asked(merchant)
    now = looked(merchant, scripted, told, ended())
    assert (now.health, now.last_code, now.last_final_at) == ("never_synced", None, None)
    assert nothing_differs(merchant)


def test_the_next_look_is_planned_as_if_it_had_not_been(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    other = never_seen(time_zone="Europe/London", sync_hour=2, start_date=date(2026, 11, 1))
    for each in (merchant, other):
        looked(each, scripted, told, NIGHT)
    asked(merchant)
    # Its own moment within the minutes of a look.
    planned = [
        looked(each, scripted, told, *rows).next_refresh_reason.partition(": ")[2]
        for each, rows in ((merchant, (ended(), NIGHT)), (other, (NIGHT,)))
    ]
    assert planned[0] == planned[1]


def test_days_that_it_overlaps_in_part_are_not_failed_by_it(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    """Codat ran nothing: what was open stays open, and no fuse burns for it."""
    early = row("early", 2000, "2026-11-19T03:00:00Z")
    looked(merchant, scripted, told, early)
    stood = stands(merchant)
    assert stood[-1].endswith("wgg")
    asked(merchant)
    looked(merchant, scripted, told, ended(), early)
    assert stands(merchant) == stood
    assert nothing_differs(merchant)


def test_a_look_asks_the_database_no_more_for_it(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    counts = []
    for code in (5000, 5080):
        each = never_seen(time_zone="Europe/London", sync_hour=2, start_date=date(2026, 11, 1))
        looked(each, scripted, told, NIGHT)
        asked(each)
        with CaptureQueriesContext(connection) as queries:
            looked(each, scripted, told, ended(code), NIGHT)
        counts.append(len(queries))
    assert counts[1] <= counts[0]


def test_a_latest_sync_after_it_is_held_by_nothing(
    scripted: Server, told: CodatClient, merchant: Merchant, support: User
) -> None:
    looked(merchant, scripted, told, NIGHT)
    asked(merchant)
    now = looked(merchant, scripted, told, ended(), NIGHT)
    assert press(now, support, NOW, pressed(override_reason="")).is_new


def test_what_helped_before_it_helps_after_it(
    scripted: Server, told: CodatClient, merchant: Merchant, as_support: Client
) -> None:
    failed = row("failed", 5000, "2026-11-21T03:00:00Z", errorMessage="Oops")
    good = row("good", 2000, "2026-11-20T03:00:00Z")
    looked(merchant, scripted, told, failed, good)
    asked(merchant, first_day=FIRST, last_day=FIRST)
    looked(merchant, scripted, told, ended(), failed, good)
    html = as_support.get(f"/merchants/{merchant.company_id}/").text
    assert "Sync latest is enough." in html.partition('id="rerun"')[2]


def test_what_health_comes_from_is_kept_where_old_syncs_go(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    """A failure of long ago is how it stands, though a range was stopped since."""
    failed = row("failed", 5130, "2026-02-03T03:00:00Z", errorMessage="Account 090 is archived")
    older = row("older", 5130, "2026-02-02T03:00:00Z", errorMessage="Account 090 is archived")
    looked(merchant, scripted, told, failed, older)
    asked(merchant)
    looked(merchant, scripted, told, ended(), failed, older)
    assert thinning.thin(merchant.pk, timedelta(days=200), NOW) == 1
    assert set(merchant.syncs.values_list("sync_id", flat=True)) == {"failed", "ours"}
    assert nothing_differs(merchant)


def test_the_rule_and_the_rows_agree(merchant: Merchant) -> None:
    told = {}
    for code in (2000, 2040, 4000, 4040, 5000, 5080, 5130, 5999):
        for kind in ("historic", "latest", ""):
            sync = make_sync(merchant, code)
            if kind:
                make_request(merchant, state=State.FAILED, kind=kind, sync=sync)
            told[sync.pk] = is_stopped_range(code, was_range=kind == "historic")
    kept = set(merchant.syncs.but_stopped_ranges().values_list("pk", flat=True))
    assert {pk for pk, is_stopped in told.items() if not is_stopped} == kept
    assert sum(told.values()) == 1


# What a person reads of it


@pytest.fixture
def pressed_in_vain(scripted: Server, told: CodatClient, merchant: Merchant) -> SyncRequest:
    looked(merchant, scripted, told, NIGHT)
    request = asked(merchant)
    looked(merchant, scripted, told, ended(), NIGHT)
    return stored(request)


def test_the_merchants_page_says_what_became_of_the_range(
    as_support: Client, pressed_in_vain: SyncRequest
) -> None:
    html = as_support.get(f"/merchants/{pressed_in_vain.merchant.company_id}/").text
    assert "Nothing. The last sync succeeded." in html
    news = html.partition('id="news"')[2].partition("</div>\n")[0]
    assert "Failed with “Stopped: duplicate risk” (5080)" in news
    assert "Codat stopped this run because the days overlap an earlier sync." in news
    assert "Leave out the days that are already synced" in news
    history = html.partition('id="history"')[2]
    assert "Stopped: duplicate risk" in history
    assert "Its days stay as they were" in history


@pytest.mark.parametrize("address", ["/requests/{}/", "/syncs/", "/requests/"])
def test_its_own_page_and_the_lists_show_the_failure(
    as_support: Client, pressed_in_vain: SyncRequest, address: str
) -> None:
    assert "Stopped: duplicate risk" in as_support.get(address.format(pressed_in_vain.pk)).text


def test_it_is_in_no_list_of_what_fails(as_support: Client, pressed_in_vain: SyncRequest) -> None:
    assert pressed_in_vain.merchant.name not in as_support.get("/?health=failing").text
    assert pressed_in_vain.merchant.name in as_support.get("/?health=healthy").text


def test_the_history_of_another_merchant_says_so_of_no_other_failure(as_support: Client) -> None:
    merchant = make_merchant()
    sync = make_sync(merchant, 5130, message="Account 090 is archived")
    make_request(merchant, state=State.FAILED, sync=sync)
    make_sync(merchant, 5080, message=OVERLAP)
    assert "Its days stay as they were" not in as_support.get(f"/merchants/{merchant.company_id}/").text
