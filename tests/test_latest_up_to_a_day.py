"""Sync latest with a last day: it starts where the last success ended, so that days before that are none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from syncs.models import Merchant, SyncRequest, User
from syncs.operations.asking import NotPossible
from syncs.rules.salesdays import day_window
from tests.factories import make_merchant, make_sync
from tests.presses import a_day, press, pressed
from tests.test_rerun import HTMX, send

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 8, 40, tzinfo=UTC)


def synced_up_to(days_ago: int, now: datetime, code: int = 2000, **late: Any) -> Merchant:
    """Up to the last instant of that sales day in New York, and `late` beyond it."""
    merchant = make_merchant(time_zone="America/New_York")
    finish = day_window(a_day(merchant, now, days_ago), merchant.zone).finish + timedelta(**late)
    window = {"window_start": finish - timedelta(days=30), "window_finish": finish}
    make_sync(merchant, code, finish + timedelta(hours=2), **window)
    return merchant


@pytest.mark.parametrize("code", [2000, 2040])
@pytest.mark.parametrize("last_day_ago", [2, 3, 20])
def test_a_day_that_a_success_has_reached_is_synced_already(
    support: User, code: int, last_day_ago: int
) -> None:
    merchant = synced_up_to(2, NOW, code)
    with pytest.raises(NotPossible, match="These days are already synced") as refused:
        press(merchant, support, NOW, pressed(last_day=a_day(merchant, NOW, last_day_ago)))
    assert refused.value.field == "last_day"
    assert not SyncRequest.objects.exists()


def test_a_day_of_which_anything_is_left_may_be_asked_for(support: User) -> None:
    merchant = synced_up_to(2, NOW, seconds=-1)
    assert press(merchant, support, NOW, pressed(last_day=a_day(merchant, NOW, 2))).is_new


def test_what_failed_reached_no_day(support: User) -> None:
    merchant = synced_up_to(2, NOW, 5130)
    assert press(merchant, support, NOW, pressed(last_day=a_day(merchant, NOW, 2))).is_new


def test_without_a_last_day_there_is_always_something_left(support: User) -> None:
    assert press(synced_up_to(1, NOW), support, NOW).is_new


@pytest.mark.parametrize("step", ["review", "confirm"])
def test_the_form_says_it_beside_the_day(as_support: Client, step: str) -> None:
    merchant = synced_up_to(1, timezone.now())
    data = {"last_day": str(a_day(merchant, timezone.now(), 1)), "reason": "Ticket 4812"}
    response = send(as_support, merchant, step, data, kind="latest", headers=HTMX)
    html = response.content.decode()
    assert response.status_code == 422
    assert "These days are already synced." in html
    assert 'aria-invalid="true"' in html
    assert "Review Sync latest" in html
    assert not SyncRequest.objects.exists()


@pytest.mark.parametrize("step", ["review", "confirm"])
@pytest.mark.parametrize("day", ["0001-01-01", "0202-11-10", "1999-12-31"])
def test_a_day_from_before_anybody_sold_by_codat_is_a_slip(as_support: Client, step: str, day: str) -> None:
    data = {"last_day": day, "reason": "Ticket 4812"}
    response = send(as_support, make_merchant(), step, data, kind="latest", headers=HTMX)
    assert response.status_code == 422
    assert "Codat has no sales from before the year 2000." in response.content.decode()
    assert not SyncRequest.objects.exists()


def form_and_confirm(client: Client, merchant: Merchant) -> list[str]:
    form = client.get(f"/merchants/{merchant.company_id}/?run=latest").content.decode()
    data = {"last_day": "", "reason": "Ticket 4812"}
    return [form, send(client, merchant, "review", data, kind="latest", headers=HTMX).content.decode()]


def test_the_form_and_the_confirm_step_name_the_moment_where_the_last_success_ended(
    as_support: Client,
) -> None:
    merchant = make_merchant(time_zone="America/New_York")
    finish = datetime(2026, 6, 10, 4, tzinfo=UTC)
    window = {"window_start": finish - timedelta(days=1), "window_finish": finish}
    make_sync(merchant, 2000, finish + timedelta(days=5), window_known="answered", **window)
    for html in form_and_confirm(as_support, merchant):
        assert "Wed 10 Jun 2026, 00:00</b>, America/New_York" in html
        assert "2026-06-10 04:00 UTC" in html
        assert "as Codat answered" in html


def test_where_a_success_of_unknown_days_ended_nobody_pretends_to_know(as_support: Client) -> None:
    merchant = synced_up_to(2, timezone.now())
    make_sync(merchant, 2000, timezone.now())
    for html in form_and_confirm(as_support, merchant):
        assert "Codat has not told us where that is" in html


def test_before_anything_was_synced_it_starts_on_the_start_date(as_support: Client) -> None:
    merchant = make_merchant(last_success_at=None, start_date=datetime(2026, 3, 1, tzinfo=UTC).date())
    for html in form_and_confirm(as_support, merchant):
        assert "Sun 1 Mar 2026, the start date at Codat" in html
