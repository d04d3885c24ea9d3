"""The page of one merchant."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Activity, Merchant, Sync
from syncs.rules.salesdays import today
from syncs.rules.states import State
from tests.conftest import signed_in
from tests.factories import make_failing_merchant, make_merchant, make_request, make_sync, make_user
from tests.test_pauses import all_beat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def address(merchant: Merchant, rest: str = "") -> str:
    return f"/merchants/{merchant.company_id}/{rest}"


def page(client: Client, merchant: Merchant, query: str = "") -> str:
    response = client.get(address(merchant, query))
    assert response.status_code == 200
    return response.content.decode()


def test_it_asks_strangers_to_sign_in(client: Client) -> None:
    merchant = make_merchant()
    response = client.get(address(merchant))
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


def test_a_merchant_that_is_not_registered_gets_a_404_that_names_the_id(as_viewer: Client) -> None:
    company_id = uuid.uuid4()
    response = as_viewer.get(f"/merchants/{company_id}/")
    assert response.status_code == 404
    assert str(company_id) in response.content.decode()


def test_a_failing_merchant_shows_what_is_wrong_who_must_act_and_whether_a_rerun_is_safe(
    as_viewer: Client,
) -> None:
    merchant = make_failing_merchant(
        5130, "Account 090 is not in an Active state. (Archived)", last_pushed=False
    )
    html = page(as_viewer, merchant)
    assert "Xero is refusing the sales because account 090 is archived." in html
    assert "The merchant" in html
    assert "Yes, nothing was written" in html
    assert "Account 090 is not in an Active state. (Archived)" in html


def test_the_words_are_this_merchants_own_even_when_another_failed_first_with_another_account(
    as_viewer: Client,
) -> None:
    make_failing_merchant(5130, "Account 090 is not in an Active state.")
    merchant = make_failing_merchant(5130, "Account 200 is not in an Active state.")
    html = page(as_viewer, merchant)
    assert "account 200" in html
    assert "account 090" not in html.lower()


def test_a_code_nobody_knows_still_gets_a_page(as_viewer: Client) -> None:
    merchant = make_failing_merchant(5990, "Something new <script>alert(1)</script>")
    html = page(as_viewer, merchant)
    assert "Unknown failure" in html
    assert "<script>alert" not in html


def test_a_connection_cut_after_a_good_sync_is_what_is_wrong(as_viewer: Client) -> None:
    merchant = make_merchant(health="needs_reconnect", last_code=2000, statuses=("Linked", "Deauthorized"))
    html = page(as_viewer, merchant)
    assert "disconnected" in html
    assert "Reconnect link" in html


def test_the_fuse_counts_days_and_names_the_date(as_viewer: Client) -> None:
    merchant = make_failing_merchant()
    html = page(as_viewer, merchant)
    assert "11 days left" in html
    assert "20 of 31 failed days" in html
    assert "Yesterday: " not in html


def test_where_the_days_do_not_sum_to_the_fuse_it_says_that_yesterday_is_to_come(as_viewer: Client) -> None:
    soon = timezone.now().date() + timedelta(days=10)
    html = page(as_viewer, make_failing_merchant(switches_off_on=soon))
    assert "10 days left" in html
    assert "Yesterday: its sync has not run yet. If it fails, that is failed day 21." in html


@pytest.mark.parametrize(("failed_days", "told"), [(3, False), (31, True)])
def test_a_sync_that_is_off_has_no_invented_story(as_viewer: Client, failed_days: int, told: bool) -> None:
    html = page(as_viewer, make_merchant(health="switched_off", enabled=False, failed_days=failed_days))
    head = html[html.index("<h1>") : html.index("Company ID")]
    assert "Switched off" in head
    assert "Synced" not in head
    assert ("after 31 failed days" in html) == told
    assert ("Nobody told us by whom" in html) != told


def test_a_problem_with_codat_is_said_and_the_data_is_kept(as_viewer: Client) -> None:
    merchant = make_failing_merchant(refresh_problem="Codat answered 503.")
    html = page(as_viewer, merchant)
    assert "Codat could not be asked." in html
    assert "Codat answered 503." in html


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/London", "Asked again at 14:40: its syncs usually end 02:10 – 02:50."),
        ("Asia/Tokyo", "Asked again at 22:40: its syncs usually end 10:10 – 10:50."),
        ("Pacific/Auckland", "Asked again at 01:40: its syncs usually end 13:10 – 13:50."),
    ],
)
def test_it_says_when_the_merchant_is_asked_again_and_why(zone: str, words: str) -> None:
    usual = "\ufdd0{2026-06-18T01:10:00Z/2026-06-18T01:50:00Z}"
    reason = f"asked again at \ufdd0{{2026-06-17T13:40:00Z}}: its syncs usually end {usual}"
    merchant = make_merchant(next_refresh_reason=reason, time_zone="America/New_York")
    all_beat()
    assert f"{words} While somebody is at this page" in page(signed_in(make_user(time_zone=zone)), merchant)
    archived = make_merchant(archived_at=timezone.now())
    assert "Checked by itself" not in page(signed_in(make_user()), archived)


def test_an_archived_merchant_can_be_read_but_not_synced(as_support: Client) -> None:
    merchant = make_merchant(archived_at=timezone.now(), archived_why="Closed its shop")
    html = page(as_support, merchant)
    assert "Closed its shop" in html
    assert "This merchant is archived." in html
    assert "Review" not in html


def test_a_viewer_sees_no_form_but_why(as_viewer: Client) -> None:
    html = page(as_viewer, make_merchant())
    assert "Your role can view but not run syncs. Ask an admin for the role support." in html
    assert "/rerun/" not in html


def test_an_unlinked_platform_holds_the_form_back(as_support: Client) -> None:
    html = page(as_support, make_merchant(statuses=("Linked", "PendingAuth")))
    assert "Xero is not linked." in html
    assert "Review" not in html


def test_the_number_of_queries_does_not_grow_with_the_history(as_support: Client) -> None:
    few, many = make_merchant(), make_merchant()
    make_sync(few)
    for hours in range(1, 24):
        make_sync(many, started_at=timezone.now() - timedelta(hours=hours))
    counts = []
    for merchant in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page(as_support, merchant)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_sync_opens_with_what_codat_sent_and_closes_again(as_viewer: Client) -> None:
    merchant = make_merchant()
    sync = make_sync(merchant, raw={"syncId": "abc", "errorMessage": "</pre><script>alert(1)</script>"})
    opened = as_viewer.get(address(merchant, f"syncs/{sync.pk}/"), headers={"HX-Request": "true"})
    assert "What Codat sent" in opened.content.decode()
    assert "<script>alert" not in opened.content.decode()
    closed = as_viewer.get(address(merchant, f"syncs/{sync.pk}/?closed"), headers={"HX-Request": "true"})
    assert "What Codat sent" not in closed.content.decode()


def test_without_htmx_a_sync_opens_on_the_page(as_viewer: Client) -> None:
    merchant = make_merchant()
    sync = make_sync(merchant)
    response = as_viewer.get(address(merchant, f"syncs/{sync.pk}/"), follow=True)
    assert "What Codat sent" in response.content.decode()


def test_a_sync_of_another_merchant_is_not_found_here(as_viewer: Client) -> None:
    sync = make_sync(make_merchant())
    response = as_viewer.get(address(make_merchant(), f"syncs/{sync.pk}/"), headers={"HX-Request": "true"})
    assert response.status_code == 404


def test_older_syncs_are_reached_by_key(as_viewer: Client) -> None:
    merchant = make_merchant()
    for hours in range(30):
        make_sync(merchant, sync_id=f"sync-{hours:02}", started_at=timezone.now() - timedelta(hours=hours))
    first = as_viewer.get(address(merchant))
    assert [row.sync.sync_id for row in first.context["history"].rows][-1] == "sync-24"
    older = as_viewer.get(first.context["history"].older_url)
    assert [row.sync.sync_id for row in older.context["history"].rows] == [f"sync-{n}" for n in range(25, 30)]
    back = as_viewer.get(older.context["history"].newer_url)
    assert [row.sync.sync_id for row in back.context["history"].rows][-1] == "sync-24"


@pytest.mark.parametrize("nonsense", ["x", "_", "\0", "9" * 400])
def test_a_key_that_is_none_shows_the_first_page(as_viewer: Client, nonsense: str) -> None:
    merchant = make_merchant()
    make_sync(merchant)
    query = dict.fromkeys(("before", "after", "show", "open"), nonsense)
    response = as_viewer.get(address(merchant), query)
    assert len(response.context["history"].rows) == 1


def test_a_note_is_kept_with_its_name(as_support: Client) -> None:
    merchant = make_merchant()
    as_support.post(address(merchant, "notes/"), {"note": "Rang the owner <b>twice</b>"})
    entry = Activity.objects.get(merchant=merchant)
    assert (entry.actor.username, entry.reason) == ("support", "Rang the owner <b>twice</b>")
    assert "&lt;b&gt;twice" in page(as_support, merchant)


def test_an_empty_note_is_not_saved_and_says_so(as_support: Client) -> None:
    merchant = make_merchant()
    response = as_support.post(address(merchant, "notes/"), {"note": "  "})
    assert response.status_code == 422
    assert "Write a few words." in response.content.decode()
    assert not Activity.objects.exists()


def test_a_viewer_may_not_add_notes(as_viewer: Client) -> None:
    response = as_viewer.post(address(make_merchant(), "notes/"), {"note": "hello"})
    assert response.status_code == 403
    assert not Activity.objects.exists()


def test_the_days_tell_a_failure_that_was_made_good_later(as_viewer: Client) -> None:
    merchant = make_merchant()
    day = timezone.localdate() - timedelta(days=3)
    sync = make_sync(merchant)
    merchant.days.create(day=day, outcome="failed", sync=sync, covered_by=sync)
    merchant.days.create(day=day + timedelta(days=1), outcome="not_run")
    html = page(as_viewer, merchant)
    assert f"{day:%a} {day.day} {day:%b}: failed at first, then synced" in html
    assert "never synced" in html
    assert Sync.objects.count() == 1


@pytest.mark.parametrize(("state", "shown"), [(State.ACCEPTED, True), (State.QUEUED, False)])
def test_the_days_of_a_re_run_show_that_codat_works_on_them(
    as_viewer: Client, state: State, shown: bool
) -> None:
    merchant = make_merchant()
    yesterday = timezone.now().astimezone(merchant.zone).date() - timedelta(days=1)
    make_request(merchant, state=state, first_day=yesterday, last_day=yesterday)
    words = f"{yesterday:%a %-d %b}: a sync is running; before: "
    assert (words in page(as_viewer, merchant)) == shown


def test_a_merchant_whose_syncs_nobody_has_read_is_not_told_as_one_that_codat_was_not_asked_about(
    as_viewer: Client,
) -> None:
    html = page(as_viewer, make_merchant(health="unseen", refreshed_at=None, last_success_at=None))
    assert "Not known yet: its syncs have not been read from Codat." in html
    assert "have not been read from Codat. They appear here by themselves." in html
    assert "Codat has not been asked" not in html
    assert "No sync yet." not in html
    assert "0 syncs" not in html
    assert "Never" not in html


def test_a_day_that_has_just_ended_is_no_gap_while_its_sync_may_still_come(as_viewer: Client) -> None:
    merchant = make_merchant()
    this_day = today(merchant.zone, timezone.now())
    for ago, outcome in ((3, "synced"), (2, "not_run"), (1, "not_run")):
        covered_by = make_sync(merchant) if outcome == "synced" else None
        merchant.days.create(day=this_day - timedelta(days=ago), outcome=outcome, covered_by=covered_by)
    html = page(as_viewer, merchant)
    assert html.count("never synced") == 1
    assert html.count("its sync has not run yet") == 1


def test_the_way_back_leads_to_those_who_stand_as_it_does(as_viewer: Client) -> None:
    failing, gone = make_failing_merchant(), make_merchant(archived_at=timezone.now())
    assert '<a href="/?health=failing">Failing</a>' in as_viewer.get(f"/merchants/{failing.company_id}/").text
    assert '<a href="/?health=archived">Archived</a>' in as_viewer.get(f"/merchants/{gone.company_id}/").text
