"""An expired plan is no lost connection: Codat goes on trying every day, and nobody is told to reconnect."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Merchant
from syncs.operations import days
from syncs.rules import fuse
from tests.conftest import NOON
from tests.factories import make_failing_merchant
from tests.test_days_synced_in_part import decided, ran, words
from tests.test_merchant_gaps import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.sqlite]
PLAN_EXPIRED, DISCONNECTED = 4260, 4040


def cut(**columns: object) -> Merchant:
    return make_failing_merchant(DISCONNECTED, "", health="needs_reconnect", **columns)


def test_the_page_tells_the_next_daily_sync_and_what_is_left_of_the_fuse(as_support: Client) -> None:
    html = page(as_support, make_failing_merchant(PLAN_EXPIRED, ""))
    told = words(html[html.index("<h1>") :])
    assert "Next scheduled sync Tonight, about 02:00" in told
    assert "11 days left 20 of 31 failed days" in told
    assert "reconnect" not in told.lower()


def test_before_the_first_failed_day_is_over_nothing_says_that_codat_has_stopped(as_support: Client) -> None:
    burnt: dict[str, object] = {"failed_days": 0, "failing_since": None, "switches_off_on": None}
    new = make_failing_merchant(PLAN_EXPIRED, "", **burnt)
    assert "Codat has stopped trying" not in page(as_support, new)
    assert "Codat has stopped trying" in page(as_support, cut(**burnt))


def test_who_has_lost_a_connection_besides_has_no_next_sync(as_support: Client) -> None:
    merchant = make_failing_merchant(PLAN_EXPIRED, "", statuses=("Linked", "Deauthorized"))
    assert "Next scheduled sync" not in page(as_support, merchant)


@pytest.mark.parametrize(
    ("code", "told", "counting"),
    [(PLAN_EXPIRED, "failed", True), (DISCONNECTED, "failed: disconnected", False)],
)
def test_a_day_on_which_nothing_ran_after_it_stops_no_count(
    as_support: Client, code: int, told: str, counting: bool
) -> None:
    """The run of 14 June failed, and none came since."""
    merchant = make_failing_merchant(code, "")
    merchant.syncs.all().delete()
    ran(merchant, 2000, 9, 14)
    ran(merchant, code, 14, 15)
    decided(merchant)
    assert f"Sun 14 Jun: {told}<" in page(as_support, merchant)
    known = days.newest(merchant, NOON, timedelta(days=31))
    assert fuse.burn(known, timezone.localdate()).counting == counting
