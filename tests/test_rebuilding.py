"""Health columns and days are what the stored syncs make of them; where they are not, a command tells and mends it."""

import time
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sandbox.testing import Sandbox
from syncs.codat.client import CodatClient
from syncs.codat.schemas import Configuration
from syncs.models import Merchant, MerchantDay
from syncs.operations.refresh import refresh
from tests.codat.server import Server
from tests.factories import make_merchant
from tests.looks import NOW, looked, never_seen, pressed_check_now, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


def daily(count: int, *, failed: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """A run for each of the last days, the newest first."""
    starts = [NOW - timedelta(days=ago, hours=NOW.hour - 3) for ago in range(count)]
    return [
        row(f"of {at:%d %b}", 5130 if ago in failed else 2000, f"{at:%Y-%m-%dT%H:%M:%SZ}")
        for ago, at in enumerate(starts)
    ]


@pytest.fixture
def merchant(clock: Any, scripted: Server, told: CodatClient) -> Merchant:
    """Forty days, the newest two failed."""
    return looked(never_seen(), scripted, told, *daily(40, failed=(0, 1)))


def rebuild(*words: str) -> tuple[int, str]:
    said, code = StringIO(), 0
    try:
        call_command("rebuild_health", *words, stdout=said)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, said.getvalue()


def everything() -> list[list[dict[str, Any]]]:
    return [list(Merchant.objects.values()), list(MerchantDay.objects.order_by("pk").values())]


def test_after_a_look_nothing_differs(merchant: Merchant) -> None:
    assert (merchant.health, merchant.failed_days) == ("failing", 2)
    assert rebuild() == (0, "Merchants compared: 1. Different: 0.\n")


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("health", "healthy"),
        ("last_code", 2000),
        ("last_message", "All is well"),
        ("last_final_at", NOW),
        ("last_pushed", None),
        ("running_since", NOW),
        ("running_code", 1000),
        ("last_success_at", None),
        ("silent_since", NOW),
        ("failing_since", date(2026, 1, 1)),
        ("failed_days", 30),
        ("switches_off_on", None),
        ("switches_off_at", NOW),
        ("last_days", "w" * 31),
        ("last_days_end", None),
        ("last_days_end", date(2026, 11, 1)),
        ("last_days_end", date.max),
    ],
)
def test_a_column_that_is_wrong_is_told_and_put_right(merchant: Merchant, column: str, wrong: object) -> None:
    right = getattr(merchant, column)
    Merchant.objects.update(**{column: wrong})
    code, said = rebuild()
    assert code == 1
    assert f"  {column} was " in said
    assert "Merchants compared: 1. Different: 1, put right." in said
    now = Merchant.objects.get()
    assert getattr(now, column) == right
    assert now.version > merchant.version
    assert rebuild("--check")[0] == 0


@pytest.mark.parametrize(
    "wrong", [{"outcome": "failed"}, {"sync": None}, {"covered_by": None}, {"covered_empty": True}]
)
def test_a_day_that_is_wrong_is_told_and_put_right(merchant: Merchant, wrong: dict[str, Any]) -> None:
    day = merchant.days.filter(outcome="synced").latest("day")
    merchant.days.filter(pk=day.pk).update(**wrong)
    code, said = rebuild()
    assert (code, f"day {day.day} was" in said) == (1, True)
    again = MerchantDay.objects.get(pk=day.pk)
    names = [field.attname for field in MerchantDay._meta.fields]
    assert [getattr(again, name) for name in names] == [getattr(day, name) for name in names]


def test_a_day_that_is_missing_comes_back(merchant: Merchant) -> None:
    day = merchant.days.latest("day").day
    merchant.days.filter(day=day).delete()
    assert f"day {day} was nothing, should be failed by sync" in rebuild()[1]
    assert merchant.days.filter(day=day).exists()


def test_a_check_changes_nothing(merchant: Merchant) -> None:
    Merchant.objects.update(failed_days=30, health="healthy")
    merchant.days.update(outcome="failed")
    before = everything()
    code, said = rebuild("--check")
    assert (code, "Merchants compared: 1. Different: 1." in said) == (1, True)
    assert everything() == before


def test_what_only_time_would_change_is_no_difference(merchant: Merchant, clock: Any) -> None:
    clock.shift(timedelta(days=9))
    assert rebuild("--check")[0] == 0


def test_a_run_that_was_under_way_at_the_last_look_is_no_difference_a_day_later(
    clock: Any, scripted: Server, told: CodatClient
) -> None:
    looked(never_seen(), scripted, told, row("now", 1000, "2026-11-21T08:39:00Z"), *daily(10))
    clock.shift(timedelta(days=2))
    assert rebuild("--check")[0] == 0


def test_who_was_never_looked_at_has_nothing_to_differ(db: None) -> None:
    make_merchant(refreshed_at=None, health="unseen", last_code=None)
    assert rebuild("--check")[0] == 0


def test_what_forty_days_of_looks_left_is_what_is_made_anew(
    clock: Any, scripted: Server, told: CodatClient
) -> None:
    """Of every day alone, with days that fail, that do not run, and that a later run takes along."""
    merchant, runs = never_seen(), daily(40, failed=(3, 4, 5, 17, 30, 31))
    del runs[10:12]
    for newest in reversed(range(len(runs))):
        clock.move_to(NOW - timedelta(days=newest))
        looked(merchant, scripted, told, *runs[newest:])
        assert rebuild("--check") == (0, "Merchants compared: 1. Different: 0.\n")


def test_who_does_not_differ_is_not_locked(merchant: Merchant) -> None:
    """On SQLite nobody else writes while somebody holds a transaction."""
    for words in ((), ("--check",)):
        with CaptureQueriesContext(connection) as queries:
            rebuild(*words)
        assert queries
        assert all(query["sql"].startswith("SELECT") for query in queries)
        assert not any("FOR UPDATE" in query["sql"] for query in queries)


@pytest.mark.parametrize("words", [(), ("--check",)])
def test_after_each_that_differs_others_get_their_turn(
    merchant: Merchant, scripted: Server, told: CodatClient, words: tuple[str, ...], monkeypatch: Any
) -> None:
    looked(never_seen(), scripted, told, *daily(40))
    differs = looked(never_seen(), scripted, told, *daily(40))
    Merchant.objects.filter(pk__in=[merchant.pk, differs.pk]).update(failed_days=30)
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert "Merchants compared: 3. Different: 2" in rebuild(*words)[1]
    assert len(pauses) == 2


def configured(client: CodatClient, monkeypatch: pytest.MonkeyPatch, **schedule: Any) -> None:
    """What Codat tells of the schedule from now on."""
    told = Configuration.from_json({"enabled": True, "schedule": schedule}, company_id="")
    monkeypatch.setattr(client, "configuration", lambda _: told)


@pytest.mark.parametrize("start", [(NOW - timedelta(days=60)).date().isoformat(), None])
def test_a_start_date_that_moves_back_has_its_days_decided(
    clock: Any, scripted: Server, told: CodatClient, monkeypatch: pytest.MonkeyPatch, start: str | None
) -> None:
    began = (NOW - timedelta(days=20)).date()
    merchant = looked(never_seen(start_date=began, sync_hour=3), scripted, told, *daily(15))
    assert merchant.days.earliest("day").day == began
    clock.shift(timedelta(hours=2))
    configured(told, monkeypatch, startDate=start, syncHour=3)
    pressed_check_now(merchant)
    looked(merchant, scripted, told, *daily(15))
    assert merchant.days.earliest("day").day <= began - timedelta(days=40)
    assert rebuild("--check") == (0, "Merchants compared: 1. Different: 0.\n")


def test_a_day_before_a_start_date_that_moved_on_is_compared_too(merchant: Merchant) -> None:
    Merchant.objects.update(start_date=(NOW - timedelta(days=10)).date())
    assert rebuild("--check")[0] == 0
    day = merchant.days.get(day=(NOW - timedelta(days=20)).date())
    merchant.days.filter(pk=day.pk).update(outcome="failed", sync=None, covered_by=None)
    assert f"day {day.day} was failed, should be synced" in rebuild()[1]
    assert merchant.days.get(pk=day.pk).outcome == "synced"
    assert Merchant.objects.get().last_days == merchant.last_days


@pytest.mark.parametrize("ahead", [0, 5])
def test_a_day_that_is_not_over_has_no_row(merchant: Merchant, ahead: int) -> None:
    day = NOW.date() + timedelta(days=ahead)
    MerchantDay.objects.create(merchant=merchant, day=day, outcome="failed")
    assert f"day {day} was failed, should be nothing" in rebuild()[1]
    assert not merchant.days.filter(day=day).exists()


def test_a_connection_that_moved_since_the_last_look_is_no_difference(merchant: Merchant, clock: Any) -> None:
    """The list of companies tells of it too; the next look takes it in."""
    clock.shift(timedelta(minutes=5))
    Merchant.objects.update(health="needs_reconnect")
    merchant.connections.update(seen_at=NOW + timedelta(minutes=5))
    assert rebuild("--check")[0] == 0
    Merchant.objects.update(health="healthy")
    assert "health was healthy, should be failing" in rebuild("--check")[1]


def test_a_health_that_is_put_right_is_told_in_the_activity(merchant: Merchant) -> None:
    Merchant.objects.update(health="healthy")
    rebuild("--check")
    assert not merchant.activity.exists()
    rebuild()
    entry = merchant.activity.get()
    assert (entry.verb, entry.what) == ("merchant.health", "Had its health made anew from its syncs")
    assert (entry.before, entry.after) == ("Healthy", "Failing")


@pytest.mark.slow
def test_of_every_kind_of_merchant_nothing_differs(upstream: Sandbox, codat: CodatClient) -> None:
    kinds = {shop["kind"]: shop for shop in upstream.merchants()}
    for shop in kinds.values():
        merchant = Merchant.objects.create(company_id=shop["company_id"], name=shop["name"])
        refresh(merchant.pk, codat)
    assert Merchant.objects.filter(refreshed_at__isnull=False).count() > len(kinds) - 2
    assert rebuild("--check")[0] == 0
