"""Which messages come of what happens, and what they say (Platform OpenAPI, webhooks)."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox import pushes
from sandbox.app import App
from sandbox.exchange import Refusal, Request
from sandbox.outcomes import PARTIAL
from sandbox.quota import Quota
from sandbox.syncs import Sync
from sandbox.world import World
from tests.sandbox.worlds import BASIC, NOON, StoppedClock, a_merchant, historic, latest, read, send, world_at


def news(world: World) -> list[tuple[float, dict[str, Any]]]:
    """What is laid out to be told, and when."""
    rows = world.store.execute("SELECT at, body FROM webhook_message ORDER BY at, n").fetchall()
    return [(at, json.loads(body)) for at, body in rows]


def types(world: World) -> list[str]:
    return [told["eventType"] for _, told in news(world)]


def ends(world: World) -> set[str]:
    """How the writes end that are told of."""
    return {each.rpartition(".write.")[2] for each in types(world)}


def pushes_of(world: World, company_id: str, sync: Sync) -> list[dict[str, Any]]:
    """Its push operations, as they are listed once it has ended."""
    timeline = world.timeline(company_id)
    return [pushes.told(company_id, push, sync.ended) for push in pushes.of_sync(timeline, sync)]


def changed(world: World, method: str, path: str, body: str = "") -> Any:
    answer = App(world, "key").answer(Request(method, path, path, {}, BASIC, body.encode()))
    assert answer.status < 300
    return json.loads(answer.body or b"null")


def test_a_company_is_told_of_from_its_creation_to_its_end() -> None:
    world = world_at(StoppedClock())
    company = send(world, "/companies", '{"name": "Bank of Dave", "tags": {"region": "us"}}')[1]
    changed(world, "PATCH", f"/companies/{company['id']}", '{"name": "Bank of Ann"}')
    changed(world, "DELETE", f"/companies/{company['id']}")
    (_, created), (_, deleted) = news(world)
    assert created == {
        "id": created["id"],
        "eventType": "company.created",
        "generatedDate": "2026-11-20T12:00:00.000Z",
        "payload": {
            name: company[name]
            for name in ("id", "name", "description", "redirect", "lastSync", "created", "tags")
        },
    }
    assert (deleted["eventType"], deleted["payload"]["name"]) == ("company.deleted", "Bank of Ann")
    assert re.fullmatch(r"[0-9a-f-]{36}", created["id"])
    assert created["id"] != deleted["id"]


def test_a_connection_is_told_of_by_each_change_of_its_status() -> None:
    world = world_at(StoppedClock())
    company = send(world, "/companies", '{"name": "Fresh", "description": "internal"}')[1]
    path = f"/companies/{company['id']}/connections"
    link = send(world, path, '{"platformKey": "gbol"}')[1]
    own, behind = f"{path}/{link['id']}", f"/_sandbox{path}/{link['id']}"
    send(world, behind, '{"happens": "failed"}')
    changed(world, "PUT", f"{own}/authorization")
    changed(world, "PATCH", own, '{"status": "Unlinked"}')
    changed(world, "PUT", f"{own}/authorization")
    changed(world, "PUT", f"{own}/authorization")
    send(world, behind, '{"happens": "deauthorized"}')
    send(world, behind, '{"happens": "unlinked"}')
    changed(world, "DELETE", own)
    told = [
        (each["eventType"].removeprefix("connection."), each["payload"]["connection"]["status"])
        for _, each in news(world)[1:]
        if each["eventType"].startswith("connection.")
    ]
    assert told == [
        ("created", "PendingAuth"),
        ("failed", "PendingAuth"),
        ("connected", "Linked"),
        ("disconnected", "Unlinked"),
        ("reconnected", "Linked"),
        ("disconnected", "Deauthorized"),
        ("deleted", "Unlinked"),
    ]


def test_a_connections_news_tell_the_company_and_the_connection_as_codat_does() -> None:
    world = world_at(StoppedClock())
    company = send(world, "/companies", '{"name": "Fresh", "description": "internal"}')[1]
    path = f"/companies/{company['id']}/connections"
    link = send(world, path, '{"platformKey": "gbol"}')[1]
    payload = news(world)[1][1]["payload"]
    assert payload["referenceCompany"] == {
        "id": company["id"],
        "name": "Fresh",
        "description": "internal",
        "links": {"portal": f"https://app.codat.io/companies/{company['id']}/summary"},
        "tags": {},
    }
    left_out = ("lastSync", "connectionInfo", "dataConnectionErrors")
    assert payload["connection"] == {name: link[name] for name in link if name not in left_out}


def test_a_merchant_who_breaks_off_linking_is_told_of_with_the_error_that_the_connection_shows() -> None:
    world = world_at(StoppedClock())
    company = send(world, "/companies", '{"name": "Fresh"}')[1]
    path = f"/companies/{company['id']}/connections"
    link = send(world, path, '{"platformKey": "gbol"}')[1]
    shown = send(world, f"/_sandbox{path}/{link['id']}", '{"happens": "failed"}')[1]
    told = news(world)[-1][1]["payload"]["connection"]
    assert told["dataConnectionErrors"] == shown["dataConnectionErrors"]
    assert shown["dataConnectionErrors"][0]["statusText"] == "User cancelled linking"
    changed(world, "PUT", f"{path}/{link['id']}/authorization")
    assert read(world, f"{path}/{link['id']}")["dataConnectionErrors"] == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("{}", '{"happens": "struck by lightning"}', 400),
        ("{}", "{}", 400),
        ("{}", '{"happens": "failed"}', 400),
        ("nobody", "{}", 404),
    ],
)
def test_what_cannot_happen_to_a_connection_is_refused(path: str, body: str, status: int) -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "healthy")
    link_id = path.format(next(iter(world.card(company_id).connections)))
    where = f"/_sandbox/companies/{company_id}/connections/{link_id}"
    assert send(world, where, body)[0] == status


def test_what_a_requested_sync_writes_is_told_when_it_ends_and_the_sync_itself_never_is() -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "flaky")
    latest(world, company_id)
    sync = world.timeline(company_id).syncs[-1]
    told = news(world)
    assert {datetime.fromtimestamp(at, NOON.tzinfo) for at, _ in told} == {sync.ended}
    assert sync.ended > NOON
    assert {each["eventType"] for _, each in told} == {
        f"{name}.write.successful" for name in ("journalEntries", "payments", "directCosts")
    }
    operations = {push["pushOperationKey"]: push for push in pushes_of(world, company_id, sync)}
    assert {each["payload"]["id"] for _, each in told} == operations.keys()
    payload = told[0][1]["payload"]
    record = operations[payload["id"]]["changes"][0]["recordRef"]["id"]
    assert payload["record"] == {"id": record}
    assert payload.keys() == {
        "id", "type", "referenceCompany", "connectionId", "requestedOnDate", "completedOnDate", "status", "record",
    }  # fmt: skip
    assert (payload["type"], payload["status"]) == ("Create", "Success")
    _, books = read(world, f"/companies/{company_id}")["dataConnections"]
    assert payload["connectionId"] == books["id"]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("missing_customer", {"unsuccessful"}),
        ("quiet", set()),
        ("deauthorized", set()),
        ("never_synced", set()),
    ],
)
def test_a_failure_in_writing_is_told_and_what_never_reached_the_books_is_not(
    kind: str, told: set[str]
) -> None:
    world = world_at(StoppedClock())
    latest(world, a_merchant(world, kind))
    assert ends(world) == told
    assert all("record" not in each["payload"] for _, each in news(world))


def test_what_was_written_in_part_is_told_as_both(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "flaky")
    monkeypatch.setattr("sandbox.merchants.Merchant.outcome_of_request", lambda *_: PARTIAL)
    latest(world, company_id)
    assert ends(world) == {"successful", "unsuccessful"}


def test_reads_are_told_when_they_are_complete_the_first_one_as_such() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    company = send(world, "/companies", '{"name": "Fresh"}')[1]
    path = f"/companies/{company['id']}"
    link = send(world, f"{path}/connections", '{"platformKey": "gbol"}')[1]
    changed(world, "PUT", f"{path}/connections/{link['id']}/authorization")
    clock.passes(minutes=5)
    pull = send(world, f"{path}/data/queue/invoices")[1]
    *_, (first_at, first), (at, again) = news(world)
    assert (first["eventType"], again["eventType"]) == ("read.completed.initial", "read.completed")
    assert NOON.timestamp() < first_at <= clock.now().timestamp() < at
    assert len(first["payload"]["dataTypes"]) > 5
    assert again["payload"]["dataTypes"] == [
        {
            "connectionId": link["id"],
            "dataType": pull["dataType"],
            "recordsModified": True,
            "status": "Complete",
            "issues": [],
        }
    ]
    assert again["payload"]["referenceCompany"]["name"] == "Fresh"


def test_a_refused_sync_is_no_news() -> None:
    world = world_at(StoppedClock(), overlap="refused")
    historic(world, a_merchant(world, "healthy"), NOON - timedelta(days=9), NOON - timedelta(days=8))
    assert news(world) == []


def test_what_is_rolled_back_was_never_news(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = world_at(StoppedClock())
    app, company_id = App(world, "key"), a_merchant(world, "flaky")
    monkeypatch.setattr("sandbox.handlers.syncs._asked", lambda *_: 1 / 0)
    path = f"/companies/{company_id}/sync/commerce/latest"
    assert app.answer(Request("POST", path, path, {}, BASIC)).status == 500
    assert news(world) == []
    assert "ZeroDivisionError" in capsys.readouterr().err


def spend_a_day(world: World) -> None:
    world.turn({"per_minute": "off"})
    quota, request = Quota(world), Request("GET", "/", "/", {}, {})
    for number in range(1003):
        try:
            quota.enter(request)
        except Refusal:
            assert number >= 1000
        quota.leave(request)


@pytest.mark.parametrize(
    ("switch", "expiry"),
    [
        pytest.param("valid", "2026-11-22T00:00:00Z", marks=pytest.mark.switch(rate_limit_expiry="valid")),
        pytest.param(
            "verbatim", "2026-11-21T23:59:99Z", marks=pytest.mark.switch(rate_limit_expiry="verbatim")
        ),
    ],
)
def test_a_spent_quota_is_told_once_and_its_return_at_midnight(switch: str, expiry: str) -> None:
    world = world_at(StoppedClock(), merchants=0, rate_limit_expiry=switch)
    spend_a_day(world)
    (now, reached), (midnight, reset) = news(world)
    assert (reached["eventType"], reset["eventType"]) == (
        "client.rateLimit.reached",
        "client.rateLimit.reset",
    )
    assert (now, midnight) == (NOON.timestamp(), NOON.timestamp() + 12 * 3600)
    assert reached["payload"] == {
        "dailyQuota": 1000,
        "quotaRemaining": 0,
        "expiryDate": "2026-11-21T00:00:00Z",
    }
    assert reset["payload"] == {"dailyQuota": 1000, "quotaRemaining": 1000, "expiryDate": expiry}
