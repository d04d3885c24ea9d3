import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from syncs.models import Merchant, SyncRequest
from syncs.operations import diagnosing
from syncs.rules.salesdays import today
from syncs.rules.states import State
from tests.factories import make_cause, make_failing_merchant, make_merchant, make_request, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]


def row(client: Client, url: str = "/") -> str:
    """The page's only row, its tags taken out where they only decorate."""
    html = client.get(url).content.decode()
    rows = re.findall(r'<tr id="row-.*?</tr>', html, re.DOTALL)
    assert len(rows) == 1
    return " ".join(re.sub(r"<svg.*?</svg>|</?time.*?>", "", rows[0], flags=re.DOTALL).split())


def test_a_failure_shows_its_code_codats_words_and_the_way_to_both_forms(as_support: Client) -> None:
    merchant = make_failing_merchant(5130, "Account 090 is archived")
    html = row(as_support)
    assert 'Could not write data <span class="mono">5130</span>' in html
    assert "Account 090 is archived" in html
    assert f'href="/merchants/{merchant.company_id}/?run=historic#rerun"' in html
    assert f'href="/merchants/{merchant.company_id}/?run=latest#rerun"' in html


def test_a_viewer_is_offered_no_sync(as_viewer: Client) -> None:
    make_failing_merchant()
    assert "?run=" not in row(as_viewer)


def test_a_failure_without_a_message_says_that_codat_gave_none(as_viewer: Client) -> None:
    make_failing_merchant(5120, "")
    assert "Codat gave no message" in row(as_viewer)


def test_a_running_sync_stands_beside_the_last_result_and_never_hides_it(as_support: Client) -> None:
    since = timezone.now() - timedelta(minutes=14)
    make_failing_merchant(running_since=since, running_code=1010)
    html = row(as_support)
    assert "5130" in html
    assert "Running over 10 min" in html
    assert "Wait: about 14 min so far" in html
    assert "?run=" not in html


def test_a_sync_that_we_asked_for_names_who_asked(as_support: Client) -> None:
    merchant = make_failing_merchant(running_since=timezone.now() - timedelta(minutes=2), running_code=1000)
    priya = make_user("support", first_name="Priya", last_name="Nair")
    make_request(merchant, state=State.ACCEPTED, asked_by=priya)
    html = row(as_support)
    assert "asked by Priya Nair" in html
    assert "Wait: 2 min so far" in html


def test_a_request_on_its_way_is_shown_before_anything_runs(as_support: Client) -> None:
    make_request(make_failing_merchant())
    html = row(as_support)
    assert "Saved" in html
    assert "Wait: asked just now" in html
    assert "?run=" not in html


def test_a_severed_merchant_offers_its_reconnect_link_and_its_fuse_stands_still(as_support: Client) -> None:
    make_merchant(
        health="needs_reconnect",
        last_code=4040,
        last_cause=make_cause(4040, "No connection"),
        statuses=("Linked", "Deauthorized"),
        failed_days=1,
        link_url="https://link.example.com/mine",
    )
    html = row(as_support)
    assert "Xero is not linked" in html
    assert "Codat has stopped trying" in html
    link = "https://link.example.com/mine"
    assert f'data-copy="{link}" href="{link}"' in html
    assert "Copy reconnect link" in html
    assert "?run=" not in html


@pytest.mark.parametrize(
    "columns",
    [
        {"health": "switched_off", "last_code": 5130},
        {"health": "needs_reconnect", "last_code": 4260},
        {"health": "unseen", "last_code": None, "refreshed_at": None},
    ],
)
def test_where_a_sync_would_be_refused_none_is_offered(
    as_support: Client, columns: dict[str, object]
) -> None:
    make_merchant(**columns)
    assert "?run=" not in row(as_support, f"/?health={columns['health']}")


def test_of_an_expired_plan_the_row_has_the_message_to_the_merchant(as_support: Client) -> None:
    merchant = make_merchant(health="needs_reconnect", last_code=4260, accounting="Xero")
    html = row(as_support)
    diagnosis = diagnosing.diagnose(merchant)
    assert diagnosis is not None
    assert diagnosis.message
    page = f"/merchants/{merchant.company_id}/"
    assert f'data-copy="{escape(diagnosis.message)}" href="{page}#h-wrong"' in html
    assert "Copy message" in html
    assert f'<noscript><p class="sm">{escape(diagnosis.message)[:20]}' in as_support.get(page).text


def why_not(client: Client, url: str = "/", key: str = "l") -> str:
    """What is said to who presses a key that has no effect on this row."""
    html = " ".join(re.sub(r"</?time.*?>", "", client.get(url).text, flags=re.DOTALL).split())
    found = re.search(r'data-why-not="([lr ]+)" hidden>(.*?)</span>', html)
    return found[2].strip() if found and key in found[1] else ""


def test_a_key_on_a_row_without_its_button_has_a_reason(as_support: Client, as_viewer: Client) -> None:
    merchant = make_failing_merchant(name="Aspen Goods")
    assert why_not(as_support) == ""
    assert why_not(as_viewer) == "Your role can view but not run syncs."
    request = make_request(merchant)
    assert why_not(as_support) == "A sync of Aspen Goods is on its way, asked just now. Wait for its result."
    SyncRequest.objects.filter(pk=request.pk).update(state=State.NEEDS_REVIEW)
    Merchant.objects.update(version=F("version") + 1)
    assert why_not(as_support) == "A request for Aspen Goods needs a person first."


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"running_code": 1000}, "Aspen Goods runs a sync now, about 3 min so far."),
        ({"archived_at": timezone.now()}, "Aspen Goods is archived. Nothing is sent for it any more."),
        ({"health": "unseen", "last_code": None}, "have not been read from Codat yet."),
        ({"health": "switched_off"}, "Only the merchant can switch it on again."),
        ({"health": "needs_reconnect", "last_code": 4260}, "A sync fails until the merchant renews it."),
        (
            {"health": "needs_reconnect", "last_code": 4040, "statuses": ("Linked", "Deauthorized")},
            "Aspen Goods must link Xero first.",
        ),
        (
            {"health": "never_synced", "last_code": None, "commerce": None},
            "Aspen Goods must link a platform first.",
        ),
    ],
)
def test_the_reason_is_that_merchants_own(
    as_support: Client, columns: dict[str, object], sentence: str
) -> None:
    if "running_code" in columns:
        columns = columns | {"running_since": timezone.now() - timedelta(minutes=3)}
    make_merchant(name="Aspen Goods", **({"health": "failing", "last_code": 5130} | columns))
    scope = "archived" if "archived_at" in columns else columns.get("health", "failing")
    for key in "lr":
        assert sentence in why_not(as_support, f"/?health={scope}", key)


def test_the_reason_stands_beside_the_name_which_is_never_out_of_sight(as_viewer: Client) -> None:
    make_merchant()
    cell = as_viewer.get("/?health=").text.partition('<td class="c-name">')[2].partition("</td>")[0]
    assert "Your role can view but not run syncs." in cell


def test_after_an_overlap_the_reason_names_the_other_key(as_support: Client) -> None:
    make_failing_merchant(5080, "Date overlaps with a previous sync date range")
    assert why_not(as_support, key="l").endswith("Re-run a range instead: press R.")
    assert why_not(as_support, key="r") == ""


def test_the_head_of_a_merchants_page_has_it_for_every_role(as_support: Client, as_viewer: Client) -> None:
    merchant = make_failing_merchant()
    url = f"/merchants/{merchant.company_id}/"
    assert why_not(as_support, url) == ""
    assert why_not(as_viewer, url).startswith("Your role can view but not run syncs.")
    Merchant.objects.update(running_since=timezone.now())
    assert why_not(as_support, url) == "A sync is already running for this merchant. Wait for its result."


def test_after_an_overlap_only_a_range_is_offered(as_support: Client) -> None:
    make_failing_merchant(5080, "Date overlaps with a previous sync date range")
    html = row(as_support)
    assert "?run=historic" in html
    assert "?run=latest" not in html


@pytest.mark.parametrize(
    ("left", "words", "tone"),
    [
        (30, "30 days left", "mute"),
        (14, "14 days left", "warn"),
        (3, "3 days left", "bad"),
        (1, "1 day left", "bad"),
        (0, "Today", "bad"),
        (-2, "Today", "bad"),
    ],
)
def test_the_fuse_counts_in_the_merchants_own_days(
    as_viewer: Client, left: int, words: str, tone: str
) -> None:
    merchant = make_failing_merchant(time_zone="Pacific/Auckland", failed_days=28)
    merchant.switches_off_on = today(merchant.zone, timezone.now()) + timedelta(days=left)
    merchant.save()
    html = row(as_viewer)
    assert words in html
    assert f'class="count t-{tone} num"' in html
    assert "28 of 31" in html


@pytest.mark.parametrize(("left", "is_said"), [(3, False), (2, True)])
def test_failed_days_and_days_left_add_up_to_31_or_the_row_says_what_is_open(
    as_viewer: Client, left: int, is_said: bool
) -> None:
    off = timezone.localdate() + timedelta(days=left)
    make_failing_merchant(failed_days=28, switches_off_on=off)
    html = row(as_viewer)
    assert "28 of 31" in html
    assert (", 1 open" in html) == is_said


def test_a_run_that_may_still_come_is_not_called_missed(as_viewer: Client) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    make_merchant(last_days="w" * 12 + "gg", last_days_end=yesterday)
    assert "12 synced, 1 did not run, the newest: its sync has not run yet" in row(as_viewer)


def test_the_strip_shows_the_newest_14_days_and_says_them_in_a_sentence(as_viewer: Client) -> None:
    end = timezone.localdate() - timedelta(days=2)
    make_merchant(last_days="f" * 17 + "wwwwwwwwnnfhgr", last_days_end=end)
    html = row(as_viewer)
    days = re.findall(r'<i class="d-(\w)">', html)
    assert "".join(days) == "wwwwwwwwnnfhgr"
    counted = "8 synced, 2 no sales, 1 failed, 1 disconnected, 1 running, 1 did not run"
    assert f"Last 14 days to {end:%-d %b}: {counted}" in html


def test_a_row_that_was_not_refreshed_for_an_hour_shows_its_age(as_viewer: Client) -> None:
    make_merchant(refreshed_at=timezone.now() - timedelta(days=2))
    assert "as of 2 days ago" in row(as_viewer)


def test_a_fresh_row_shows_none(as_viewer: Client) -> None:
    make_merchant()
    assert "as of" not in row(as_viewer)


def test_a_merchant_that_never_synced_says_what_is_missing(as_support: Client) -> None:
    make_merchant(
        health="never_synced",
        last_code=None,
        last_success_at=None,
        last_days="",
        statuses=("Linked", "PendingAuth"),
    )
    html = row(as_support)
    assert "Never synced" in html
    assert "Xero is not linked" in html
    assert "No days known yet" in html
    assert "Copy link" in html


def test_a_merchant_without_any_platform_is_offered_no_sync(as_support: Client) -> None:
    make_merchant(health="never_synced", last_code=None, last_success_at=None, commerce=None, accounting=None)
    html = row(as_support)
    assert "Copy link" in html
    assert "Sync latest" not in html


def test_a_name_with_markup_in_it_is_only_a_name(as_support: Client) -> None:
    make_failing_merchant(5130, "<img src=x onerror=alert(1)>", name="<script>alert(1)</script>")
    html = row(as_support)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)" in html
