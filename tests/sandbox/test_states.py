"""A sync that is asked for lives through its states by the wall clock, over HTTP."""

import time

import pytest

from sandbox.app import App
from sandbox.exchange import Answer, Request
from sandbox.ledger import Ledger
from sandbox.testing import running
from tests.sandbox.worlds import BASIC, StoppedClock, a_merchant, world_at


@pytest.mark.slow
def test_it_is_not_started_then_started_then_pushing_then_complete() -> None:
    with running(speed=60) as sandbox:
        # Its schedule is off, and it sold something since its last success, whatever weekday it is.
        company_id = sandbox.merchants("switched_off")[0]["company_id"]
        posted = sandbox.post(f"/companies/{company_id}/sync/commerce/latest").json()
        path = f"/meta/companies/{company_id}/sync/commerce/status"
        seen = [posted["syncStatus"]]
        deadline = time.monotonic() + 15
        while seen[-1] != "Complete" and time.monotonic() < deadline:
            status = sandbox.get(path).json()
            assert status["commerceSyncId"] == posted["commerceSyncId"]
            assert status["syncUtc"] == posted["syncUtc"]
            if status["syncStatus"] != seen[-1]:
                seen.append(status["syncStatus"])
            time.sleep(0.02)
        assert seen == ["NotStarted", "Started", "Pushing", "Complete"]
        assert (status["syncStatusCode"], status["dataPushed"]) == (2000, True)


def test_when_the_ledger_cannot_be_written_nothing_is_started() -> None:
    class FullDisk(Ledger):
        def write(self, *_: object, **__: object) -> None:
            raise OSError("No space left on device")

    world = world_at(StoppedClock())
    company_id = a_merchant(world, "flaky")
    runs = len(world.timeline(company_id).syncs)
    path = f"/companies/{company_id}/sync/commerce/latest"
    answer: Answer = App(world, "key", FullDisk(None)).answer(Request("POST", path, path, {}, BASIC))
    assert answer.status == 500
    assert len(world.timeline(company_id).syncs) == runs
