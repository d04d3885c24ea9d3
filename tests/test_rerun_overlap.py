"""Days that are in the books already: shown, accepted as shown, and shown again when they have changed."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from syncs.forms import written
from syncs.models import Merchant, SyncRequest
from syncs.rules.salesdays import range_window
from tests.factories import make_merchant, make_sync
from tests.test_rerun import HTMX, days, send, yesterday

pytestmark = pytest.mark.django_db


def synced_yesterday(merchant: Merchant) -> None:
    window = range_window(yesterday(merchant), yesterday(merchant), merchant.zone)
    make_sync(merchant, 2000, window_start=window.start, window_finish=window.finish, window_known="answered")


def test_days_already_synced_are_said_before_with_a_way_round_them(as_support: Client) -> None:
    merchant = make_merchant()
    synced_yesterday(merchant)
    html = send(as_support, merchant, "review", days(merchant), headers=HTMX).content.decode()
    assert "1 of these 3 days is already synced (" in html
    assert "Codat may stop the run with 5080.</dd>" in html
    assert "I know 1 day is already synced" in html


def test_overlap_must_be_accepted_to_be_sent(as_support: Client) -> None:
    merchant = make_merchant()
    synced_yesterday(merchant)
    refused = send(as_support, merchant, "confirm", days(merchant), headers=HTMX)
    assert refused.status_code == 422
    assert not SyncRequest.objects.exists()
    send(as_support, merchant, "confirm", days(merchant) | {"seen_overlap": "true"})
    assert not SyncRequest.objects.exists()
    seen = written([range_window(yesterday(merchant), yesterday(merchant), merchant.zone)])
    send(as_support, merchant, "confirm", days(merchant) | {"seen_overlap": seen})
    assert SyncRequest.objects.get().seen_overlap


def test_a_day_synced_between_the_two_steps_is_shown_before_it_is_sent(as_support: Client) -> None:
    merchant = make_merchant()
    synced_yesterday(merchant)
    shown = send(as_support, merchant, "review", days(merchant), headers=HTMX).text
    data = days(merchant) | {"seen_overlap": re.search(r'name="seen_overlap" value="([^"]+)"', shown)[1]}
    day_before = yesterday(merchant) - timedelta(days=1)
    before = range_window(day_before, day_before, merchant.zone)
    make_sync(merchant, 2000, window_start=before.start, window_finish=before.finish)
    again = send(as_support, merchant, "confirm", data, headers=HTMX)
    assert again.status_code == 422
    assert "More of these days are already synced than you were shown." in again.text
    assert "2 of these 3 days are already synced" in again.text
    assert "I know 2 days are already synced" in again.text
    assert not SyncRequest.objects.exists()


@pytest.mark.usefixtures("noon")
def test_days_that_were_shown_in_another_zone_are_shown_again(as_support: Client) -> None:
    merchant = make_merchant()
    data = days(merchant)
    Merchant.objects.update(time_zone="America/New_York")
    again = send(as_support, merchant, "confirm", data, headers=HTMX)
    assert "time zone or connections have changed since you looked" in again.text
    assert "America/New_York" in again.text
    assert not SyncRequest.objects.exists()


def test_the_preview_follows_the_days_typed(as_support: Client) -> None:
    merchant = make_merchant()
    synced_yesterday(merchant)
    query = {"first_day": days(merchant)["first_day"], "last_day": days(merchant)["last_day"]}
    response = as_support.get(f"/merchants/{merchant.company_id}/range/", query, headers=HTMX)
    html = response.content.decode()
    assert 'id="range"' in html
    assert "1 of these 3 days is already synced" in html
