"""The syncs that a request without an answer may be: what speaks for and against each."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Merchant, SyncRequest
from tests.factories import make_sync
from tests.stuck_requests import SENT, case
from tests.stuck_requests import merchant as merchant
from tests.stuck_requests import morning as morning
from tests.stuck_requests import ours as ours
from tests.stuck_requests import stuck as stuck

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_a_sync_that_is_not_read_yet_is_new_all_the_same(as_lead: Client, stuck: SyncRequest) -> None:
    SyncRequest.objects.filter(pk=stuck.pk).update(candidates=[{"sync_id": "9ab0f3d2", "code": 1000}])
    page = case(as_lead, stuck)
    assert "Codat listed 1 sync that is not read yet" in page
    assert "No sync of this merchant is new since" not in page


def test_a_list_that_nobody_has_read_since_shows_nothing(
    as_lead: Client, stuck: SyncRequest, merchant: Merchant
) -> None:
    unread = "Codat&#x27;s list has not been read since this came before a person."
    Merchant.objects.update(refreshed_at=timezone.now() - timedelta(minutes=1))
    page = case(as_lead, stuck)
    assert page.count(unread.replace("&#x27;", "'")) == 1
    assert page.count(unread) == 1
    assert "No sync of this merchant is new since" not in page
    Merchant.objects.update(refreshed_at=timezone.now() + timedelta(minutes=1))
    page = case(as_lead, stuck)
    assert unread not in page
    assert "No sync of this merchant is new since. That alone is no proof" in page


def test_of_a_candidate_that_still_runs_nobody_knows_yet_what_it_writes(
    as_viewer: Client, stuck: SyncRequest, merchant: Merchant
) -> None:
    make_sync(merchant, 1000, SENT + timedelta(seconds=1), data_pushed=False)
    page = case(as_viewer, stuck)
    assert "It still runs: whether sales are written is not known yet." in page
    assert "Nothing was written." not in page


def test_candidates_carry_their_distance_and_what_speaks_for_them(
    as_viewer: Client, stuck, ours, merchant
) -> None:
    make_sync(merchant, 2040, SENT + timedelta(minutes=22))
    make_sync(merchant, 2040, SENT + timedelta(milliseconds=400))
    page = case(as_viewer, stuck)
    assert "<b>under 1 s after we sent</b>." in page
    assert page.index("<b>2 s after we sent</b>. Sales were written. No schedule") < page.index(
        "<b>22 min after we sent</b>. Nothing was written."
    )
    assert "checked" not in page


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize(
    ("zone", "hour", "told"),
    [
        ("Europe/London", 7, "07:00"),
        ("Asia/Tokyo", 16, "07:00"),
        ("Asia/Kathmandu", 13, "07:15"),
    ],
)
def test_a_sync_soon_after_the_merchants_own_hour_says_so_in_the_readers_zone(
    as_viewer: Client, stuck, zone: str, hour: int, told: str
) -> None:
    Merchant.objects.update(time_zone=zone, sync_hour=hour)
    page = case(as_viewer, stuck)
    assert f"The merchant&#x27;s own daily sync was due at {told}: it may be that one." in page


def test_no_daily_sync_comes_before_its_hour(as_viewer: Client, stuck, ours) -> None:
    Merchant.objects.update(sync_hour=9)
    assert "No schedule of this merchant runs at this hour." in case(as_viewer, stuck)
