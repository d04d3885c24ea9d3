"""Bodies without measure, bombs, drips and headers without end: over in time, and in little memory.

Each call runs in a process of its own with little room. test_limits.py has the same for what no sandbox sends.
"""

import json
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.testing import Sandbox

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# The list of syncs may be longer than any other answer; a bomb is held twice for a moment.
MOST_MEBIBYTES = {"post": 24, "get": 48}
Met = Callable[..., dict[str, Any]]
TOO_LARGE = "the answer is too large"
TOO_LATE = "it took too long|our time for it was up"

# Those that must be told by their size get all the time they want; the others end with ours.
LARGE: list[tuple[str, dict[str, Any]]] = [
    ("huge_body", {"megabytes": 200, "announced": True}),
    ("huge_body", {"megabytes": 200, "announced": False}),
    ("gzip_bomb", {"megabytes": 1024}),
    ("informational", {"status": 103, "times": 1_000_000_000}),
    ("informational", {"status": 100, "times": 1_000_000_000}),
]
ENDLESS: list[tuple[str, dict[str, Any]]] = [
    ("slow", {"seconds": 600}),
    ("drip", {"seconds": 0.05, "part": "all"}),
    ("drip", {"seconds": 0.05, "part": "body"}),
    ("informational", {"status": 103, "times": 1_000_000_000, "seconds": 0.05}),
    ("endless_headers", {"form": "many", "seconds": 0.05}),
    ("endless_headers", {"form": "one", "seconds": 0.05}),
]


Calls = subprocess.Popen[str]


@pytest.fixture(scope="module")
def calls() -> Iterator[Calls]:
    command = [sys.executable, "-m", "tests.codat.bounded"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as calls:
        try:
            yield calls
        finally:
            calls.kill()


@pytest.fixture
def met(sandbox: Sandbox, calls: Calls) -> Met:
    """What a child of ours says of one call."""

    def met(fault: str, args: dict[str, Any], method: str, deadline: float) -> dict[str, Any]:
        company = sandbox.merchants("healthy")[0]["company_id"]
        if method == "post":
            # One of its own: who asks twice is refused, and a flood has the status of what it drowns.
            company = sandbox.post("/companies", {"name": "Shop"}).json()["id"]
        sandbox.fault(fault, args, path_regex="(latest|list/status)$", method=method)
        told = answered(calls, [sandbox.url, company, method, deadline, deadline / 2], deadline + 30)
        assert told["verdict"] == "Uncertain", told
        assert told["seconds"] < deadline + 0.7
        assert told["mebibytes"] < MOST_MEBIBYTES[method]
        return told

    return met


def answered(calls: Calls, call: list[Any], seconds: float) -> dict[str, Any]:
    assert calls.stdin
    assert calls.stdout
    calls.stdin.write(json.dumps(call) + "\n")
    calls.stdin.flush()
    readable, _, _ = select.select([calls.stdout], [], [], seconds)
    assert readable, "it is still not over"
    told: dict[str, Any] = json.loads(calls.stdout.readline())
    return told


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize(("fault", "args"), LARGE)
def test_what_is_too_large_is_cut_off_at_our_limit(
    met: Met, fault: str, args: dict[str, Any], method: str
) -> None:
    assert TOO_LARGE in met(fault, args, method, deadline=30)["message"]


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize(("fault", "args"), ENDLESS)
def test_what_does_not_end_ends_with_our_patience(
    met: Met, fault: str, args: dict[str, Any], method: str
) -> None:
    message = met(fault, args, method, deadline=1.2)["message"]
    assert any(words in message for words in TOO_LATE.split("|"))


@pytest.mark.parametrize("form", ["many", "one"])
@pytest.mark.parametrize("method", ["post", "get"])
def test_a_flood_of_headers_is_no_answer(met: Met, form: str, method: str) -> None:
    told = met("endless_headers", {"form": form}, method, deadline=30)
    assert "the answer is not HTTP" in told["message"]
    assert told["seconds"] < 5
