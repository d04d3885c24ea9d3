"""Webhook consumers through the API (Platform OpenAPI, WebhookConsumer)."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.app import App
from sandbox.exchange import Request
from sandbox.world import World
from tests.sandbox.worlds import BASIC, StoppedClock, read, send, world_at

URL = "https://example.com/hook"


def made(world: World, **body: Any) -> tuple[int, Any]:
    return send(world, "/webhooks", json.dumps(body))


def deleted(world: World, consumer_id: str) -> int:
    path = f"/webhooks/{consumer_id}"
    return App(world, "key").answer(Request("DELETE", path, path, {}, BASIC)).status


def test_a_consumer_is_told_as_it_was_made_and_listed() -> None:
    world = world_at(StoppedClock())
    status, consumer = made(world, url=URL, eventTypes=["company.created"], companyTags=["region:uk"])
    assert status == 201
    assert consumer == {
        "id": consumer["id"],
        "url": URL,
        "disabled": False,
        "eventTypes": ["company.created"],
        "companyTags": ["region:uk"],
    }
    assert read(world, "/webhooks") == {"results": [consumer]}


def test_consumers_are_listed_in_the_order_of_their_making_until_they_are_deleted() -> None:
    world = world_at(StoppedClock())
    ids = [made(world, url=f"{URL}/{n}")[1]["id"] for n in range(3)]
    assert deleted(world, ids[1].upper()) == 204
    assert [each["id"] for each in read(world, "/webhooks")["results"]] == [ids[0], ids[2]]
    assert deleted(world, ids[1]) == 404
    assert made(world, url=URL)[1]["id"] not in ids


def test_there_are_at_most_fifty() -> None:
    world = world_at(StoppedClock())
    statuses = [made(world, url=URL)[0] for _ in range(51)]
    assert statuses == [201] * 50 + [400]


def test_a_consumer_may_be_made_disabled() -> None:
    assert made(world_at(StoppedClock()), url=URL, disabled=True)[1]["disabled"] is True


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "example.com/hook"},
        {"url": "ftp://example.com/"},
        {"url": "http://"},
        {"url": "http://a b/"},
        {"url": "http://127.0.0.1:port/"},
        {"url": "http://[::1/"},
        {"url": 1},
        {"url": URL, "eventTypes": "company.created"},
        {"url": URL, "eventTypes": [1]},
        {"url": URL, "disabled": "yes"},
        {"url": URL, "companyTags": ["region"]},
        {"url": URL, "companyTags": [f"a:{n}" for n in range(11)]},
        {"url": URL, "companyTags": ["a:" + "b" * 127]},
    ],
)
def test_what_is_no_consumer_is_refused(body: dict[str, Any]) -> None:
    world = world_at(StoppedClock())
    assert made(world, **body)[0] == 400
    assert read(world, "/webhooks") == {"results": []}


@pytest.mark.parametrize(
    "body",
    [
        {"url": URL, "eventTypes": None, "disabled": None, "companyTags": None},
        {"url": URL, "eventTypes": ["DataSyncCompleted"], "companyTags": ["a:b:c"] * 10},
        {"url": "http://127.0.0.1:8000/webhooks/codat?a=b"},
    ],
)
def test_nulls_and_names_from_before_are_taken(body: dict[str, Any]) -> None:
    assert made(world_at(StoppedClock()), **body)[0] == 201


def test_the_secret_is_told_behind_the_scenes_only() -> None:
    world = world_at(StoppedClock())
    consumer = made(world, url=URL)[1]
    (known,) = read(world, "/_sandbox/webhooks")["consumers"]
    (secret,) = known.pop("secrets")
    assert known == consumer
    assert secret.startswith("whsec_")


def test_a_new_secret_stands_beside_the_old_one_for_a_day() -> None:
    clock = StoppedClock()
    world = world_at(clock)
    path = f"/_sandbox/webhooks/{made(world, url=URL)[1]['id']}/secret"
    (old,) = read(world, "/_sandbox/webhooks")["consumers"][0]["secrets"]
    new, still = send(world, path)[1]["secrets"]
    assert still == old != new
    clock.passes(hours=24)
    assert read(world, "/_sandbox/webhooks")["consumers"][0]["secrets"] == [new]


def test_consumers_are_remembered_across_a_restart(tmp_path: Path) -> None:
    world = world_at(StoppedClock(), data=tmp_path)
    made(world, url=URL, companyTags=["a:b"])
    told = read(world, "/_sandbox/webhooks")
    world.store.close()
    assert read(world_at(StoppedClock(), data=tmp_path), "/_sandbox/webhooks") == told
