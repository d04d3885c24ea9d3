"""Webhooks of a real process: beside its answers, by a clock that is moved from outside, across its end."""

import os
import signal
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from sandbox.testing import Sandbox, running
from tests.sandbox.listening import Listener, listening

pytestmark = pytest.mark.slow


def deliveries(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(sandbox.get("/_sandbox/webhooks").json()["deliveries"])


def wait_for(listener: Listener, count: int) -> None:
    end = monotonic() + 10
    while len(listener.heard) < count:
        assert monotonic() < end, f"{len(listener.heard)} messages came, not {count}."
        sleep(0.02)


def test_a_merchant_who_revokes_a_connection_is_heard_of() -> None:
    with listening() as listener, running() as sandbox:
        consumer = sandbox.post("/webhooks", {"url": listener.url, "eventTypes": ["connection.disconnected"]})
        assert consumer.status_code == 201
        company = sandbox.get(f"/companies/{sandbox.merchants('healthy')[0]['company_id']}").json()
        link = company["dataConnections"][0]
        path = f"/_sandbox/companies/{company['id']}/connections/{link['id']}"
        assert sandbox.post(path, {"happens": "deauthorized"}).json()["status"] == "Deauthorized"
        wait_for(listener, 1)
        payload = listener.told()[0]["payload"]
        assert payload["connection"]["dataConnectionErrors"][0]["statusCode"] == "401"
        assert sandbox.session.delete(f"{sandbox.url}/webhooks/{consumer.json()['id']}").status_code == 204


def test_a_consumer_that_does_not_answer_holds_up_nobody() -> None:
    with listening() as listener, running() as sandbox:
        listener.may_answer.clear()
        sandbox.post("/webhooks", {"url": listener.url})
        sandbox.post("/companies", {"name": "Bank of Dave"})
        wait_for(listener, 1)
        assert sandbox.get("/companies").status_code == 200
        assert deliveries(sandbox)[0]["attempts"] == []


def test_after_its_clock_is_moved_what_became_due_comes_soon() -> None:
    with listening() as listener, running() as sandbox:
        listener.statuses = [500, 200]
        sandbox.post("/webhooks", {"url": listener.url})
        sandbox.post("/companies", {"name": "Bank of Dave"})
        wait_for(listener, 1)
        sandbox.post("/_sandbox/clock", {"by": 60})
        wait_for(listener, 2)
        assert len(set(listener.header("webhook-id"))) == 1


def test_a_killed_process_tells_after_its_return_what_it_had_not_told(tmp_path: Path) -> None:
    with listening() as listener:
        listener.may_answer.clear()
        with running(data=tmp_path) as first:
            first.post("/webhooks", {"url": listener.url})
            first.post("/companies", {"name": "Bank of Dave"})
            wait_for(listener, 1)
            os.kill(first.process.pid, signal.SIGKILL)
            first.process.wait(5)
        listener.may_answer.set()
        with running(data=tmp_path):
            wait_for(listener, 2)
        assert len(set(listener.header("webhook-id"))) == 1
        assert len({body for _, body in listener.heard}) == 1


def test_switches_are_turned_from_outside() -> None:
    with running() as sandbox:
        company_id = sandbox.merchants("never_synced")[0]["company_id"]
        path = f"/companies/{company_id}/sync/commerce/syncs/latest/status"
        assert sandbox.get(path).status_code == 404
        assert sandbox.post("/_sandbox/switches", {"never_synced": "204"}).status_code == 200
        assert sandbox.get(path).status_code == 204
        assert sandbox.post("/_sandbox/switches", {"never_synced": "perhaps"}).status_code == 400
