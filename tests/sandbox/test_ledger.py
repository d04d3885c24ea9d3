"""The ledger is the truth: every POST that asks for a sync, before its answer."""

import json
import os
import signal
import socket
from base64 import b64encode
from datetime import datetime
from pathlib import Path

import pytest
import requests

from sandbox.app import App
from sandbox.exchange import Request
from sandbox.ledger import Ledger
from sandbox.testing import Sandbox, running
from tests.sandbox.worlds import BASIC, NOON, StoppedClock, a_merchant, world_at

FIELDS = ["at", "path", "company_id", "kind", "idempotency_key", "body", "answered", "applied", "sync_id",
          "faults", "sync", "kept"]  # fmt: skip


def a_company(sandbox: Sandbox, nth: int) -> str:
    return str(sandbox.merchants("healthy")[nth]["company_id"])


def test_a_started_sync_is_one_line_with_the_exact_body(sandbox: Sandbox) -> None:
    company_id = a_company(sandbox, 0)
    path = f"/companies/{company_id}/sync/commerce/latest"
    before = len(sandbox.ledger())
    sandbox.session.post(
        sandbox.url + path,
        data=b' {"syncTo" : null, "note":"caf\xc3\xa9"} ',
        headers={"Idempotency-Key": "k-1"},
    )
    (line,) = sandbox.ledger()[before:]
    assert list(line) == FIELDS
    assert datetime.fromisoformat(line["at"]).tzinfo
    assert (line["path"], line["company_id"], line["kind"]) == (path, company_id, "latest")
    assert (line["idempotency_key"], line["body"]) == ("k-1", ' {"syncTo" : null, "note":"café"} ')
    assert (line["answered"], line["applied"]) == (200, True)
    listed = sandbox.get(f"/companies/{company_id}/sync/commerce/syncs/list/status").json()
    assert line["sync_id"] == listed[0]["syncId"]


def test_a_body_that_breaks_lines_in_its_own_way_is_one_line_and_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    body = '{"note": "\u2028\x85\u2029"}'
    Ledger(path).write(NOON, "latest", Request("POST", "/", "/", {}, {}, body.encode()), answered=404)
    assert [json.loads(line)["body"] for line in path.read_text(encoding="utf-8").splitlines()] == [body]
    assert list(Ledger(path).newest()) == []


def test_a_replayed_answer_is_a_line_that_was_not_applied(sandbox: Sandbox) -> None:
    path = f"/companies/{a_company(sandbox, 1)}/sync/commerce/latest"
    before = len(sandbox.ledger())
    for _ in range(2):
        sandbox.post(path, headers={"Idempotency-Key": "k-2"})
    lines = sandbox.ledger()[before:]
    assert [(line["answered"], line["applied"]) for line in lines] == [(200, True), (200, False)]
    assert lines[1]["sync_id"] is None


def test_what_is_refused_is_in_it_too(sandbox: Sandbox) -> None:
    company_id = a_company(sandbox, 2)
    historic = f"/meta/companies/{company_id}/sync/commerce/historic"
    before = len(sandbox.ledger())
    sandbox.post(historic, {})
    requests.post(sandbox.url + historic, timeout=5)
    sandbox.post("/companies/nobody/sync/commerce/latest")
    lines = sandbox.ledger()[before:]
    assert [(line["kind"], line["answered"], line["applied"]) for line in lines] == [
        ("historic", 400, False),
        ("historic", 401, False),
        ("latest", 404, False),
    ]


def test_what_asks_for_no_sync_is_not_in_it(sandbox: Sandbox) -> None:
    before = len(sandbox.ledger())
    sandbox.get(f"/companies/{a_company(sandbox, 0)}/sync/commerce/latest")
    sandbox.post("/companies", {"name": "Dave"})
    sandbox.post(f"/config/companies/{a_company(sandbox, 0)}/sync/commerce")
    assert len(sandbox.ledger()) == before


def test_it_is_written_before_the_answer_can_be_seen(sandbox: Sandbox) -> None:
    """The answer is watched for on the bare socket; the line must be there with its first byte."""
    key = b64encode(sandbox.key.encode()).decode()
    company_id = a_company(sandbox, 3)
    sent = (
        f"POST /companies/{company_id}/sync/commerce/latest HTTP/1.1\r\nHost: a\r\n"
        f"Authorization: Basic {key}\r\nContent-Length: 0\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 5) as raw:
        for _ in range(50):
            before = len(sandbox.ledger())
            raw.sendall(sent.encode())
            raw.recv(1)
            assert len(sandbox.ledger()) == before + 1
            raw.recv(65536)


@pytest.mark.slow
def test_a_killed_process_leaves_the_line_and_the_sync_behind(tmp_path: Path) -> None:
    data, ledger = tmp_path / "data", tmp_path / "ledger.jsonl"
    with running(data=data, ledger=ledger, speed=1) as first:
        company_id = a_company(first, 0)
        first.post(f"/companies/{company_id}/sync/commerce/latest")
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait(5)
    with running(data=data, ledger=ledger, speed=1) as second:
        (line,) = second.ledger()
        newest = second.get(f"/companies/{company_id}/sync/commerce/syncs/latest/status").json()
    assert line["sync_id"] == newest["syncId"]
    assert newest["syncStatusCode"] == 1000


def killed_before_it_commits(
    folder: Path, clock: StoppedClock, path: Path, **headers: str
) -> tuple[str, int]:
    """Asks for a sync meanwhile: of which company, and how many it had before."""

    def killed() -> None:
        raise KeyboardInterrupt

    world = world_at(clock, data=folder)
    company_id = a_merchant(world, "flaky")
    before = len(world.timeline(company_id).syncs)
    world.store.commit = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        App(world, "key", Ledger(path)).answer(latest_request(company_id, **headers))
    world.store.close()
    return company_id, before


def test_a_process_killed_before_it_committed_is_told_by_its_ledger(tmp_path: Path) -> None:
    """Flushed first: what the ledger says was started has been started, also after a kill between the two."""
    path, clock = tmp_path / "ledger.jsonl", StoppedClock()
    company_id, before = killed_before_it_commits(tmp_path, clock, path)
    path.write_text(path.read_text() + '{"torn')
    again = world_at(clock, data=tmp_path)
    App(again, "key", Ledger(path))
    (line,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(again.timeline(company_id).syncs) == before + 1
    assert again.timeline(company_id).syncs[-1].sync_id == line["sync_id"]
    App(again, "key", Ledger(path))
    assert len(again.timeline(company_id).syncs) == before + 1


def test_and_so_is_what_was_kept_under_its_key(tmp_path: Path) -> None:
    path, clock, key = tmp_path / "ledger.jsonl", StoppedClock(), {"idempotency-key": "k-1"}
    company_id, _ = killed_before_it_commits(tmp_path, clock, path, **key)
    again = App(world_at(clock, data=tmp_path), "key", Ledger(path))
    replayed = again.answer(latest_request(company_id, **key))
    first, second = [json.loads(line) for line in path.read_text().splitlines()]
    assert (first["applied"], second["applied"], second["answered"]) == (True, False, 200)
    assert json.loads(replayed.body)["commerceSyncId"] == first["sync"]["commerce_sync_id"]
    clock.passes(hours=1, minutes=31)
    assert again.answer(latest_request(company_id, **key)).started


def test_a_ledger_of_before_keys_were_kept_in_it_is_read(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.jsonl", StoppedClock()
    world = world_at(clock)
    App(world, "key", Ledger(path)).answer(latest_request(a_merchant(world, "flaky")))
    (line,) = [json.loads(line) for line in path.read_text().splitlines()]
    del line["kept"]
    path.write_text(json.dumps(line) + "\n")
    assert [told.kept for told in Ledger(path).newest()] == [{}]


def test_a_ledger_of_another_world_is_not_believed(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.jsonl", StoppedClock()
    world = world_at(clock)
    company_id = a_merchant(world, "flaky")
    App(world, "key", Ledger(path)).answer(latest_request(company_id))
    clock.passes(days=1)
    other = world_at(clock)
    App(other, "key", Ledger(path))
    assert all(sync.scheduled for sync in other.timeline(company_id).syncs)


def latest_request(company_id: str, **headers: str) -> Request:
    path = f"/companies/{company_id}/sync/commerce/latest"
    return Request("POST", path, path, {}, BASIC | headers)


def test_a_body_may_hold_characters_that_some_take_for_the_end_of_a_line(tmp_path: Path) -> None:
    path, note = tmp_path / "ledger.jsonl", "one\u2028two\x85three"
    with running(merchants=40, data=tmp_path / "data", ledger=path) as sandbox:
        target = f"/companies/{a_company(sandbox, 0)}/sync/commerce/latest"
        sandbox.session.post(
            sandbox.url + target, data=json.dumps({"note": note}, ensure_ascii=False).encode()
        )
    with running(merchants=40, data=tmp_path / "data", ledger=path) as again:
        (line,) = again.ledger()
        assert json.loads(line["body"])["note"] == note
