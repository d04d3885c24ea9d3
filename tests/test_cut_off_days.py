"""A day of which only a part is in the books is never lost by a press that was offered, nor without a word."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client

from syncs.models import Merchant
from syncs.operations import days as sales_days
from tests.conftest import NOON
from tests.factories import make_merchant
from tests.test_days_synced_in_part import ran, words
from tests.test_merchant_gaps import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]
LATEST = re.compile(r'href="[^"]*\?run=latest#rerun"[^>]*>Use Sync latest')


@pytest.fixture
def merchant() -> Merchant:
    """The last success ended in the morning of 15 June; the 15th and the 16th failed."""
    merchant = make_merchant(health="failing", last_code=5000)
    ran(merchant, 2000, 9, 15)
    ran(merchant, 5000, 15, 16)
    ran(merchant, 5000, 15, 17)
    return decided(merchant)


@pytest.fixture
def holed(merchant: Merchant) -> Merchant:
    """The same, after a range of the 16th alone: of the 15th a part is missing, and no later sync goes back for it."""
    ran(merchant, 2000, 15, 16, hour=23)
    Merchant.objects.filter(pk=merchant.pk).update(health="healthy", last_code=2000)
    return decided(merchant)


def decided(merchant: Merchant) -> Merchant:
    sales_days.decide(merchant, date(2026, 6, 9), NOON)
    return merchant


def box(client: Client, merchant: Merchant, first: int, last: int) -> str:
    html = page(client, merchant, f"?run=historic&first=2026-06-{first}&last=2026-06-{last}")
    return html[html.index('<div id="range"') :].partition('<label for="id_reason')[0]


def gaps(client: Client, merchant: Merchant, first: int, last: int) -> str:
    html = page(client, merchant, f"?run=historic&first=2026-06-{first}&last=2026-06-{last}")
    return html[html.index("Gaps left outside your range") :].partition("</dl>")[0]


def review(client: Client, merchant: Merchant, first: int, last: int) -> str:
    typed = {"first_day": f"2026-06-{first}", "last_day": f"2026-06-{last}", "reason": "Ticket 12"}
    return words(client.post(f"/merchants/{merchant.company_id}/rerun/range/review/", typed).text)


def test_where_sync_latest_covers_all_that_is_missing_it_is_the_only_way_offered(
    as_support: Client, merchant: Merchant
) -> None:
    told = box(as_support, merchant, 11, 16)
    assert LATEST.search(told)
    assert "btn xs primary" in told
    assert "it covers 15 – 16 Jun and nothing twice" in words(told)
    assert "instead" not in words(told)


def test_a_range_that_leaves_the_day_out_says_so_and_offers_sync_latest(
    as_support: Client, merchant: Merchant
) -> None:
    told = box(as_support, merchant, 16, 16)
    assert "15 Jun stays out. Once 16 Jun is in the books, no later sync goes back for it" in words(told)
    assert LATEST.search(told)


def test_the_confirm_step_says_it_too(as_support: Client, merchant: Merchant) -> None:
    told = review(as_support, merchant, 16, 16)
    assert "Overlap None" in told
    assert "15 Jun stays out. Once 16 Jun is in the books, no later sync goes back for it" in told
    assert "stays out" not in review(as_support, merchant, 15, 16)


def test_the_day_that_is_left_out_is_a_gap_outside_the_range(as_support: Client, merchant: Merchant) -> None:
    told = gaps(as_support, merchant, 16, 16)
    assert "15 Jun Not wholly in the books." in words(told)
    assert LATEST.search(told)
    assert "No other day is missing" in gaps(as_support, merchant, 15, 16)


def test_newer_failed_days_are_gaps_outside_the_range_too(as_support: Client, merchant: Merchant) -> None:
    told = gaps(as_support, merchant, 14, 15)
    assert "16 Jun Not wholly in the books." in words(told)
    assert "stays out" not in box(as_support, merchant, 14, 15)


def test_once_the_day_is_behind_sync_latest_is_not_offered_for_it_but_the_range_with_the_box(
    as_support: Client, holed: Merchant
) -> None:
    told = box(as_support, holed, 15, 15)
    assert "Use Sync latest" not in told
    assert "instead" not in words(told)
    assert "“Sync latest” starts on 17 Jun, 00:00 and does not go back for the rest of 15 Jun." in words(told)
    assert "On the next step you tick a box" in words(told)
    assert "I know a part of 15 Jun is already synced" in review(as_support, holed, 15, 15)


def test_a_wider_range_is_narrowed_to_the_day_itself_and_not_past_it(
    as_support: Client, holed: Merchant
) -> None:
    told = box(as_support, holed, 11, 16)
    assert "Use Sync latest" not in told
    assert "Take 15 Jun instead" in words(told)


def test_a_day_behind_is_a_gap_of_other_ranges_and_no_sync_latest_is_offered_for_it(
    as_support: Client, holed: Merchant
) -> None:
    told = gaps(as_support, holed, 16, 16)
    assert "15 Jun Not wholly in the books. Use this range" in words(told)
    assert "Use Sync latest" not in told


def test_a_range_leaves_whole_days_out_no_less(as_support: Client) -> None:
    merchant = make_merchant(health="failing", last_code=5000)
    ran(merchant, 2000, 9, 14, hour=23)
    ran(merchant, 5000, 14, 15, hour=23)
    ran(merchant, 5000, 14, 16, hour=23)
    decided(merchant)
    told = box(as_support, merchant, 16, 16)
    assert "15 Jun stays out." in words(told)
    assert LATEST.search(told)


def test_where_nobody_knows_the_start_of_sync_latest_a_range_is_offered(as_support: Client) -> None:
    merchant = make_merchant(health="failing", last_code=5000)
    ran(merchant, 2000, 9, 15)
    ran(merchant, 5000, 15, 16)
    ran(merchant, 5000, 15, 17)
    decided(merchant)
    # The newest success, of which Codat tells no days.
    merchant.syncs.filter(code=2000).update(window_finish=None, window_start=None)
    told = box(as_support, merchant, 16, 16)
    assert "Use Sync latest" not in told
    assert re.search(r"Start on [^<]*15 Jun[^<]* instead", told)


def test_the_row_of_the_list_shows_the_failed_day_and_says_nothing_else(
    as_support: Client, holed: Merchant
) -> None:
    kept = sales_days.newest(holed, NOON, timedelta(days=31))
    end = date(2026, 6, 16)
    Merchant.objects.update(last_days=sales_days.strip(kept), last_days_end=end, failed_days=0)
    row = as_support.get("/?health=").text
    assert "to 16 Jun: 2 synced, 1 failed, 5 did not run" in row
    assert "No failed days" not in row


def test_a_day_whose_own_run_left_some_of_it_open_is_synced_in_part_in_the_row(as_support: Client) -> None:
    merchant = make_merchant()
    ran(merchant, 2000, 13, 14)
    ran(merchant, 2000, 14, 15)
    kept = sales_days.newest(decided(merchant), NOON, timedelta(days=31))
    assert sales_days.strip(kept) == "ggggpwgg"
    Merchant.objects.update(last_days="wwpw", last_days_end=date(2026, 6, 16))
    row = as_support.get("/?health=").text
    assert 'class="d-p"' in row
    assert "3 synced, 1 synced in part" in row


@pytest.mark.parametrize(
    ("code", "advised"),
    [
        (5000, "Sync latest is enough. It covers 15 – 16 Jun"),
        (5120, "Sync latest is enough. It covers 15 – 16 Jun"),
        (5130, "After that, Sync latest covers 15 – 16 Jun"),
    ],
)
def test_the_step_of_the_playbook_leads_to_what_the_card_advises(
    as_support: Client, merchant: Merchant, code: int, advised: str
) -> None:
    Merchant.objects.update(last_code=code)
    merchant.syncs.filter(code=5000).update(code=code)
    html = page(as_support, merchant)
    steps = html[html.index('<ol class="steps">') :].partition("</ol>")[0]
    assert re.search(r'href="[^"]*\?run=latest#rerun"[^>]*><svg.*?</svg>Use Sync latest', steps)
    assert "Fill the form" not in steps
    assert advised in words(html)
