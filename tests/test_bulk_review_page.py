"""The review of a press for many merchants: what a person is told before anything is saved."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import Merchant, SyncRequest
from syncs.rules.salesdays import day_window
from tests.bulk_pages import form_of, heading, review, words
from tests.factories import make_failing_merchant, make_merchant, make_request, make_sync
from tests.test_bulks import REFUSED, some_of_every_kind

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_it_says_who_will_run_and_who_will_not_and_saves_nothing(as_support: Client) -> None:
    some_of_every_kind()
    html = review(as_support, *Merchant.objects.all())
    assert heading(html) == "Sync latest for 2 of 10 merchants?"
    assert "8 will not, because…" in html
    assert "2 not linked." in html
    assert "1 in review." in html
    for name in REFUSED:
        assert name in html
    assert not SyncRequest.objects.filter(bulk__isnull=False).exists()


def test_the_links_by_which_merchants_reconnect_are_there_to_copy(as_support: Client) -> None:
    fine, cut = make_merchant(), make_merchant(name="Cut off", statuses=("Deauthorized", "Linked"))
    html = review(as_support, fine, cut)
    assert f'data-copy="Cut off: {cut.link_url}"' in html
    assert "Copy 1 link<" in html


def test_a_filter_that_is_not_known_any_more_does_not_widen_the_list(as_lead: Client) -> None:
    make_merchant()
    response = as_lead.post("/bulk/", {"kind": "latest", "whom": "all", "query": "commerce=Gone"})
    assert response.status_code == 422
    assert "select anew" in words(response)


def test_those_picked_on_other_pages_count_with_those_of_this_one(as_support: Client) -> None:
    one, two = make_merchant(), make_merchant()
    assert heading(review(as_support, one, picked=f"{two.pk},{one.pk}")) == "Sync latest for 2 merchants?"


ODD = ["", "abc", "-1", "²", "9" * 19, "9" * 40, "0" * 9000 + "1", "1" * 400_000, "1,,;", "\0"]


@pytest.mark.parametrize("picked", ODD, ids=map(str, range(len(ODD))))
def test_odd_numbers_of_merchants_are_left_out(as_support: Client, picked: str) -> None:
    response = as_support.post("/bulk/", {"kind": "latest", "picked": picked, "pick": ["x", "9" * 30]})
    assert response.status_code == 422
    assert "No merchant is selected." in words(response)


def test_its_queries_do_not_grow_with_the_merchants(as_lead: Client) -> None:
    def queries(count: int) -> int:
        merchants = Merchant.objects.order_by("pk")[:count]
        with CaptureQueriesContext(connection) as captured:
            review(as_lead, *merchants)
        return len(captured)

    for _ in range(20):
        make_merchant()
        make_request(make_merchant())
    review(as_lead, make_merchant())
    few = queries(4)
    assert queries(40) == few
    # The one that finds where latest syncs start is asked of merchants without any sync too.
    assert few <= 15


def test_the_page_names_ten_and_all_of_them_when_asked(as_lead: Client) -> None:
    merchants = [make_merchant(name=f"Shop {number:02}") for number in range(12)]
    html = review(as_lead, *merchants)
    assert "Shop 09" in html
    assert "Shop 11" not in html
    assert "1–10 of 12" in html
    assert "Shop 11" in review(as_lead, **form_of(html) | {"show": "all"})


def test_what_was_running_is_told_beside_what_helps(as_support: Client) -> None:
    merchant = make_merchant(running_since=timezone.now() - timedelta(minutes=3), running_code=1000)
    html = review(as_support, merchant)
    assert heading(html) == "Sync latest for 0 of 1 merchant?"
    assert "None of them can run now." in html
    assert "1 running now." in html


def test_a_lead_takes_in_those_that_are_held_and_leaves_them_out_again(
    as_lead: Client, as_support: Client
) -> None:
    held, fine = make_failing_merchant(4000), make_merchant()
    picked = [str(held.pk), str(fine.pk)]
    first = review(as_lead, pick=picked)
    assert "1 where something must be fixed first." in first
    assert 'name="override_reason"' in first
    taken = review(as_lead, pick=picked, override_reason="They chose the account")
    assert "Sync latest for 2 merchants?" in heading(taken)
    assert "“They chose the account”" in taken
    again = review(as_lead, pick=picked, override_reason="They chose the account", change="hold_again")
    assert "Sync latest for 1 of 2 merchants?" in heading(again)
    assert 'name="override_reason"' not in review(as_support, pick=picked)


def test_all_ledgers_that_are_written_to_are_told(as_lead: Client) -> None:
    shops = [
        make_failing_merchant(5000, accounting=name)
        for name in ("Xero", "Xero", "QuickBooks Online", "QuickBooks Online", "Sage", "FreeAgent")
    ]
    html = unescape(review(as_lead, *shops))
    told = html[html.index("Ledgers") :]
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", told[: told.index("</dd>")]))
    assert told.split() == ["Ledgers", *["2", "Xero", "2", "QuickBooks", "Online", "2", "others"]]


@pytest.mark.parametrize("days", [{}, {"first_day": "2026-01-05", "last_day": "2026-01-06"}])
def test_enter_in_a_day_looks_again_and_presses_no_other_button(
    as_support: Client, days: dict[str, str]
) -> None:
    """Also where none can run, and the next button would take in days that are synced."""
    html = review(as_support, make_merchant(), kind="historic", **days)
    assert buttons(html)[0].startswith(
        '<button type="submit" form="bulk-form" formaction="/bulk/" class="sr"'
    )


def test_enter_in_the_reason_confirms_where_there_are_no_days(as_support: Client) -> None:
    html = review(as_support, make_merchant())
    assert "formaction" not in buttons(html)[0]


def buttons(html: str) -> list[str]:
    """That send the form, in the order in which a browser finds them."""
    main = html[html.index("<main") :]
    return re.findall(r'<button type="submit"[^>]*>', main)


def tiles(html: str) -> dict[str, str]:
    """The words over the table of those that will run, each with its number."""
    counts = re.sub(r"<svg.*?</svg>", "", html.partition('class="counts"')[2].partition("</dl>")[0])
    pairs = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", counts, re.DOTALL)
    return {word: " ".join(re.sub(r"<[^>]*>", " ", told).split()) for word, told in pairs}


def test_the_numbers_of_a_range_add_up_to_those_that_will_run(as_support: Client) -> None:
    day = timezone.localdate() - timedelta(days=3)
    fine, synced = make_merchant(), make_merchant()
    failed, both = make_failing_merchant(5000), make_failing_merchant(5000)
    for merchant in (synced, both):
        window = day_window(day, merchant.zone)
        make_sync(merchant, window_start=window.start, window_finish=window.finish, window_known="requested")
    days = {"kind": "historic", "first_day": f"{day}", "last_day": f"{day}", "accept_overlap": "on"}
    html = review(as_support, fine, failed, synced, both, **days)
    assert heading(html).endswith("for 4 merchants?")
    told = tiles(html)
    assert told["Nothing half-written"] == "1"
    assert told["Some sales may be written"] == "2"
    assert told["Over synced days"] == "2 1 of them may be half-written too"
    assert "Earliest start" not in told


def test_the_earliest_start_is_where_the_books_end_and_not_when_the_last_success_ran(
    as_support: Client,
) -> None:
    now = timezone.now()
    behind, fresh = make_merchant(), make_merchant()
    for merchant, days in ((behind, 6), (fresh, 0)):
        finish = now - timedelta(days=days, hours=2)
        window = {
            "window_start": finish - timedelta(days=3),
            "window_finish": finish,
            "window_known": "requested",
        }
        make_sync(merchant, started_at=now - timedelta(hours=1), **window)
    Merchant.objects.update(last_success_at=now - timedelta(hours=1))
    assert re.fullmatch(r"[67] days ago", tiles(review(as_support, behind, fresh))["Earliest start"])
    assert tiles(review(as_support, fresh))["Earliest start"] == "2 h ago"


def test_who_never_had_a_success_starts_on_its_start_date(as_support: Client) -> None:
    never = review(as_support, make_merchant(health="never_synced", last_success_at=None, last_code=None))
    assert tiles(never)["Earliest start"] == "Their start dates"


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({}, "Nothing to confirm"),
        ({"kind": "historic"}, "Choose the days"),
        ({"kind": "historic", "preset": "1"}, "Choose other days"),
    ],
)
def test_where_none_can_run_there_is_nothing_to_confirm(
    as_support: Client, fields: dict[str, str], title: str
) -> None:
    html = review(as_support, make_merchant(statuses=("Linked", "Deauthorized")), **fields)
    assert f'<h2 id="h-confirm">{title}</h2>' in html
    assert (">Go back</a>" in html) is (not fields)
