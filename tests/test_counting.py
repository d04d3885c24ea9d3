"""The numbers of Sync health: counted by the clock while anything changes, and by whoever asks where no clock does."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncs.clock import Clock
from syncs.models import HealthTally, Merchant, Pulse
from syncs.operations import counting
from syncs.views import health_summary
from tests.factories import make_failing_merchant, make_merchant
from tests.test_health_live import changed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("memory")]

NOW = datetime(2026, 11, 22, 12, 50, tzinfo=UTC)


def failing(now: datetime) -> int:
    return health_summary.counted(now, Pulse.now()).counts.of("failing")


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def counted_at() -> datetime:
    return HealthTally.objects.get().counted_at


def test_what_the_clock_counted_is_what_a_page_would_count() -> None:
    make_failing_merchant(code=5130, message="Account 200 is archived")
    make_failing_merchant(code=5000)
    make_merchant(health="switched_off")
    counting.keep(NOW)
    kept = counting.lately(NOW, Pulse.now())
    assert kept is not None
    assert kept == counting.count(NOW, Pulse.now())
    assert kept.counts.codes == {5000: 1, 5130: 1}
    assert sorted(kept.struck.values()) == [1, 1]


def test_a_page_reads_one_row_and_counts_nothing() -> None:
    make_failing_merchant()
    counting.keep(NOW)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert failing(NOW) == 1
    assert [query["sql"] for query in asked if "syncs_merchant" in query["sql"]] == []


def test_the_clock_counts_anew_only_when_something_changed() -> None:
    merchant = make_merchant()
    counting.keep(NOW)
    counting.keep(NOW + seconds(60))
    assert counted_at() == NOW
    changed(merchant, health="failing", last_code=5000)
    counting.keep(NOW + seconds(61))
    assert counted_at() == NOW + seconds(61)
    assert failing(NOW + seconds(61)) == 1


def test_added_this_week_grows_old_without_a_change() -> None:
    make_merchant(health="never_synced")
    Merchant.objects.update(registered_at=NOW - timedelta(days=7) + seconds(1))
    counting.keep(NOW)
    counting.keep(NOW + timedelta(minutes=6))
    kept = counting.lately(NOW + timedelta(minutes=6), Pulse.now())
    assert kept is not None
    assert kept.counts.added == 0


def test_a_count_of_a_moment_ago_is_told_with_the_pulse_that_it_knows() -> None:
    merchant = make_merchant()
    counting.keep(NOW)
    known = Pulse.now()
    changed(merchant, health="failing", last_code=5000)
    assert health_summary.counted(NOW + seconds(4), Pulse.now()).pulse == known < Pulse.now()


def test_where_no_clock_counts_whoever_asks_does() -> None:
    merchant = make_merchant()
    counting.keep(NOW)
    changed(merchant, health="failing", last_code=5000)
    assert failing(NOW + seconds(11)) == 1


def test_yesterdays_count_is_not_todays() -> None:
    midnight = NOW.replace(hour=23, minute=59, second=58)
    counting.keep(midnight)
    assert counting.lately(midnight, Pulse.now()) is not None
    assert counting.lately(midnight + seconds(3), Pulse.now()) is None


def test_a_count_of_a_host_whose_clock_runs_ahead_is_not_kept_for_ever() -> None:
    counting.keep(NOW + timedelta(hours=2))
    assert counting.lately(NOW, Pulse.now()) is None
    counting.keep(NOW)
    assert counted_at() == NOW


@pytest.mark.parametrize("counts", [{}, {"codes": {}}, {"codes": {}, "of_another_version": 1}])
def test_what_a_clock_of_another_version_counted_is_counted_here(counts: dict[str, object]) -> None:
    make_failing_merchant()
    HealthTally.objects.create(pulse=Pulse.now(), counts=counts, struck={}, counted_at=NOW)
    assert failing(NOW) == 1


def test_the_clock_counts_every_three_seconds() -> None:
    clock, merchant = Clock(), make_merchant()
    for second in range(7):
        changed(merchant, last_code=5000 + second)
        clock._count(NOW + seconds(second))
    assert counted_at() == NOW + seconds(6)
    assert HealthTally.objects.count() == 1
