"""How much may be asked: by the day, by the minute and from one address, and at once (Codat docs, rate limits)."""

import json
import socket
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.app import App
from sandbox.exchange import Answer, Refusal, Request
from sandbox.quota import PER_MINUTE, Quota
from sandbox.routes import CONTROL, ROUTES
from sandbox.testing import Sandbox, running
from sandbox.world import World
from tests.sandbox.worlds import BASIC, StoppedClock, a_merchant, send, world_at

EVENING = datetime(2026, 11, 20, 23, 59, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)


def get(path: str, *, address: str = "127.0.0.1") -> Request:
    return Request("GET", path, path, {}, BASIC, address=address)


def asked(app: App, path: str = "/companies", **where: str) -> Answer:
    return app.answer(get(path, **where))


def limit(world: World) -> int:
    return int(Quota(world).headers()["X-Rate-Limit-Limit"])


def spent(world: World, requests: int) -> Quota:
    """Without the guards that would be met long before."""
    world.turn({"per_minute": "off"})
    quota = Quota(world)
    for _ in range(requests):
        quota.enter(get("/companies"))
        quota.leave(get("/companies"))
    return quota


def small_world(clock: StoppedClock, **switches: str) -> World:
    """Nobody lives there: a thousand requests a day."""
    return world_at(clock, merchants=0, **switches)


def test_a_day_has_a_thousand_and_a_thousand_for_each_active_company() -> None:
    assert limit(small_world(StoppedClock())) == 1000
    assert limit(world_at(StoppedClock())) == 1000 * (1 + 39)


def test_a_company_counts_from_its_first_link_to_its_last() -> None:
    clock = StoppedClock()
    world = small_world(clock)
    company_id = world.create({"name": "Fresh", "description": None, "tags": {}})
    link = {"id": "a", "platform": "gbol"}
    limits = [limit(world)]
    for status in ("PendingAuth", "Linked", "Unlinked", "Linked"):
        world.record(company_id, "connection", {**link, "status": status})
        limits.append(limit(world))
    world.record(company_id, "connection deleted", {"id": "a"})
    assert [*limits, limit(world)] == [1000, 1000, 2000, 1000, 2000, 1000]


def test_a_company_that_is_deleted_or_switched_off_counts_no_longer() -> None:
    world = world_at(StoppedClock())
    before, deleted, off = limit(world), a_merchant(world, "quiet"), a_merchant(world, "flaky")
    world.delete(deleted)
    assert limit(world) == before - 1000
    path = f"/config/companies/{off}/sync/commerce"
    send(world, path, '{"enable": false}')
    assert limit(world) == before - 2000
    send(world, path, '{"enable": true}')
    assert limit(world) == before - 1000


def test_a_company_that_runs_into_its_31st_failed_day_counts_no_longer_once_that_is_seen() -> None:
    clock = StoppedClock()
    world = world_at(clock, merchants=400)
    before, company_id = limit(world), a_merchant(world, "near_fuse", rerun="same error")
    clock.passes(days=10)
    assert not world.timeline(company_id).card.enabled
    assert limit(world) == before - 1000


def test_what_was_done_counts_after_a_restart_too(tmp_path: Path) -> None:
    limits = []
    for _ in range(2):
        world = world_at(StoppedClock(), data=tmp_path)
        if not limits:
            world.delete(a_merchant(world, "quiet"))
            link = next(iter(world.card(a_merchant(world, "flaky")).connections.values()))
            world.record(
                a_merchant(world, "flaky"),
                "connection",
                {"id": link.id, "platform": link.key, "status": "Unlinked"},
            )
            world.store.commit()
        limits.append(limit(world))
        world.store.close()
    assert limits[0] == limits[1]


def test_a_spent_quota_is_a_429_with_the_wait_until_midnight_utc() -> None:
    clock = StoppedClock(EVENING)
    world = small_world(clock)
    quota = spent(world, 1000)
    with pytest.raises(Refusal) as refused:
        quota.enter(get("/companies"))
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "31"})
    assert quota.headers() == {
        "X-Rate-Limit-Limit": "1000",
        "X-Rate-Limit-Remaining": "0",
        "X-Rate-Limit-Reset": "2026-11-21T00:00:00Z",
    }
    clock.passes(seconds=31)
    quota.enter(get("/companies"))
    assert quota.headers()["X-Rate-Limit-Remaining"] == "999"


@pytest.mark.switch(quota="enforced", per_minute="off")
def test_the_quota_is_enforced_by_default() -> None:
    with pytest.raises(Refusal):
        spent(small_world(StoppedClock()), 1001)


@pytest.mark.switch(quota="counted")
def test_a_switch_lets_it_be_counted_only() -> None:
    quota = spent(small_world(StoppedClock(), quota="counted"), 1500)
    assert quota.headers()["X-Rate-Limit-Remaining"] == "0"


@pytest.mark.switch(per_minute="enforced")
def test_a_thousand_requests_a_minute_may_come_from_one_address() -> None:
    clock = StoppedClock(EVENING)
    app = App(world_at(clock), "key")
    statuses = [asked(app, "/webhooks").status for _ in range(PER_MINUTE)]
    one_more = asked(app, "/webhooks")
    assert set(statuses) == {200}
    assert (one_more.status, one_more.headers["Retry-After"]) == (429, "31")
    assert asked(app, "/webhooks", address="127.0.0.2").status == 200
    clock.passes(seconds=30)
    assert asked(app, "/webhooks").status == 200


@pytest.mark.switch(per_minute="off")
def test_the_guard_counts_nothing_while_it_is_off() -> None:
    app = App(world_at(StoppedClock(), per_minute="off"), "key")
    for _ in range(PER_MINUTE + 1):
        asked(app, "/webhooks")
    app.world.turn({"per_minute": "enforced"})
    statuses = [asked(app, "/webhooks").status for _ in range(PER_MINUTE + 1)]
    assert (set(statuses[:-1]), statuses[-1]) == ({200}, 429)


def test_the_sandbox_tells_how_many_429_it_gave() -> None:
    app = App(world_at(StoppedClock()), "key")
    told = f"{CONTROL}quota"
    assert json.loads(asked(app, told).body) == {"answers_429": 0}
    for _ in range(PER_MINUTE + 2):
        asked(app, "/webhooks")
    assert json.loads(asked(app, told).body) == {"answers_429": 2}


def test_a_refused_request_costs_nothing_of_the_day() -> None:
    app = App(world_at(StoppedClock()), "key")
    for _ in range(PER_MINUTE + 50):
        answer = asked(app, "/webhooks")
    assert answer.headers["X-Rate-Limit-Remaining"] == str(40_000 - PER_MINUTE)


def test_ten_requests_at_once_may_be_about_one_company() -> None:
    world = world_at(StoppedClock())
    one, other = (f"/companies/{a_merchant(world, kind)}" for kind in ("quiet", "flaky"))
    quota = Quota(world)
    for _ in range(10):
        quota.enter(get(one))
    with pytest.raises(Refusal) as refused:
        quota.enter(get(one.upper().replace("COMPANIES", "companies")))
    assert refused.value.status == 429
    quota.leave(get(one))
    for path in (other, "/companies"):
        quota.enter(get(path))
    with pytest.raises(Refusal):
        quota.enter(get(one))
    quota.leave(get(one))
    quota.leave(get(one))
    quota.enter(get(one))


@pytest.mark.parametrize(
    ("switch", "free"),
    [
        pytest.param("per_company", 10, marks=pytest.mark.switch(concurrency="per_company")),
        pytest.param("pooled", 20, marks=pytest.mark.switch(concurrency="pooled")),
        pytest.param("off", 500, marks=pytest.mark.switch(concurrency="off")),
    ],
)
def test_switches_pool_what_may_be_asked_at_once(switch: str, free: int) -> None:
    world = small_world(StoppedClock(), concurrency=switch)
    ids = [world.create({"name": name, "description": None, "tags": {}}) for name in ("One", "Two")]
    for company_id in ids:
        world.record(company_id, "connection", {"id": "a", "platform": "gbol", "status": "Linked"})
    quota = Quota(world)
    for _ in range(free):
        quota.enter(get(f"/companies/{ids[0]}"))
    if switch != "off":
        with pytest.raises(Refusal):
            quota.enter(get(f"/companies/{ids[0]}"))


@pytest.mark.parametrize(
    ("switch", "told"),
    [
        pytest.param("iso", "2026-11-21T00:00:00Z", marks=pytest.mark.switch(reset_header="iso")),
        pytest.param("epoch", str(int(MIDNIGHT.timestamp())), marks=pytest.mark.switch(reset_header="epoch")),
        pytest.param(
            "http_date", "Sat, 21 Nov 2026 00:00:00 GMT", marks=pytest.mark.switch(reset_header="http_date")
        ),
    ],
)
def test_the_reset_can_be_told_in_three_ways(switch: str, told: str) -> None:
    world = small_world(StoppedClock(EVENING), reset_header=switch)
    assert Quota(world).headers()["X-Rate-Limit-Reset"] == told


@pytest.mark.parametrize(
    "switch",
    [
        pytest.param("seconds", marks=pytest.mark.switch(retry_after="seconds")),
        pytest.param("date", marks=pytest.mark.switch(retry_after="date")),
        pytest.param("absent", marks=pytest.mark.switch(retry_after="absent")),
    ],
)
def test_the_wait_can_be_told_in_three_ways(switch: str) -> None:
    world = small_world(StoppedClock(EVENING), retry_after=switch)
    quota = spent(world, 1000)
    with pytest.raises(Refusal) as refused:
        quota.enter(get("/companies"))
    told = refused.value.headers.get("Retry-After")
    if switch == "date":
        assert told
        assert parsedate_to_datetime(told) == EVENING + timedelta(seconds=31)
    else:
        assert told == ("31" if switch == "seconds" else None)


@pytest.mark.parametrize("path", ["/companies", "/nowhere"])
def test_every_answer_bears_the_moment_it_was_made_by_our_clock(path: str) -> None:
    app = App(world_at(StoppedClock(EVENING)), "key")
    told = app.answer(get(path)).headers["Date"]
    assert parsedate_to_datetime(told) == EVENING.replace(microsecond=0)


BEHIND = [each for each in ROUTES if each.template.startswith(CONTROL) and "{" not in each.template]


@pytest.mark.parametrize("path", sorted({route.template for route in BEHIND if route.method == "GET"}))
def test_what_is_behind_the_scenes_needs_no_key_and_counts_for_nothing(path: str) -> None:
    app = App(world_at(StoppedClock()), "key")
    before = app.quota.headers()
    answer = app.answer(Request("GET", path, path, {}, {}))
    assert (answer.status, app.quota.headers()) == (200, before)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (("GET", "/companies", BASIC), 200),
        (("GET", "/nowhere", BASIC), 404),
        (("PATCH", "/companies", BASIC), 405),
        (("GET", "/companies", {}), 401),
        (("POST", "/companies", BASIC), 400),
    ],
)
def test_every_answer_tells_the_quota(request_: Any, status: int) -> None:
    method, path, headers = request_
    answer = App(world_at(StoppedClock()), "key").answer(Request(method, path, path, {}, headers, b"x"))
    assert answer.status == status
    assert {name for name in answer.headers if name.startswith("X-Rate")} == {
        "X-Rate-Limit-Limit",
        "X-Rate-Limit-Remaining",
        "X-Rate-Limit-Reset",
    }


def test_what_breaks_in_here_is_a_500_that_tells_the_quota_and_holds_no_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = world_at(StoppedClock())
    app, company_id = App(world, "key"), a_merchant(world, "quiet")
    monkeypatch.setattr(world, "card", lambda _: 1 / 0)
    answers = [asked(app, f"/companies/{company_id}") for _ in range(12)]
    assert {answer.status for answer in answers} == {500}
    assert answers[-1].headers["X-Rate-Limit-Remaining"] == str(40_000 - 12)
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.slow
def test_the_address_is_the_clients_own() -> None:
    """Seen from outside: each address of this machine has a thousand."""
    with running(merchants=1) as sandbox:
        statuses = [sandbox.get("/webhooks").status_code for _ in range(PER_MINUTE + 1)]
        port = int(sandbox.url.rpartition(":")[2])
        key = b64encode(sandbox.key.encode()).decode()
        with socket.create_connection(("127.0.0.1", port), 5, source_address=("127.0.0.9", 0)) as other:
            other.sendall(f"GET /webhooks HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {key}\r\n\r\n".encode())
            answer = other.recv(4096)
    assert statuses.count(429) <= 1 < statuses.count(200)
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_what_is_not_http_is_told_the_quota_too(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 5) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        assert b"X-Rate-Limit-Remaining: " in raw.recv(4096)


def test_who_is_turned_away_in_an_outage_makes_no_room_for_another() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    app, path = App(world, "key"), f"/companies/{a_merchant(world, 'healthy')}"
    app.faults.set({"fault": "slow", "count": 10})
    held = [app.answer(get(path), app.meet("GET", path)).status for _ in range(9)]
    world.order("outage", {"until": (clock.now() + timedelta(minutes=1)).isoformat(), "api": True})
    assert asked(app, path).status == 503
    clock.passes(minutes=2)
    held.append(app.answer(get(path), app.meet("GET", path)).status)
    assert held == [200] * 10
    assert asked(app, path).status == 429
