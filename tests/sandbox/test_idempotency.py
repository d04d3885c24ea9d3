"""`Idempotency-Key`, as Codat's docs describe it: answers kept for 90 minutes."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.app import App
from sandbox.exchange import Answer, Refusal, Request
from sandbox.idempotency import Idempotency
from sandbox.testing import Sandbox, running
from tests.sandbox.faulted import set_fault
from tests.sandbox.worlds import NOON, StoppedClock, a_merchant, world_at


def asking(company_id: str, key: str = "key-1", body: bytes = b"") -> Request:
    path = f"/companies/{company_id}/sync/commerce/latest"
    headers = {"authorization": "Basic a2V5", "idempotency-key": key}
    return Request("POST", path, path, {}, headers, body)


def test_the_same_key_and_body_get_the_same_answer_and_start_one_sync() -> None:
    world = world_at(StoppedClock())
    app, company_id = App(world, "key"), a_merchant(world, "flaky")
    runs = len(world.timeline(company_id).syncs)
    answers = [app.answer(asking(company_id)).body for _ in range(3)]
    assert len(set(answers)) == 1
    assert len(world.timeline(company_id).syncs) == runs + 1


def test_without_a_key_or_with_another_one_each_post_starts_a_sync() -> None:
    world = world_at(StoppedClock())
    app, company_id = App(world, "key"), a_merchant(world, "flaky")
    runs = len(world.timeline(company_id).syncs)
    for key in ("", "", "key-1", "key-2"):
        app.answer(asking(company_id, key))
    assert len(world.timeline(company_id).syncs) == runs + 4


@pytest.mark.parametrize("other", ["body", "company"])
def test_the_same_key_for_something_else_is_a_422(other: str) -> None:
    world = world_at(StoppedClock())
    app, company_id = App(world, "key"), a_merchant(world, "flaky")
    app.answer(asking(company_id))
    changed = asking(company_id, body=b"{}") if other == "body" else asking(a_merchant(world, "quiet"))
    assert app.answer(changed).status == 422


@pytest.mark.parametrize(("minutes", "runs"), [(89, 1), (91, 2)])
def test_it_is_forgotten_after_ninety_minutes(minutes: int, runs: int) -> None:
    clock = StoppedClock()
    world = world_at(clock)
    app, company_id = App(world, "key"), a_merchant(world, "flaky")
    app.answer(asking(company_id))
    clock.passes(minutes=minutes)
    app.answer(asking(company_id))
    assert sum(not sync.scheduled for sync in world.timeline(company_id).syncs) == runs


def test_a_refusal_is_kept_as_well() -> None:
    world = world_at(StoppedClock())
    app, company_id = App(world, "key"), a_merchant(world, "flaky")
    first, second = (app.answer(asking(company_id, body=b"[]")) for _ in range(2))
    assert (first.status, second.status) == (400, 400)
    assert first.body == second.body


def test_a_429_is_not_kept_so_that_it_can_be_tried_again() -> None:
    idempotency, request = Idempotency(world_at(StoppedClock())), asking("a")
    idempotency.begin(request, NOON)
    idempotency.end(request, Answer(429), NOON)
    idempotency.leave(request)
    assert idempotency.begin(request, NOON) is None


def test_a_key_whose_first_request_is_in_progress_is_a_409() -> None:
    idempotency, request = Idempotency(world_at(StoppedClock())), asking("a")
    idempotency.begin(request, NOON)
    with pytest.raises(Refusal) as refused:
        idempotency.begin(request, NOON)
    assert refused.value.status == 409
    idempotency.leave(request)
    assert idempotency.begin(request, NOON) is None


def test_it_stays_in_progress_however_often_that_is_asked(app: App, company: str) -> None:
    set_fault(app, "slow", count=1)
    first, second = asking(company), asking(company)
    app.answer(first, app.meet("POST", first.path))
    wrong_key = {**second.headers, "authorization": "Basic x"}
    app.answer(replace(second, headers=wrong_key))
    assert [app.answer(second).status for _ in range(3)] == [409] * 3
    app.finished(first)
    assert app.answer(second).status == 200


def test_a_get_pays_no_heed_to_it(sandbox: Sandbox) -> None:
    answers = [sandbox.get(path, headers={"Idempotency-Key": "g"}) for path in ("/companies", "/nowhere")]
    assert [answer.status_code for answer in answers] == [200, 404]


@pytest.mark.slow
def test_it_is_remembered_across_a_restart(tmp_path: Path) -> None:
    answers = []
    for _ in range(2):
        with running(data=tmp_path) as sandbox:
            company_id = sandbox.merchants("healthy")[0]["company_id"]
            path = f"/companies/{company_id}/sync/commerce/latest"
            answers.append(sandbox.post(path, headers={"Idempotency-Key": "k"}).json())
    assert answers[0] == answers[1]
