"""What the ledger says of a POST is what happened on the wire, whatever meets there."""

import socket
import struct
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.testing import Sandbox

BODY = b'{"syncTo":null}'
SMALL = {"megabytes": 1}
FLOODS = [("huge_body", SMALL), ("gzip_bomb", SMALL), ("endless_headers", {})]
SILENT = ["drop_after", "drop_before", "not_http"]


@pytest.fixture(autouse=True)
def _no_fault_stays(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.clear_faults()


@pytest.fixture
def company(sandbox: Sandbox) -> str:
    """One of its own for each test."""
    return str(sandbox.post("/companies", {"name": "Shop"}).json()["id"])


@contextmanager
def a_socket(sandbox: Sandbox) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 5) as raw:
        yield raw


def a_post(company: str, *headers: str, key: str = "test-key", length: int = len(BODY)) -> bytes:
    lines = [
        f"POST /companies/{company}/sync/commerce/latest HTTP/1.1",
        "Host: a",
        f"Authorization: Basic {b64encode(key.encode()).decode()}",
        *(headers or [f"Content-Length: {length}"]),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def heard(raw: socket.socket) -> int | None:
    """The status of what comes back; None for none of HTTP/1.1."""
    start = raw.makefile("rb").readline()
    return int(start.split()[1]) if start.startswith(b"HTTP/1.1 ") and len(start.split()[1]) == 3 else None


def the_line(sandbox: Sandbox, company: str, patience: float = 0.0) -> dict[str, Any]:
    """Who was answered finds it there; who hung up cannot know when the sandbox has noticed that."""
    deadline = time.monotonic() + patience
    while not (lines := [line for line in sandbox.ledger() if line["company_id"] == company]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (line,) = lines
    return line


@pytest.mark.parametrize(("fault", "args"), FLOODS)
@pytest.mark.parametrize("status", [200, 401, 404, 503])
def test_a_flood_comes_under_the_status_that_the_ledger_tells(
    sandbox: Sandbox, company: str, fault: str, args: dict[str, Any], status: int
) -> None:
    sandbox.fault(fault, args, company_id=company)
    if status in (404, 503):
        sandbox.fault(str(status), company_id=company)
    with a_socket(sandbox) as raw:
        raw.sendall(a_post(company, key="wrong" if status == 401 else "test-key") + BODY)
        assert heard(raw) == status
    line = the_line(sandbox, company)
    assert (line["answered"], line["applied"]) == (status, status == 200)


@pytest.mark.parametrize(("fault", "args"), FLOODS)
def test_a_flood_in_the_place_of_work_is_no_answer_without_a_body(
    sandbox: Sandbox, company: str, fault: str, args: dict[str, Any]
) -> None:
    sandbox.fault(fault, {**args, "applied": False}, company_id=company)
    with a_socket(sandbox) as raw:
        raw.sendall(a_post(company) + BODY)
        assert heard(raw) == 200
    line = the_line(sandbox, company)
    assert (line["answered"], line["applied"]) == (200, False)


@pytest.mark.parametrize("fault", SILENT)
def test_who_is_told_nothing_was_not_told_a_401_either(sandbox: Sandbox, company: str, fault: str) -> None:
    sandbox.fault(fault, company_id=company)
    with a_socket(sandbox) as raw:
        raw.sendall(a_post(company, key="wrong") + BODY)
        assert heard(raw) is None
    line = the_line(sandbox, company)
    assert (line["answered"], line["applied"]) == (None, False)


@pytest.mark.parametrize("how", [f"Content-Length: {len(BODY) + 1}", "Transfer-Encoding: chunked"])
def test_a_body_that_breaks_off_is_a_line_and_no_sync(sandbox: Sandbox, company: str, how: str) -> None:
    body = BODY if "Length" in how else b"%x\r\n%b\r\n" % (len(BODY), BODY)
    with a_socket(sandbox) as raw:
        raw.sendall(a_post(company, how) + body)
        raw.shutdown(socket.SHUT_WR)
        assert heard(raw) == 400
    line = the_line(sandbox, company)
    assert (line["answered"], line["applied"], line["body"]) == (400, False, BODY.decode())


def test_chunks_that_end_in_nonsense_are_a_line_and_no_sync(sandbox: Sandbox, company: str) -> None:
    with a_socket(sandbox) as raw:
        raw.sendall(a_post(company, "Transfer-Encoding: chunked") + b"2\r\n{}\r\nnonsense\r\n")
        assert heard(raw) == 400
    line = the_line(sandbox, company)
    assert (line["answered"], line["applied"]) == (400, False)


def test_a_body_that_is_too_large_is_a_line_and_no_sync(sandbox: Sandbox, company: str) -> None:
    with a_socket(sandbox) as raw:
        raw.sendall(a_post(company, length=2_000_000) + b" " * 1_100_000)
        assert heard(raw) == 413
    line = the_line(sandbox, company)
    assert (line["answered"], line["applied"]) == (413, False)


def test_who_hangs_up_within_the_body_heard_nothing(sandbox: Sandbox, company: str) -> None:
    with a_socket(sandbox) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.sendall(a_post(company, f"Content-Length: {len(BODY) + 1}", "Expect: 100-continue"))
        # Of whoever hangs up before, nothing may ever be read.
        assert heard(raw) == 100
        raw.sendall(BODY)
    line = the_line(sandbox, company, patience=5)
    assert (line["answered"], line["applied"]) == (None, False)
