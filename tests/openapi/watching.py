"""All tests watch the sandbox: an answer that Codat's OpenAPI documents do not allow fails the test that got it.

Also judged is each request that our own client sends. What tests send by themselves may be wrong on purpose, and so
may an answer be that a fault spoils.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import pytest

from sandbox import testing
from sandbox.app import App
from sandbox.exchange import JSON, Answer, Request
from sandbox.faults.engine import NOTHING, Met
from sandbox.faults.kinds import KINDS
from sandbox.webhooks import payloads
from tests.openapi.judge import Exchange, wrong_answer, wrong_event, wrong_request
from tests.openapi.proxy import Proxy

CONTROL = "/_sandbox/"
AGAINST = "Against Codat's OpenAPI documents:"
OUR_CLIENT = "sync-desk"
Answering = Callable[..., Answer]
Blame = Callable[[str], None]
_wrong: list[str] = []


@pytest.fixture(autouse=True, scope="session")
def every_answer_is_watched() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(App, "answer", judging(App.answer, _wrong.append))
        patch.setattr(payloads, "message", _judging_events(payloads.message))
        patch.setattr(testing, "between", _between)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that fails for its own reasons is told of it too, and leaves nothing for the next one."""
    try:
        result = yield
    except Exception as error:
        for each in taken():
            error.add_note(f"{AGAINST} {each}")
        raise
    if found := taken():
        pytest.fail("\n".join(f"{AGAINST} {each}" for each in found), pytrace=False)
    return result


def judging(answer: Answering, blame: Blame) -> Answering:
    """`App.answer`, looked over on its way out."""

    def judged(self: App, request: Request, met: Met = NOTHING) -> Answer:
        answered = answer(self, request, met)
        exchange = _exchange(request, answered)
        if not exchange.target.startswith(CONTROL):
            _judge(exchange, blame, spared=bool(met.answer) or not met.applied)
        return answered

    return judged


def taken() -> list[str]:
    """What was wrong since this was last asked."""
    found = _wrong[:]
    _wrong.clear()
    return found


def heard_of_event(body: bytes) -> None:
    """What the sandbox told a webhook consumer."""
    _wrong.extend(f"webhook: {each}" for each in wrong_event(body))


def _judging_events(message: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def judged(*given: Any) -> dict[str, Any]:
        told = message(*given)
        heard_of_event(json.dumps(told).encode())
        return told

    return judged


class Watch:
    """Over one sandbox. It hears of the faults that are set, and spares whatever they fit.

    What was asked for under a fault is spared too if its end is heard of after the fault was cleared.
    """

    def __init__(self) -> None:
        self._faults: dict[int, dict[str, Any]] = {}
        self._cleared: list[tuple[float, dict[str, Any]]] = []

    def __call__(self, exchange: Exchange) -> None:
        if exchange.target.startswith(CONTROL):
            self._heed(exchange)
            return
        past = [fault for moment, fault in self._cleared if exchange.asked_at < moment]
        spared = any(_fits(fault, exchange) for fault in [*self._faults.values(), *past])
        _judge(exchange, _wrong.append, spared=spared)

    def _heed(self, exchange: Exchange) -> None:
        if (exchange.method, exchange.target, exchange.status) == ("POST", f"{CONTROL}faults", 200):
            fault = json.loads(exchange.answer_body)
            if not KINDS[fault["fault"]].meddles:
                self._faults[fault["id"]] = fault
        elif (exchange.method, exchange.status) == ("DELETE", 204):
            number = exchange.target.removeprefix(f"{CONTROL}faults").strip("/")
            gone = [key for key in self._faults if number in ("", str(key))]
            self._cleared += [(time.monotonic(), self._faults.pop(key)) for key in gone]


@contextmanager
def _between(upstream: str) -> Iterator[str]:
    with Proxy(upstream, Watch()) as proxy:
        yield proxy.url


def _judge(exchange: Exchange, blame: Blame, *, spared: bool) -> None:
    ours = exchange.headers.get("user-agent") == OUR_CLIENT
    found = [*(wrong_request(exchange) if ours else []), *([] if spared else wrong_answer(exchange))]
    for each in found:
        blame(f"{exchange}: {each}")


def _fits(fault: dict[str, Any], exchange: Exchange) -> bool:
    """Even when its count is used up: which of several answers it struck cannot be told from here."""
    path = unquote(exchange.target.partition("?")[0])
    return (
        fault["method"] in (None, exchange.method)
        and (fault["company_id"] or "") in path.lower()
        and bool(re.search(fault["path_regex"], path))
    )


def _exchange(request: Request, answer: Answer) -> Exchange:
    """As the server would send it: what it adds on the way is the type of the content."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.body:
        headers.setdefault("content-type", JSON)
    asked = (request.method, request.target, request.headers, request.body)
    return Exchange(*asked, status=answer.status, answer_headers=headers, answer_body=answer.body)
