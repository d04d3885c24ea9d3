"""What is asked for just before the daily sync, or while that is late, is told to run into it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from syncs.models import Merchant
from tests.factories import make_merchant, make_sync
from tests.test_days_synced_in_part import words
from tests.test_merchant_gaps import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]
# It is noon, UTC, and one o'clock here.
LAST_NIGHT = datetime(2026, 6, 16, 12, 20, tzinfo=UTC)
FALLS_DUE = "The daily sync falls due at 13:15. It takes these days along too."
RANGE = "?run=historic&first=2026-06-10&last=2026-06-16"


def nightly(**columns: Any) -> Merchant:
    """Its daily sync falls due in a quarter of an hour, and usually ends half an hour after that."""
    zone = {"time_zone": "Asia/Kathmandu", "sync_hour": 18, "usual_delay_mean": 1800.0}
    return make_merchant(**zone | {"last_final_at": LAST_NIGHT, "last_success_at": LAST_NIGHT} | columns)


@pytest.mark.parametrize("query", [RANGE, "?run=latest"])
def test_a_range_and_a_latest_sync_say_so_and_when_its_result_is_usually_there(
    as_support: Client, query: str
) -> None:
    told = words(page(as_support, nightly(), query))
    assert FALLS_DUE in told
    assert "one fails (“date overlaps”): wait for its result, usually there at 13:45." in told


def test_the_confirm_step_says_it_again(as_support: Client) -> None:
    merchant = nightly()
    typed = {"first_day": "2026-06-10", "last_day": "2026-06-16", "reason": "Ticket 12"}
    address = f"/merchants/{merchant.company_id}/rerun/range/review/"
    assert FALLS_DUE in words(as_support.post(address, typed).text)


def test_one_that_is_late_is_told_as_late(as_support: Client) -> None:
    told = words(page(as_support, nightly(time_zone="Etc/UTC", sync_hour=12), "?run=latest"))
    assert "The daily sync fell due at 13:00, and its result is not there yet." in told


@pytest.mark.parametrize(
    "columns",
    [
        {"sync_hour": 20},
        {"health": "switched_off"},
        {"health": "needs_reconnect"},
    ],
    ids=str,
)
def test_hours_before_it_or_where_codat_runs_none_nothing_is_said(
    as_support: Client, columns: dict[str, Any]
) -> None:
    assert "The daily sync f" not in words(page(as_support, nightly(**columns), RANGE))


def test_days_before_the_last_success_are_none_that_it_takes_along(as_support: Client) -> None:
    merchant = nightly()
    window = {"window_start": datetime(2026, 6, 14, tzinfo=UTC), "window_finish": LAST_NIGHT}
    make_sync(merchant, 2000, LAST_NIGHT, window_known="answered", **window)
    old = "?run=historic&first=2026-06-03&last=2026-06-05"
    assert "The daily sync f" not in words(page(as_support, merchant, old))
    assert FALLS_DUE in words(page(as_support, merchant, RANGE))


def test_a_press_for_many_counts_them(as_support: Client) -> None:
    merchants = [nightly(), nightly(), nightly(sync_hour=20)]
    picked = {"pick": [str(each.pk) for each in merchants]}
    told = words(as_support.post("/bulk/", picked | {"kind": "latest"}).text)
    assert "2 have their daily sync about now." in told
    days = {"kind": "historic", "first_day": date(2026, 6, 1), "last_day": date(2026, 6, 3)}
    assert "daily sync about now" not in words(as_support.post("/bulk/", picked | days).text)


def test_of_many_it_goes_by_where_the_books_end_and_not_by_when_the_last_success_ran(
    as_support: Client,
) -> None:
    behind, fresh = nightly(), nightly()
    for merchant, finish in ((behind, datetime(2026, 6, 5, tzinfo=UTC)), (fresh, LAST_NIGHT)):
        window = {"window_start": datetime(2026, 5, 30, tzinfo=UTC), "window_finish": finish}
        make_sync(merchant, 2000, LAST_NIGHT, window_known="answered", **window)
    days = {"kind": "historic", "first_day": date(2026, 6, 10), "last_day": date(2026, 6, 12)}
    picked = {"pick": [str(behind.pk), str(fresh.pk)], "accept_overlap": "on"}
    assert "1 has its daily sync about now." in words(as_support.post("/bulk/", picked | days).text)
