"""What becomes of a request for a sync where the documents are silent: each value of each switch."""

from typing import Any

import pytest

from sandbox.app import App
from sandbox.exchange import NOT_VALID, Request
from sandbox.outcomes import EMPTY, NOT_CONNECTED, OVERLAPS, SERVER_ERROR
from sandbox.schedule import DAY
from tests.sandbox.worlds import (
    BASIC,
    NOON,
    StoppedClock,
    a_merchant,
    ended,
    historic,
    latest,
    send,
    shown,
    world_at,
)


def request_for(company_id: str, body: bytes) -> Request:
    path = f"/companies/{company_id}/sync/commerce/latest"
    return Request("POST", path, path, {}, {**BASIC, "idempotency-key": "one"}, body)


@pytest.mark.parametrize(
    ("switch", "refusals", "errors"),
    [
        shown("idempotency", "caches_errors", 1, 1),
        shown("idempotency", "forgets_5xx", 1, 2),
        shown("idempotency", "off", 2, 2),
    ],
)
def test_what_is_kept_under_an_idempotency_key(switch: str, refusals: int, errors: int) -> None:
    """Each refusal has an id of its own, so that a replayed one is known."""
    world = world_at(StoppedClock(), idempotency=switch)
    app, company_id = App(world, "key"), a_merchant(world, "flaky")
    assert len({app.answer(request_for(company_id, b"[]")).body for _ in range(2)}) == refusals
    world.faults.set({"fault": "500"})
    request = request_for(a_merchant(world, "quiet"), b"")
    request.headers["idempotency-key"] = "other"
    met = [app.meet(request.method, request.path) for _ in range(2)]
    assert len({app.answer(request, each).body for each in met}) == errors


@pytest.mark.parametrize(
    ("switch", "started"),
    [
        shown("idempotent_posts", "both", {"latest": 1, "historic": 1}),
        shown("idempotent_posts", "latest", {"latest": 1, "historic": 2}),
        shown("idempotent_posts", "historic", {"latest": 2, "historic": 1}),
    ],
)
def test_which_of_the_two_posts_heed_the_key(switch: str, started: dict[str, int]) -> None:
    world = world_at(StoppedClock(), idempotent_posts=switch)
    app, company_id = App(world, "key"), a_merchant(world, "flaky")
    bodies = {"latest": b"", "historic": b'{"dateRange":{"start":"2001-01-01","finish":"2001-01-02"}}'}
    for kind, body in bodies.items():
        request = request_for(company_id, body)
        request.path = request.path.replace("latest", kind)
        request.path = request.path if kind == "latest" else f"/meta{request.path}"
        request.headers["idempotency-key"] = kind
        before = world.timeline(company_id).asked
        answers = {app.answer(request).body for _ in range(2)}
        assert world.timeline(company_id).asked - before == len(answers) == started[kind]


@pytest.mark.parametrize(
    ("switch", "status", "outcome"),
    [
        shown("overlap", "fails", 200, OVERLAPS),
        shown("overlap", "refused", 400, None),
        shown("overlap", "allowed", 200, None),
    ],
)
def test_days_that_are_synced_already(switch: str, status: int, outcome: Any) -> None:
    clock = StoppedClock()
    world = world_at(clock, overlap=switch)
    company_id = a_merchant(world, "healthy")
    assert historic(world, company_id, NOON - DAY * 9, NOON - DAY * 8)[0] == status
    if status == 200:
        found = ended(world, clock, company_id).outcome
        assert found == outcome if outcome else found.is_success


@pytest.mark.parametrize(
    ("switch", "status", "outcome"),
    [
        shown("backwards_range", "refused", 400, None),
        shown("backwards_range", "fails", 200, SERVER_ERROR),
        shown("backwards_range", "empty", 200, EMPTY),
    ],
)
@pytest.mark.parametrize("days", [1, 0], ids=["backwards", "no time at all"])
def test_a_range_that_starts_at_or_after_its_finish(
    switch: str, status: int, outcome: Any, days: int
) -> None:
    clock = StoppedClock()
    world = world_at(clock, backwards_range=switch)
    company_id = a_merchant(world, "no_message")
    synced = list(world.timeline(company_id).synced)
    assert historic(world, company_id, NOON, NOON - DAY * days)[0] == status
    if status == 200:
        assert ended(world, clock, company_id).outcome == outcome
        assert world.timeline(company_id).synced == synced
        lonely = a_merchant(world, "never_synced")
        historic(world, lonely, clock.now(), clock.now() - DAY * days)
        assert ended(world, clock, lonely).outcome == NOT_CONNECTED


@pytest.mark.parametrize(
    ("switch", "status", "outcome"),
    [
        shown("backwards_range", "refused", 400, None),
        shown("backwards_range", "fails", 200, SERVER_ERROR),
        shown("backwards_range", "empty", 200, EMPTY),
    ],
)
@pytest.mark.parametrize("days", [1, 0], ids=["backwards", "no time at all"])
def test_a_latest_up_to_a_moment_that_is_not_after_its_start(
    switch: str, status: int, outcome: Any, days: int
) -> None:
    clock = StoppedClock()
    world = world_at(clock, backwards_range=switch)
    company_id = a_merchant(world, "healthy")
    synced, start = list(world.timeline(company_id).synced), world.timeline(company_id).next_start()
    body = f'{{"syncTo":"{(start - DAY * days).isoformat()}"}}'
    answered, told = latest(world, company_id, body)
    assert answered == status
    if status == 400:
        assert told["error"] == NOT_VALID
    else:
        assert ended(world, clock, company_id).outcome == outcome
        assert world.timeline(company_id).synced == synced
        assert world.timeline(company_id).next_start() == start


@pytest.mark.parametrize(
    ("switch", "status", "finish"),
    [
        shown("future_end", "cut", 200, NOON),
        shown("future_end", "refused", 400, None),
        shown("future_end", "kept", 200, NOON + DAY),
    ],
)
def test_an_end_that_lies_in_the_future(switch: str, status: int, finish: Any) -> None:
    world = world_at(StoppedClock(), future_end=switch)
    company_id = a_merchant(world, "no_message")
    assert latest(world, company_id, f'{{"syncTo":"{(NOON + DAY).isoformat()}"}}')[0] == status
    if finish:
        assert world.timeline(company_id).syncs[-1].finish == finish


@pytest.mark.parametrize(
    ("switch", "status"),
    [
        shown("before_start", "kept", 200),
        shown("before_start", "cut", 200),
        shown("before_start", "refused", 400),
    ],
)
def test_a_range_that_begins_before_the_configured_start(switch: str, status: int) -> None:
    world = world_at(StoppedClock(), before_start=switch, overlap="allowed")
    company_id = a_merchant(world, "no_message")
    first = world.card(company_id).schedule.start()
    assert historic(world, company_id, first - DAY, first + DAY)[0] == status
    if status == 200:
        assert world.timeline(company_id).syncs[-1].start == (first if switch == "cut" else first - DAY)
    assert historic(world, company_id, first, first + DAY)[0] == 200
    wholly_before = historic(world, company_id, first - DAY * 2, first - DAY)[0]
    assert wholly_before == (200 if switch == "kept" else 400)


@pytest.mark.parametrize(
    ("switch", "status"), [shown("historic_body", "strict", 400), shown("historic_body", "lenient", 200)]
)
def test_days_without_a_date_range_around_them(switch: str, status: int) -> None:
    world = world_at(StoppedClock(), historic_body=switch)
    path = f"/meta/companies/{a_merchant(world, 'no_message')}/sync/commerce/historic"
    for last in ("finish", "end"):
        assert send(world, path, f'{{"start":"2026-11-01","{last}":"2026-11-02"}}')[0] == status


@pytest.mark.parametrize(
    ("switch", "equal"),
    [shown("commerce_sync_id", "differs", False), shown("commerce_sync_id", "same", True)],
)
def test_the_two_ids_of_a_sync(switch: str, equal: bool) -> None:
    world = world_at(StoppedClock(), commerce_sync_id=switch)
    company_id = a_merchant(world, "flaky")
    latest(world, company_id)
    scheduled, asked = world.timeline(company_id).syncs[-2:]
    for sync in (scheduled, asked):
        assert (sync.sync_id == sync.commerce_sync_id) is equal
