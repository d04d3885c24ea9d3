"""A merchant's sales days as rows: decided from its syncs, kept when time goes on, in its own zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncs.codat.client import CodatClient
from syncs.models import Merchant, Sync
from syncs.operations import days
from syncs.rules.states import State
from tests.codat.server import Server
from tests.factories import make_request, make_sync
from tests.looks import NOW, looked, never_seen, row

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def merchant(db: None) -> Merchant:
    return never_seen(time_zone="Europe/London", sync_hour=0, start_date=date(2026, 11, 1))


def daily(codes: dict[int, int], hour: int = 1) -> list[Any]:
    """Scheduled runs in the night after these days of November."""
    runs = [(datetime(2026, 11, day, hour, tzinfo=UTC) + DAY, code) for day, code in sorted(codes.items())]
    return [
        row(f"of-{at:%d}", code, at.isoformat(), errorMessage="Oops" * (code > 3000)) for at, code in runs
    ]


def outcomes(merchant: Merchant) -> dict[int, str]:
    return {row.day.day: row.outcome for row in merchant.days.order_by("day")}


def test_each_night_decides_the_day_before_it(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    codes = {15: 2000, 16: 2040, 17: 5000, 18: 4040, 20: 1000}
    now = looked(merchant, scripted, told, *daily(codes))
    assert outcomes(merchant) | {19: "not_run"} == outcomes(merchant)
    assert now.last_days[-6:] == "wnfhgr"
    assert now.last_days_end == date(2026, 11, 20)
    assert (now.failed_days, now.failing_since) == (2, date(2026, 11, 17))


def test_windows_are_placed_as_the_schedule_places_them(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    looked(merchant, scripted, told, *daily({18: 2000, 19: 5000, 20: 2000}))
    windows = {sync.sync_id: sync for sync in Sync.objects.all()}
    assert windows["of-21"].window_start == datetime(2026, 11, 19, tzinfo=UTC)
    assert windows["of-21"].window_finish == datetime(2026, 11, 21, tzinfo=UTC)
    known = {(sync.window_known, sync.initiator) for sync in windows.values()}
    assert known == {(Sync.Known.INFERRED, Sync.Initiator.SCHEDULE)}


def test_a_success_that_catches_up_covers_the_days_that_failed(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    looked(merchant, scripted, told, *daily({17: 2000, 18: 5000, 19: 5000}))
    assert merchant.days.get(day=date(2026, 11, 18)).covered_by is None
    now = looked(merchant, scripted, told, *daily({17: 2000, 18: 5000, 19: 5000, 20: 2000}))
    failed = merchant.days.get(day=date(2026, 11, 18))
    assert (failed.outcome, failed.covered_by.sync_id) == ("failed", "of-21")
    assert (now.last_days[-4:], now.failed_days, now.switches_off_on) == ("wffw", 0, None)


def test_when_the_day_turns_the_strip_moves_without_any_news(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    before = looked(merchant, scripted, told, *daily({19: 2000, 20: 2000}))
    with time_machine.travel(NOW + DAY, tick=False):
        after = looked(merchant, scripted, told, *daily({19: 2000, 20: 2000}))
    assert after.last_days == before.last_days + "g"
    assert after.version == before.version + 1


def test_the_day_turns_in_the_merchants_own_zone(scripted: Server, told: CodatClient, db: None) -> None:
    ends = {}
    for zone in ("Pacific/Kiritimati", "Pacific/Midway"):
        merchant = never_seen(time_zone=zone, sync_hour=0, start_date=date(2026, 11, 1))
        with time_machine.travel("2026-11-21T10:30:00Z", tick=False):
            ends[zone] = looked(merchant, scripted, told).last_days_end.day
    assert ends == {"Pacific/Kiritimati": 21, "Pacific/Midway": 19}


def test_the_fuse_counts_the_failed_days_since_the_last_success(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    now = looked(merchant, scripted, told, *daily({5: 2000} | dict.fromkeys(range(6, 21), 5130)))
    assert (now.failed_days, now.failing_since) == (15, date(2026, 11, 6))
    assert now.switches_off_on == date(2026, 12, 7)


def test_a_re_run_that_succeeds_puts_the_fuse_out_though_a_newer_day_still_failed(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    failed = daily(dict.fromkeys(range(6, 21), 5130))
    make_request(
        merchant,
        state=State.ACCEPTED,
        first_day=date(2026, 11, 18),
        last_day=date(2026, 11, 19),
        commerce_sync_id="ours",
    )
    now = looked(merchant, scripted, told, *failed, row("ours", 2000, "2026-11-21T08:00:00Z"))
    assert merchant.days.get(day=date(2026, 11, 20)).outcome == "failed"
    assert (now.health, now.failed_days, now.failing_since) == ("healthy", 0, None)
    assert now.switches_off_on is None
    with time_machine.travel(NOW + DAY, tick=False):
        later = row("of-22", 5130, "2026-11-22T03:00:00Z")
        burning = looked(merchant, scripted, told, *failed, row("ours", 2000, "2026-11-21T08:00:00Z"), later)
    assert (burning.failed_days, burning.failing_since) == (1, date(2026, 11, 21))


def test_what_did_not_change_is_not_written_again(
    scripted: Server, told: CodatClient, merchant: Merchant
) -> None:
    looked(merchant, scripted, told, *daily(dict.fromkeys(range(2, 20), 2000)))
    kept = dict(merchant.days.values_list("day", "pk"))
    with CaptureQueriesContext(connection) as queries:
        looked(merchant, scripted, told, *daily(dict.fromkeys(range(2, 21), 2000)))
    [written] = [query["sql"] for query in queries if 'INSERT INTO "syncs_merchantday"' in query["sql"]]
    assert "2026-11-20" in written
    assert "2026-11-10" not in written
    assert kept.items() <= dict(merchant.days.values_list("day", "pk")).items()


def test_days_that_have_not_begun_are_not_decided(merchant: Merchant) -> None:
    make_sync(merchant, 2000, NOW)
    assert days.decide(merchant, date(2026, 11, 21), NOW) == {}
    assert not merchant.days.exists()


def test_history_beyond_what_we_show_is_left_out(scripted: Server, told: CodatClient, db: None) -> None:
    merchant = never_seen(start_date=date(2024, 1, 1))
    looked(merchant, scripted, told, row("old", 2000, "2024-02-01T03:00:00Z"), row("new"))
    assert merchant.days.count() == 125
    assert Sync.objects.count() == 2
