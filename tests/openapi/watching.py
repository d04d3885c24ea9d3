"""All tests watch the sandbox: an answer that Codat's OpenAPI documents do not allow fails the test that got it.

Also judged is each request that our own client sends. What tests send by themselves may be wrong on purpose.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox import testing
from sandbox.app import App
from sandbox.exchange import JSON, Answer, Request
from sandbox.routes import CONTROL
from tests.openapi.judge import Exchange, wrong_answer, wrong_request
from tests.openapi.proxy import Proxy

OUR_CLIENT = "sync-desk"
_wrong: list[str] = []


@pytest.fixture(autouse=True, scope="session")
def every_answer_is_watched() -> Iterator[None]:
    answer = App.answer

    def watched(self: App, request: Request) -> Answer:
        answered = answer(self, request)
        _hear(_exchange(request, answered))
        return answered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(App, "answer", watched)
        patch.setattr(testing, "between", _between)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    result = yield
    if found := taken():
        pytest.fail("Against Codat's OpenAPI documents:\n" + "\n".join(found), pytrace=False)
    return result


def taken() -> list[str]:
    """What was wrong since this was last asked."""
    found = _wrong[:]
    _wrong.clear()
    return found


def _hear(exchange: Exchange) -> None:
    if exchange.target.startswith(CONTROL):
        return
    found = wrong_answer(exchange)
    if exchange.headers.get("user-agent") == OUR_CLIENT:
        found += wrong_request(exchange)
    _wrong.extend(f"{exchange}: {each}" for each in found)


@contextmanager
def _between(upstream: str) -> Iterator[str]:
    with Proxy(upstream, _hear) as proxy:
        yield proxy.url


def _exchange(request: Request, answer: Answer) -> Exchange:
    """As the server would send it: what it adds on the way is the type of the content."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.body:
        headers.setdefault("content-type", JSON)
    asked = (request.method, request.target, request.headers, request.body)
    return Exchange(*asked, status=answer.status, answer_headers=headers, answer_body=answer.body)
