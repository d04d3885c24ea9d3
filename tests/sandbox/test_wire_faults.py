"""Faults on the wire, seen from a bare socket at the other end of a real process."""

import json
import socket
import struct
import time
import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.testing import Sandbox

BODY = b'{"syncTo":null}'


@pytest.fixture(autouse=True)
def _no_fault_stays(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.session.delete(f"{sandbox.url}/_sandbox/faults", timeout=5)


@pytest.fixture
def company(sandbox: Sandbox) -> str:
    """One of its own for each test."""
    return str(sandbox.post("/companies", {"name": "Shop"}).json()["id"])


def set_fault(sandbox: Sandbox, fault: str, **args: Any) -> None:
    sandbox.fault(fault, args, method="POST")


def path_of(company: str) -> str:
    return f"/companies/{company}/sync/commerce/latest"


@contextmanager
def a_socket(sandbox: Sandbox) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 10) as raw:
        yield raw


def sent(sandbox: Sandbox, company: str, body: bytes = BODY) -> bytes:
    key = b64encode(sandbox.key.encode()).decode()
    head = f"POST {path_of(company)} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic {key}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def everything(raw: socket.socket) -> bytes:
    got = b""
    while part := raw.recv(65536):
        got += part
    return got


def for_a_while(raw: socket.socket) -> bytes:
    """What comes in half a second from a connection that stays open."""
    raw.settimeout(0.5)
    got = b""
    try:
        while part := raw.recv(65536):
            got += part
    except TimeoutError:
        return got
    raise AssertionError("The connection was closed.")


def the_line(sandbox: Sandbox, company: str) -> dict[str, Any]:
    (line,) = [line for line in sandbox.ledger() if line["company_id"] == company]
    return line


@pytest.mark.parametrize("applied", [True, False])
def test_a_dropped_connection_brings_not_a_byte(sandbox: Sandbox, company: str, applied: bool) -> None:
    fault = "drop_after" if applied else "drop_before"
    set_fault(sandbox, fault)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        assert everything(raw) == b""
    line = the_line(sandbox, company)
    assert (line["answered"], line["applied"], line["faults"]) == (None, applied, [fault])


def test_a_connection_can_be_reset_in_the_place_of_an_answer(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "drop_after", how="reset")
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        with pytest.raises(ConnectionResetError):
            everything(raw)


@pytest.mark.parametrize("arrived", [0, 5])
def test_a_connection_can_be_reset_while_the_request_arrives(
    sandbox: Sandbox, company: str, arrived: int
) -> None:
    set_fault(sandbox, "reset_midway", bytes=arrived)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company)[: len(sent(sandbox, company)) - len(BODY) + arrived])
        with pytest.raises(ConnectionResetError):
            everything(raw)
    line = the_line(sandbox, company)
    assert (line["answered"], line["applied"], line["body"]) == (None, False, BODY[:arrived].decode())


def test_a_half_close_leaves_headers_without_a_body(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "half_close", bytes=10)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        head, _, body = everything(raw).partition(b"\r\n\r\n")
        raw.sendall(b"still there?")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"Content-Length: " in head
    assert len(body) == 10
    assert the_line(sandbox, company)["applied"]


def test_a_body_can_be_shorter_than_its_headers_promise(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "short_body")
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        head, _, body = everything(raw).partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body) == promised // 2


@pytest.mark.parametrize(("part", "least"), [("all", 1), ("body", 100)])
def test_a_drip_comes_byte_by_byte(sandbox: Sandbox, company: str, part: str, least: int) -> None:
    set_fault(sandbox, "drip", seconds=30, part=part)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        got = for_a_while(raw)
    assert got.startswith(b"H")
    assert len(got.partition(b"\r\n\r\n")[2]) == (0 if part == "all" else 1)
    assert len(got) >= least


def test_a_slow_answer_comes_whole(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "slow", seconds=0.3)
    began = time.monotonic()
    assert sandbox.post(path_of(company)).json()["companyId"] == company
    assert time.monotonic() - began >= 0.3


def test_others_are_answered_while_one_waits(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "slow", seconds=30)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        while not sandbox.ledger() or sandbox.ledger()[-1]["company_id"] != company:
            time.sleep(0.01)
        assert sandbox.get(f"/companies/{company}").status_code == 200


@pytest.mark.parametrize("announced", [True, False])
def test_a_huge_body_is_as_long_as_was_set(sandbox: Sandbox, company: str, announced: bool) -> None:
    set_fault(sandbox, "huge_body", megabytes=3, announced=announced)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        head, _, body = everything(raw).partition(b"\r\n\r\n")
    assert (b"Content-Length" in head) is announced
    assert len(json.loads(body)["errorMessage"]) == 3 * 1024 * 1024


def test_a_gzip_bomb_is_small_until_it_is_unpacked(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "gzip_bomb", megabytes=50)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        head, _, body = everything(raw).partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert len(body) < 100_000
    assert len(zlib.decompress(body, 31)) > 50 * 1024 * 1024


def test_a_client_that_leaves_in_the_middle_harms_nobody(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "huge_body", megabytes=100)
    with a_socket(sandbox) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.sendall(sent(sandbox, company))
        raw.recv(100)
    assert sandbox.get(f"/companies/{company}").status_code == 200
