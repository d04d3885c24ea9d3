"""The page of a merchant that never synced promises no sync and counts no gaps: nothing has begun."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Merchant
from tests.factories import make_merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

NEVER = {"health": "never_synced", "last_code": None, "last_success_at": None, "last_final_at": None}


def page(client: Client, merchant: Merchant) -> str:
    return client.get(f"/merchants/{merchant.company_id}/").content.decode()


def without_a_run(merchant: Merchant, days: int = 125) -> Merchant:
    yesterday = timezone.localdate() - timedelta(days=1)
    for number in range(days):
        merchant.days.create(day=yesterday - timedelta(days=number), outcome="not_run")
    return merchant


def test_days_before_the_first_sync_are_no_gaps_however_long_it_is_registered(as_viewer: Client) -> None:
    html = page(as_viewer, without_a_run(make_merchant(**NEVER)))
    assert "Gap" not in html[html.index('id="days"') :].partition("</section>")[0]


def test_a_grid_without_a_sync_has_no_legend_before_a_range_is_chosen(as_support: Client) -> None:
    merchant = without_a_run(make_merchant(**NEVER))
    assert 'class="legend' not in page(as_support, merchant)
    chosen = as_support.get(
        f"/merchants/{merchant.company_id}/?run=historic&first=2026-06-10&last=2026-06-12"
    )
    assert "Your range</span>" in chosen.text[chosen.text.index('class="legend') :]


def test_where_a_platform_is_not_linked_no_next_sync_is_promised(as_viewer: Client) -> None:
    unlinked = make_merchant(**NEVER, statuses=("Linked", "PendingAuth"))
    assert "Next scheduled sync" not in page(as_viewer, unlinked)
    assert "Next scheduled sync" not in page(as_viewer, make_merchant(**NEVER, accounting=None))


def test_where_both_are_linked_the_first_one_is_expected(as_viewer: Client) -> None:
    html = page(as_viewer, make_merchant(**NEVER))
    told = html.partition("Next scheduled sync")[2].partition("</dl>")[0]
    assert re.search(r">(Tonight|Today|\d+ \w+), about \d\d:\d\d</dd>", told)
