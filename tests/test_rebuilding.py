"""Health columns and days are what the stored syncs make of them; where they are not, a command tells and mends it."""

from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from sandbox.testing import Sandbox
from syncs.codat.client import CodatClient
from syncs.models import Merchant, MerchantDay
from syncs.operations.refresh import refresh
from tests.codat.server import Server
from tests.factories import make_merchant
from tests.looks import NOW, looked, never_seen, row

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


@pytest.mark.slow
def test_of_every_kind_of_merchant_nothing_differs(upstream: Sandbox, codat: CodatClient) -> None:
    kinds = {shop["kind"]: shop for shop in upstream.merchants()}
    for shop in kinds.values():
        merchant = Merchant.objects.create(company_id=shop["company_id"], name=shop["name"])
        refresh(merchant.pk, codat)
    assert Merchant.objects.filter(refreshed_at__isnull=False).count() > len(kinds) - 2
    assert rebuild("--check")[0] == 0
