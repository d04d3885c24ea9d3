"""A merchant's zone or sync hour is another one by day: all that hangs on it is, with the same look."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from syncs.codat.schemas import Configuration, SyncStatus
from syncs.models import Merchant
from syncs.operations import health, rebuilding, refresh
from syncs.rules import attention
from syncs.rules.salesdays import start_of, today
from tests.looks import NOW, never_seen, row

pytestmark = pytest.mark.django_db
LONDON, SAMOA, AUCKLAND = "Europe/London", "Pacific/Pago_Pago", "Pacific/Auckland"
EIGHT_NIGHTS = range(13, 21)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def told(zone: str | None, hour: int | None = 2) -> Configuration:
    schedule = {"timeZone": zone, "syncHour": hour, "syncHourUtc": None, "startDate": "2026-11-01"}
    return Configuration.from_json({"enabled": True, "schedule": schedule}, company_id="")


def look(merchant: Merchant, configured: Configuration | None, *rows: Any, at: datetime = NOW) -> Merchant:
    syncs = [SyncStatus.from_json(each, company_id=str(merchant.company_id)) for each in rows]
    refresh._store(merchant.pk, refresh.Seen(syncs, configured, None), at)
    return Merchant.objects.get(pk=merchant.pk)


@pytest.fixture
def burning() -> Merchant:
    """It failed for a week, and was last looked at in London's time."""
    merchant = never_seen()
    nights = [
        row(f"of-{day}", 2000 if day == 13 else 5130, f"2026-11-{day}T02:05:00Z") for day in EIGHT_NIGHTS
    ]
    merchant = look(merchant, told(LONDON), *reversed(nights), at=NOW - timedelta(hours=1))
    assert (merchant.failed_days, merchant.switches_off_on) == (7, date(2026, 12, 14))
    return merchant


@pytest.mark.parametrize(("zone", "hour"), [(SAMOA, 2), (AUCKLAND, 23), ("Nowhere/At all", 2), (None, None)])
def test_nothing_is_left_of_the_old_one(burning: Merchant, zone: str | None, hour: int | None) -> None:
    now = look(burning, told(zone, hour))
    assert rebuilding.rebuild(now.pk, NOW, check=True) == []
    assert now.last_days_end == today(now.zone, NOW) - timedelta(days=1)
    assert now.next_refresh_at == attention.next_look(health.facts_of(now), NOW).at
    assert now.version > burning.version


@pytest.mark.parametrize("zone", [SAMOA, AUCKLAND])
def test_the_fuse_stands_at_once_where_its_day_begins_there(burning: Merchant, zone: str) -> None:
    now = look(burning, told(zone))
    assert now.switches_off_on
    assert now.switches_off_at == start_of(now.switches_off_on, ZoneInfo(zone)) != burning.switches_off_at


def test_the_next_look_is_at_the_new_hour(burning: Merchant) -> None:
    first, then = look(burning, told(LONDON, 9)), look(burning, told(LONDON, 12))
    assert then.next_refresh_at != first.next_refresh_at


def test_nobody_changes_it_by_hand(burning: Merchant, as_admin: Client) -> None:
    """Not even in the admin, where it can be read: it is Codat's."""
    address = f"/admin/syncs/merchant/{burning.pk}/change/"
    assert LONDON in as_admin.get(address).text
    as_admin.post(address, {"name": "Cobalt", "time_zone": SAMOA, "sync_hour": 5})
    now = Merchant.objects.get(pk=burning.pk)
    assert (now.name, now.time_zone, now.sync_hour) == ("Cobalt", LONDON, 2)
