"""A wrong answer of the sandbox fails the test that got it, wherever it came from; a fault's may be wrong."""

import json

import pytest
import requests

from sandbox import wire
from sandbox.testing import running
from sandbox.webhooks import payloads
from tests.codat.server import Server, says
from tests.openapi import watching
from tests.openapi.judge import Exchange
from tests.openapi.test_proxy import QUOTA
from tests.sandbox.worlds import NOON, StoppedClock, a_merchant, read, world_at

COMPANY = "8a210b68-6988-11ed-a1eb-0242ac120002"


def test_a_wrong_answer_fails_the_test_that_got_it() -> None:
    with Server() as server:
        server.answers(says(200, {"id": "one"}, Content_Type="application/json", **QUOTA))
        with watching._between(server.url) as url:
            requests.get(f"{url}/companies/{COMPANY}", timeout=5)
    call = watching.pytest_runtest_call(None)
    next(call)
    with pytest.raises(
        pytest.fail.Exception, match=f"GET /companies/{COMPANY} -> 200: .* is not a .uuid. at id"
    ):
        call.send(None)
    assert watching.taken() == []


def test_a_test_that_fails_for_its_own_reasons_leaves_nothing_for_the_next_one() -> None:
    call = watching.pytest_runtest_call(None)
    next(call)
    watching._wrong.append("GET / -> 200: too good to be true")
    with pytest.raises(ValueError, match="its own") as failed:
        call.throw(ValueError("its own"))
    assert "too good to be true" in failed.value.__notes__[0]
    assert watching.taken() == []


def test_what_a_test_sends_may_be_wrong_and_what_our_client_sends_may_not() -> None:
    with Server() as server:
        server.answers(says(404, {}, Content_Type="application/json", **QUOTA))
        with watching._between(server.url) as url:
            requests.get(f"{url}/nowhere", timeout=5)
            assert watching.taken() == []
            requests.get(f"{url}/nowhere", headers={"User-Agent": "sync-desk"}, timeout=5)
            assert "no document knows this method and path" in watching.taken()[-1]


def test_an_answer_of_a_world_in_memory_is_judged_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_at(StoppedClock())
    company_id = a_merchant(world, "healthy")
    read(world, f"/companies/{company_id}")
    assert watching.taken() == []
    monkeypatch.setattr(wire, "company", lambda *_: {"id": company_id})
    read(world, f"/companies/{company_id}")
    assert '"redirect" is a required property' in "".join(watching.taken())


def test_a_message_to_a_webhook_consumer_is_judged_by_its_event() -> None:
    payloads.message("client.rateLimit.reached", NOON, {"dailyQuota": 1, "quotaRemaining": 0})
    assert watching.taken() == []
    payloads.message("client.rateLimit.reached", NOON, {"dailyQuota": "many"})
    payloads.message("commerce.sync.finished", NOON, {})
    assert len(watching.taken()) == 2


@pytest.mark.slow
def test_what_a_fault_fits_is_spared_until_it_is_cleared() -> None:
    with running() as sandbox:
        status = (
            f"/companies/{sandbox.merchants('healthy')[0]['company_id']}/sync/commerce/syncs/latest/status"
        )
        sandbox.fault("text_for_code", path_regex="latest/status$")
        assert sandbox.get(status).json()["syncStatusCode"].endswith(",")
        assert watching.taken() == []
        number = sandbox.fault("lag", path_regex="status$")
        sandbox.session.delete(f"{sandbox.url}/_sandbox/faults/{number}", timeout=5)
        sandbox.get(status)
        sandbox.clear_faults()
        assert watching.taken() == []
        assert isinstance(sandbox.get(status).json()["syncStatusCode"], int)


def test_what_was_asked_for_under_a_fault_is_spared_though_it_ends_after_that_was_cleared() -> None:
    watch = watching.Watch()
    fault = {"id": 1, "fault": "drop_after", "method": None, "company_id": None, "path_regex": ""}
    watch(Exchange("POST", "/_sandbox/faults", status=200, answer_body=json.dumps(fault).encode()))
    dropped = Exchange("GET", "/companies")
    watch(Exchange("DELETE", "/_sandbox/faults", status=204))
    watch(dropped)
    assert watching.taken() == []
    watch(Exchange("GET", "/companies"))
    assert "before there was a whole answer" in "".join(watching.taken())
