"""What becomes of a sync that is asked for: the rules, with a clock that stands still."""

from datetime import UTC, datetime

import pytest

from sandbox.dice import digest, guid
from sandbox.outcomes import NOT_CONFIGURED, NOT_CONNECTED
from sandbox.schedule import DAY, MOST_SALES_DAYS, due, local_date, sales_days
from tests.sandbox.worlds import NOON, StoppedClock, a_merchant, ended, historic, latest, send, world_at


@pytest.mark.parametrize("body", ["", "{}", "null", '{"syncTo":null}', " "])
def test_latest_without_argument_runs_from_the_last_success_to_now(body: str) -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "archived_customer")
    last_success = world.timeline(company_id).synced_to
    status, summary = latest(world, company_id, body)
    assert status == 200
    window = {name: datetime.fromisoformat(text) for name, text in summary["syncDateRangeUtc"].items()}
    assert window == {"start": last_success, "finish": NOON}
    assert (summary["syncStatusCode"], summary["syncStatus"]) == (1000, "NotStarted")
    assert (summary["errorMessage"], summary["dataPushed"]) == (None, False)
    assert summary["commerceSyncId"]
    assert "syncId" not in summary


@pytest.mark.parametrize(
    ("text", "finish"),
    [
        ("2026-11-20T06:00:00Z", datetime(2026, 11, 20, 6, tzinfo=UTC)),
        ("2026-11-20T06:00:00.1234567Z", datetime(2026, 11, 20, 6, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-20T06:00:00", datetime(2026, 11, 20, 6, tzinfo=UTC)),
        ("2026-11-20T06:00:00+05:30", datetime(2026, 11, 20, 0, 30, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2030-01-01T00:00:00Z", NOON),
    ],
)
def test_sync_to_may_be_any_documented_form_and_is_cut_at_now(text: str, finish: datetime) -> None:
    world = world_at(StoppedClock())
    _, summary = latest(world, a_merchant(world, "near_fuse"), f'{{"syncTo":"{text}"}}')
    assert datetime.fromisoformat(summary["syncDateRangeUtc"]["finish"]) == finish


def test_a_window_long_ago_is_told_with_years_of_four_digits() -> None:
    world, start = world_at(StoppedClock()), datetime(1, 1, 1, tzinfo=UTC)
    _, summary = historic(world, a_merchant(world, "no_message"), start, start + DAY)
    window = {"start": "0001-01-01T00:00:00Z", "finish": "0001-01-02T00:00:00Z"}
    assert summary["syncDateRangeUtc"] == window


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_a_window_of_thousands_of_years_takes_no_longer_than_one_of_some(zone: str) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert len(sales_days(first, last, zone)) <= MOST_SALES_DAYS + 1


@pytest.mark.parametrize(
    "body", ['{"syncTo":"soon"}', '{"syncTo":5}', '{"syncTo":""}', "[]", "{", '"text"', '{"a":NaN}']
)
def test_nonsense_in_place_of_sync_to_is_refused_and_starts_nothing(body: str) -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "near_fuse")
    before = len(world.timeline(company_id).syncs)
    assert latest(world, company_id, body)[0] == 400
    assert len(world.timeline(company_id).syncs) == before


def test_the_first_sync_of_all_starts_at_the_configured_date() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=400)
    recent = next(m for m in world.of_kind("healthy") if m.created > NOON - DAY * 60)
    first = world.timeline(recent.company_id).syncs[0]
    assert first.start == due(recent.created.date(), recent.hour, recent.zone)
    assert first.finish == due(local_date(recent.created, recent.zone) + DAY, recent.hour, recent.zone)


def test_a_re_run_of_a_merchant_whose_cause_is_gone_succeeds_and_ends_the_row_of_failures() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=200)
    company_id = a_merchant(world, "archived_account", rerun="succeeds")
    assert world.timeline(company_id).failed_days >= 1
    latest(world, company_id)
    assert ended(world, clock, company_id).outcome.is_success
    timeline = world.timeline(company_id)
    assert (timeline.failed_days, timeline.synced_to) == (0, NOON)
    clock.passes(days=1)
    following = world.timeline(company_id).syncs[-1]
    assert (following.scheduled, following.start, following.outcome.is_success) == (True, NOON, True)


def test_a_re_run_of_a_merchant_whose_cause_is_not_gone_fails_in_the_same_words() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=200)
    company_id = a_merchant(world, "missing_customer", rerun="same error")
    before = world.timeline(company_id).syncs[-1].outcome
    latest(world, company_id)
    assert ended(world, clock, company_id).outcome == before


def test_historic_runs_the_days_it_is_given() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=200)
    company_id = a_merchant(world, "no_message")
    start = world.timeline(company_id).synced_to
    assert start
    status, summary = historic(world, company_id, start, start + DAY)
    assert (status, summary["companyId"]) == (200, company_id)
    sync = ended(world, clock, company_id)
    assert (sync.start, sync.finish, sync.outcome.code) == (start, start + DAY, 2000)


@pytest.mark.parametrize(
    ("start", "finish"),
    [(NOON, NOON - DAY), (NOON - DAY, NOON - DAY), (NOON + DAY, NOON + DAY * 2)],
)
def test_a_range_that_is_reversed_empty_or_to_come_is_refused(start: datetime, finish: datetime) -> None:
    world = world_at(StoppedClock())
    assert historic(world, a_merchant(world, "no_message"), start, finish)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "null",
        '{"dateRange":null}',
        '{"dateRange":{"start":"2026-11-01"}}',
        '{"dateRange":{"start":"2026-11-01","end":"2026-11-02"}}',
        '{"start":"2026-11-01","finish":"2026-11-02"}',
        '{"start":"2026-11-01","end":"2026-11-02"}',
        '{"dateRange":{"start":1,"finish":2}}',
        '{"dateRange":{"start":"0001-01-01T00:00:00+23:00","finish":"2026-11-02"}}',
    ],
)
def test_historic_needs_a_date_range_with_start_and_finish(body: str) -> None:
    world = world_at(StoppedClock())
    path = f"/meta/companies/{a_merchant(world, 'no_message')}/sync/commerce/historic"
    assert send(world, path, body)[0] == 400


@pytest.mark.parametrize("kind", ["deauthorized", "unlinked", "never_synced"])
def test_without_two_linked_connections_a_sync_fails(kind: str) -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, kind)
    assert latest(world, company_id)[0] == 200
    assert ended(world, clock, company_id).outcome == NOT_CONNECTED


def test_linked_but_not_configured_fails_for_its_settings() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = world.create({"name": "Fresh", "description": None, "tags": {}})
    for key in ("fztf", "gbol"):
        world.record(company_id, "connection", {"id": guid(digest(key)), "platform": key, "status": "Linked"})
    latest(world, company_id)
    assert ended(world, clock, company_id).outcome == NOT_CONFIGURED


def test_a_quiet_shop_has_nothing_to_push() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "quiet")
    latest(world, company_id)
    outcome = ended(world, clock, company_id).outcome
    assert (outcome.code, outcome.pushed) == (2040, False)


def test_speed_shortens_a_sync_and_nothing_else() -> None:
    paces = []
    for speed in (1.0, 10.0):
        clock = StoppedClock()
        world = world_at(clock, speed=speed)
        company_id = a_merchant(world, "flaky")
        latest(world, company_id)
        sync = world.timeline(company_id).syncs[-1]
        assert (sync.at, sync.finish) == (NOON, NOON)
        paces.append(sync.seconds)
    assert 50 < paces[0] < 280
    assert paces[1] == pytest.approx(paces[0] / 10)
