"""Days on which the merchant's clocks change, and moments that two clocks show otherwise."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from syncs import moments
from syncs.rules import salesdays
from tests.conftest import signed_in
from tests.factories import make_merchant, make_user
from tests.test_care_page import words
from tests.test_merchant_gaps import page

LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def as_londoner(db: None) -> Client:
    return signed_in(make_user("support", time_zone="Europe/London"))


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/London", [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]),
        ("Asia/Tokyo", []),
        ("Australia/Lord_Howe", [(date(2026, 4, 5), 24.5), (date(2026, 10, 4), 23.5)]),
    ],
)
def test_the_days_of_a_year_on_which_the_clocks_change(zone: str, told: list[tuple[date, float]]) -> None:
    assert salesdays.uneven_days(date(2026, 1, 1), date(2026, 12, 31), ZoneInfo(zone)) == told


def test_a_day_that_a_zone_skipped_is_no_day_of_no_hours() -> None:
    skipped = date(2011, 12, 30)
    assert salesdays.uneven_days(skipped, skipped, ZoneInfo("Pacific/Apia")) == []


@time_machine.travel(datetime(2026, 11, 10, 12, tzinfo=UTC))
def test_the_grid_says_which_day_has_25_hours_to_eyes_and_ears(as_londoner: Client) -> None:
    html = page(as_londoner, make_merchant(time_zone="Europe/London"))
    assert "25 Oct has 25 hours: the clocks change." in words(html)
    assert "Sun 25 Oct: before the first sync, a day of 25 hours" in html
    assert html.count("a day of ") == 1
    assert "the clocks change" not in page(as_londoner, make_merchant(time_zone="Asia/Tokyo"))


@time_machine.travel(datetime(2026, 11, 10, 12, tzinfo=UTC))
def test_a_range_over_it_says_so_and_one_beside_it_does_not(as_londoner: Client) -> None:
    merchant = make_merchant(time_zone="Europe/London")

    def told(first: str, last: str) -> str:
        html = page(as_londoner, merchant, f"?run=historic&first={first}&last={last}")
        return words(html.partition('id="range"')[2].partition("</form>")[0])

    assert "25 Oct has 25 hours: the clocks change." in told("2026-10-24", "2026-10-26")
    assert "the clocks change" not in told("2026-10-26", "2026-10-27")


@time_machine.travel(datetime(2026, 11, 10, 12, tzinfo=UTC))
def test_the_confirm_step_says_it_again_beside_the_days(as_londoner: Client) -> None:
    merchant = make_merchant(time_zone="Europe/London")

    def told(first: str, last: str) -> str:
        typed = {"first_day": first, "last_day": last, "reason": "Ticket 12"}
        html = as_londoner.post(f"/merchants/{merchant.company_id}/rerun/range/review/", typed).text
        return words(html.partition("<dt>Sales days</dt>")[2].partition("<dt>")[0])

    assert (
        told("2026-10-24", "2026-10-26")
        == "Sat 24 Oct 2026 – Mon 26 Oct 2026 , Europe/London. 25 Oct has 25 hours: the clocks change."
    )
    assert told("2026-10-26", "2026-10-26") == "Mon 26 Oct 2026 , Europe/London"


@pytest.mark.parametrize(
    ("now", "due", "told"),
    [
        ("2026-11-23T13:00", "2026-11-24T01:36", "tonight, about 01:36"),
        ("2026-11-23T13:00", "2026-11-23T22:05", "tonight, about 22:05"),
        ("2026-11-24T00:30", "2026-11-24T01:36", "tonight, about 01:36"),
        ("2026-11-23T09:00", "2026-11-23T14:00", "today, about 14:00"),
        ("2026-11-23T09:00", "2026-11-24T06:00", "24 Nov, about 06:00"),
        ("2026-11-23T23:00", "2026-11-24T22:30", "24 Nov, about 22:30"),
    ],
)
def test_tonight_is_said_where_it_is_tonight(now: str, due: str, told: str) -> None:
    at, then = (datetime.fromisoformat(text).replace(tzinfo=LONDON) for text in (now, due))
    assert moments.about(then, at) == told


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/London", "Tonight, about 02:00"),
        ("Africa/Casablanca", "Tonight, about 02:00"),
        ("America/New_York", "Tonight, about 02:00 for you, 21:00 on 17 Jun for the merchant"),
        ("Europe/Paris", "Tonight, about 02:00 for you, 03:00 for the merchant"),
    ],
)
@time_machine.travel(datetime(2026, 6, 17, 12, tzinfo=UTC))
def test_the_next_sync_is_told_by_both_clocks_where_they_differ(
    as_londoner: Client, zone: str, told: str
) -> None:
    hour = datetime(2026, 6, 18, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).hour
    html = words(page(as_londoner, make_merchant(time_zone=zone, sync_hour=hour)))
    assert f"Next scheduled sync {told} Merchant time zone" in html
