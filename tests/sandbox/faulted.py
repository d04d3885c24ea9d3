"""What is asked of a world in memory while faults are set."""

import json
from typing import Any

from sandbox.app import App
from sandbox.exchange import Answer, Request
from tests.sandbox.worlds import BASIC


def call(app: App, method: str, path: str, body: object = None, **headers: str) -> Answer:
    """As the server does it: the faults are met first."""
    content = b"" if body is None else json.dumps(body).encode()
    met = app.meet(method, path)
    request = Request(method, path, path, {}, {**BASIC, **headers}, content)
    answer = app.answer(request, met)
    app.finished(request)
    return answer


def control(app: App, method: str, path: str, body: object = None) -> Any:
    answer = call(app, method, f"/_sandbox/{path}", body)
    return json.loads(answer.body) if answer.body else answer.status


def set_fault(app: App, fault: str, args: dict[str, Any] | None = None, **where: Any) -> dict[str, Any]:
    told: dict[str, Any] = control(app, "POST", "faults", {"fault": fault, "args": args or {}, **where})
    assert "id" in told, told
    return told


def post(app: App, company: str, **headers: str) -> Answer:
    return call(app, "POST", f"/companies/{company}/sync/commerce/latest", **headers)


def told(app: App, company: str, what: str = "syncs/list/status") -> Any:
    answer = call(app, "GET", f"/companies/{company}/sync/commerce/{what}")
    return json.loads(answer.body)


def asked_for(app: App, company: str) -> int:
    """How many syncs of the company were not scheduled."""
    return sum(not sync.scheduled for sync in app.world.timeline(company).syncs)
