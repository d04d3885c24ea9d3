"""Schedule and connections: when they are read, what they change, and what happens when they cannot be."""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from syncs.codat.budget import LocalBudget
from syncs.codat.client import LONGEST_CALL, CodatClient
from syncs.models import Merchant
from syncs.operations import handing_out
from syncs.operations import refresh as refreshing
from syncs.operations.merchants import archive, restore
from syncs.operations.refresh import refresh
from syncs.rules.states import State
from tests.codat.server import Server, hangs_up, says
from tests.factories import make_merchant, make_request
from tests.looks import NOW, looked, never_seen, pressed_check_now, row
from tests.upstream import CANARY

SCHEDULE = {"timeZone": "Asia/Tokyo", "syncHour": 5, "startDate": "2026-10-01T00:00:00"}
CONFIGURATION = {"enabled": True, "configured": True, "schedule": SCHEDULE}
LIST = says(200, [row()])


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def told(scripted: Server) -> Iterator[CodatClient]:
    """Its budget goes on while the time of these tests stands still."""
    budget = LocalBudget(per_minute=100_000, clock=time.monotonic)
    with CodatClient(base_url=scripted.url, api_key=CANARY, budget=budget, backoff=0.01) as client:
        yield client


@pytest.fixture
def new(db: None) -> Merchant:
    """Not even its configuration is known."""
    return never_seen(configured_at=None, time_zone="", sync_hour=None, enabled=None)


@pytest.fixture
def known(db: None) -> Merchant:
    return make_merchant(configured_at=NOW - timedelta(hours=1), refreshed_at=NOW - timedelta(hours=1))


def link(status: str = "Linked", name: str = "c-1", side: str = "Commerce") -> dict[str, Any]:
    return {"id": name, "sourceType": side, "platformName": "Shopify", "status": status}


def seen(
    merchant: Merchant, server: Server, client: CodatClient, *answers: Any, thorough: bool = False
) -> Merchant:
    server.requests.clear()
    server.answers(*answers)
    if thorough:
        pressed_check_now(merchant)
    refresh(merchant.pk, client)
    return Merchant.objects.get(pk=merchant.pk)


def questions(server: Server) -> list[str]:
    words = ("config", "connections")
    return [word for request in server.requests for word in words if word in request.target.split("?")[0]]


def test_a_first_look_reads_the_schedule(scripted: Server, told: CodatClient, new: Merchant) -> None:
    now = seen(new, scripted, told, LIST, says(200, CONFIGURATION))
    assert questions(scripted) == ["config"]
    assert (now.time_zone, now.sync_hour, now.start_date) == ("Asia/Tokyo", 5, date(2026, 10, 1))
    assert (now.enabled, now.configured_at) == (True, NOW)


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus"])
def test_a_zone_that_nobody_knows_is_utc(
    scripted: Server, told: CodatClient, new: Merchant, zone: Any
) -> None:
    told_so = CONFIGURATION | {"schedule": SCHEDULE | {"timeZone": zone, "syncHour": None, "startDate": None}}
    now = seen(new, scripted, told, LIST, says(200, told_so))
    assert (now.zone_name, now.sync_hour, now.health) == ("Etc/UTC", None, "healthy")
    # 125 days and nothing before them: without a start date nobody knows when it began.
    assert now.days.count() == 125


def test_days_begin_with_the_start_date(scripted: Server, told: CodatClient, new: Merchant) -> None:
    now = seen(new, scripted, told, LIST, says(200, CONFIGURATION))
    assert now.days.order_by("day")[0].day == date(2026, 10, 1)


def test_the_schedule_is_read_once_a_day(scripted: Server, told: CodatClient, known: Merchant) -> None:
    seen(known, scripted, told, LIST, says(200, CONFIGURATION))
    assert not questions(scripted)
    with time_machine.travel(NOW + timedelta(hours=36), tick=False):
        assert seen(known, scripted, told, LIST, says(200, CONFIGURATION)).time_zone == "Asia/Tokyo"


def test_in_another_zone_all_days_are_decided_anew(
    scripted: Server, told: CodatClient, new: Merchant
) -> None:
    before = seen(new, scripted, told, LIST, says(200, CONFIGURATION))
    moved = CONFIGURATION | {"schedule": SCHEDULE | {"timeZone": "America/Los_Angeles"}}
    before.days.filter(day=date(2026, 10, 5)).delete()
    after = seen(new, scripted, told, LIST, says(200, moved), says(200, {"results": []}), thorough=True)
    assert after.days.filter(day=date(2026, 10, 5)).exists()
    assert after.last_days_end == date(2026, 11, 20)
    assert after.version == before.version + 1


@pytest.mark.parametrize("answer", [says(500, {"error": "oops"}), hangs_up, says(200, b"<html>")])
def test_a_first_look_without_the_schedule_is_none(
    scripted: Server, told: CodatClient, new: Merchant, answer: Any
) -> None:
    """Its first windows would be placed in the wrong zone, and stay there."""
    now = seen(new, scripted, told, LIST, answer)
    assert (now.health, now.syncs.count()) == ("unseen", 0)
    assert now.refresh_problem


def test_a_merchant_whose_schedule_is_refused_is_seen_all_the_same(
    scripted: Server, told: CodatClient, new: Merchant
) -> None:
    now = seen(new, scripted, told, LIST, says(404, {"error": "No configuration was found"}))
    assert (now.health, now.refresh_problem, now.archived_at) == ("healthy", "", None)


@pytest.mark.parametrize("answer", [says(500, {"error": "oops"}), says(404, {"error": "No data"}), hangs_up])
def test_what_was_known_of_schedule_and_connections_stays(
    scripted: Server, told: CodatClient, known: Merchant, answer: Any
) -> None:
    now = seen(known, scripted, told, LIST, answer, thorough=True)
    assert (now.time_zone, now.sync_hour, now.enabled) == ("Europe/London", 2, True)
    assert now.connections.filter(status="Linked", gone_at=None).count() == 2
    assert (now.health, now.refresh_problem, now.archived_at) == ("healthy", "", None)


def test_that_it_was_switched_on_again_is_remembered(
    scripted: Server, told: CodatClient, known: Merchant
) -> None:
    links = says(200, {"results": []})
    off, on = (says(200, CONFIGURATION | {"enabled": enabled}) for enabled in (False, True))
    assert seen(known, scripted, told, LIST, off, links, thorough=True).switched_on_at is None
    assert seen(known, scripted, told, LIST, on, links, thorough=True).switched_on_at == NOW
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        assert seen(known, scripted, told, LIST, on, links, thorough=True).switched_on_at == NOW


def test_where_it_is_not_told_whether_it_is_on_the_last_word_stands(
    scripted: Server, told: CodatClient, known: Merchant
) -> None:
    links = says(200, {"results": []})
    off, not_told, on = (says(200, CONFIGURATION | {"enabled": enabled}) for enabled in (False, None, True))
    seen(known, scripted, told, LIST, off, links, thorough=True)
    assert seen(known, scripted, told, LIST, not_told, links, thorough=True).enabled is False
    assert seen(known, scripted, told, LIST, on, links, thorough=True).switched_on_at == NOW


def test_a_schedule_of_nothing_but_nulls_says_nothing(
    scripted: Server, told: CodatClient, new: Merchant
) -> None:
    before = seen(new, scripted, told, LIST, says(200, CONFIGURATION))
    nulls = dict.fromkeys(CONFIGURATION, None) | {"companyId": CONFIGURATION.get("companyId")}
    now = seen(new, scripted, told, LIST, says(200, nulls), says(200, {"results": []}), thorough=True)
    assert questions(scripted) == ["config", "connections"]
    assert (now.time_zone, now.sync_hour, now.start_date, now.enabled) == (
        before.time_zone,
        before.sync_hour,
        before.start_date,
        before.enabled,
    )


def test_what_codat_leaves_out_of_a_connection_is_not_lost(
    scripted: Server, told: CodatClient, known: Merchant
) -> None:
    spoiled = dict.fromkeys(link(), None) | {"id": "c-1"}
    for answer in (link(), spoiled):
        links = says(200, {"results": [answer]})
        seen(known, scripted, told, LIST, says(200, CONFIGURATION), links, thorough=True)
    kept = known.connections.get(codat_id="c-1")
    assert (kept.status, kept.side, kept.platform_name) == ("Linked", "commerce", "Shopify")


def test_a_thorough_look_reads_both(scripted: Server, told: CodatClient, known: Merchant) -> None:
    links = says(200, {"results": [link("Deauthorized"), link(name="a-1", side="Accounting")]})
    now = seen(known, scripted, told, LIST, says(200, CONFIGURATION), links, thorough=True)
    assert questions(scripted) == ["config", "connections"]
    assert now.health == "needs_reconnect"
    assert now.connections.filter(gone_at=None).count() == 2


def test_the_connections_of_a_restored_merchant_are_read_again(
    scripted: Server, told: CodatClient, known: Merchant
) -> None:
    known.connections.update(seen_at=NOW - timedelta(days=40))
    archive(known, why="Left us", now=NOW - timedelta(days=30))
    restore(known, why="Came back", now=NOW)
    links = says(200, {"results": [link("Deauthorized"), link(name="a-1", side="Accounting")]})
    now = seen(known, scripted, told, LIST, links)
    assert questions(scripted) == ["connections"]
    assert (now.health, now.refreshed_at) == ("needs_reconnect", NOW)


def test_a_change_of_a_connection_alone_is_shown(
    scripted: Server, told: CodatClient, known: Merchant
) -> None:
    answers = [
        LIST,
        says(200, CONFIGURATION),
        says(200, {"results": [link(), link(name="a", side="Accounting")]}),
    ]
    before = seen(known, scripted, told, *answers, thorough=True)
    assert seen(known, scripted, told, *answers, thorough=True).version == before.version
    answers[2] = says(200, {"results": [link("Unlinked"), link(name="a", side="Accounting")]})
    after = seen(known, scripted, told, *answers, thorough=True)
    assert (after.version, after.health) == (before.version + 1, "needs_reconnect")


# How long a look may take


def test_a_look_whose_time_is_up_begins_no_further_call(
    scripted: Server, told: CodatClient, known: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has is stored, and the rest is as if Codat had not answered it."""
    monkeypatch.setattr(refreshing, "CALLS_BEGIN_WITHIN", 0)
    make_request(known, state=State.ACCEPTED, commerce_sync_id="nobody lists it", state_since=NOW)
    now = seen(known, scripted, told, LIST, thorough=True)
    assert len(scripted.requests) == 1
    assert (now.refreshed_at, now.syncs.count(), now.refresh_problem) == (NOW, 1, "")
    assert now.connections.filter(status="Linked", gone_at=None).count() == 2


def test_a_first_look_that_has_no_time_for_the_schedule_is_none(
    scripted: Server, told: CodatClient, new: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "CALLS_BEGIN_WITHIN", 0)
    now = seen(new, scripted, told, LIST)
    assert (now.health, now.syncs.count(), now.refreshed_at) == ("unseen", 0, None)
    assert now.refresh_problem == "Codat answers so slowly that not all could be asked."


def test_no_look_is_longer_than_a_merchant_is_held(told: CodatClient) -> None:
    last = timedelta(seconds=refreshing.CALLS_BEGIN_WITHIN + LONGEST_CALL)
    in_the_queue, stored_in = timedelta(minutes=1), timedelta(seconds=30)
    assert in_the_queue + last + stored_in < handing_out.LEASE


# The usual time


def test_a_run_that_was_watched_teaches_when_it_ended(
    scripted: Server, told: CodatClient, new: Merchant
) -> None:
    """Due at 20:00 UTC, 05:00 in Tokyo; begun at 21:00."""
    Merchant.objects.update(time_zone="Asia/Tokyo", sync_hour=5, configured_at=NOW)
    with time_machine.travel("2026-11-20T21:05:00Z", tick=False):
        looked(new, scripted, told, row(code=1000, at="2026-11-20T21:00:00Z"))
    with time_machine.travel("2026-11-20T21:10:00Z", tick=False):
        now = looked(new, scripted, told, row(at="2026-11-20T21:00:00Z"))
    assert now.usual_delay_mean == timedelta(minutes=67.5).total_seconds(), "in the middle of its two looks"
    again = looked(new, scripted, told, row(at="2026-11-20T21:00:00Z", dataPushed=False))
    assert again.usual_delay_mean == now.usual_delay_mean


@pytest.mark.parametrize("hours", [1, 3, 8])
def test_however_long_runs_are_it_learns_when_they_end(
    scripted: Server, told: CodatClient, new: Merchant, hours: int
) -> None:
    """Looked at when it has planned to, in the first night of all."""
    began, at = NOW.replace(hour=2, minute=0), NOW.replace(hour=1, minute=0)
    Merchant.objects.update(time_zone="Etc/UTC", sync_hour=0)
    ended, now = began + timedelta(hours=hours), new
    while now.last_final_at is None:
        with time_machine.travel(at, tick=False):
            Merchant.objects.update(configured_at=at)
            code = 2000 if at >= ended else 1000
            now = looked(
                new, scripted, told, *[row(code=code, at=f"{began:%Y-%m-%dT%H:%M:%SZ}")][: at >= began]
            )
        at = now.next_refresh_at
    assert timedelta(seconds=now.usual_delay_mean) == pytest.approx(
        ended - NOW.replace(hour=0, minute=0), abs=timedelta(minutes=20)
    )


def test_of_a_run_that_was_not_watched_the_start_is_all_that_is_known(
    scripted: Server, told: CodatClient, new: Merchant
) -> None:
    Merchant.objects.update(time_zone="Asia/Tokyo", sync_hour=5, configured_at=NOW)
    now = looked(new, scripted, told, row(at="2026-11-20T21:00:00Z"))
    assert now.usual_delay_mean == timedelta(hours=1).total_seconds()


def test_a_look_after_long_silence_was_not_watching(
    scripted: Server, told: CodatClient, new: Merchant
) -> None:
    Merchant.objects.update(time_zone="Asia/Tokyo", sync_hour=5, configured_at=NOW)
    with time_machine.travel("2026-11-20T21:05:00Z", tick=False):
        looked(new, scripted, told, row(code=1000, at="2026-11-20T21:00:00Z"))
    now = looked(new, scripted, told, row(at="2026-11-20T21:00:00Z"))
    assert now.usual_delay_mean == timedelta(hours=1).total_seconds()


def test_a_run_that_we_asked_for_teaches_nothing(scripted: Server, told: CodatClient, new: Merchant) -> None:
    Merchant.objects.update(time_zone="Asia/Tokyo", sync_hour=5, configured_at=NOW)
    make_request(new, state=State.ACCEPTED, commerce_sync_id="one")
    now = looked(new, scripted, told, row(at="2026-11-20T21:00:00Z"))
    assert (now.health, now.usual_delay_mean) == ("healthy", None)
