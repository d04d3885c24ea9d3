"""Answers that break the rules of HTTP, or stretch them, byte by byte as they come from a real process."""

import json

import pytest

from sandbox.testing import Sandbox
from tests.sandbox.test_wire_faults import _no_fault_stays as _no_fault_stays
from tests.sandbox.test_wire_faults import (
    a_socket,
    everything,
    for_a_while,
    path_of,
    sent,
    set_fault,
    the_line,
)
from tests.sandbox.test_wire_faults import company as company


def answered(sandbox: Sandbox, company: str) -> bytes:
    """All that comes back to one POST before the connection ends."""
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        return everything(raw)


@pytest.mark.parametrize("status", [100, 102, 103])
def test_the_answer_comes_after_so_many_informational_ones(
    sandbox: Sandbox, company: str, status: int
) -> None:
    set_fault(sandbox, "informational", status=status, times=3)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        *notes, head, body = for_a_while(raw).split(b"\r\n\r\n")
    assert [note.split()[1] for note in notes] == [str(status).encode()] * 3
    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(body)["companyId"] == company


@pytest.mark.parametrize("form", ["many", "one"])
def test_headers_can_go_on_for_ever(sandbox: Sandbox, company: str, form: str) -> None:
    set_fault(sandbox, "endless_headers", form=form)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        got = b""
        while len(got) < 500_000:
            got += raw.recv(65536)
    assert b"\r\n\r\n" not in got
    assert (got.count(b"\r\n") > 1000) is (form == "many")


@pytest.mark.parametrize(
    ("form", "lengths"),
    {
        "two": lambda size: [str(size), str(size + 7)],
        "negative": lambda size: [f"-{size + 1}"],
        "text": lambda size: ["all of it"],
    }.items(),
)
def test_a_length_can_be_wrong(sandbox: Sandbox, company: str, form: str, lengths: object) -> None:
    set_fault(sandbox, "bad_length", form=form)
    head, _, body = answered(sandbox, company).partition(b"\r\n\r\n")
    told = [line.partition(b": ")[2].decode() for line in head.split(b"\r\n") if b"Content-Length" in line]
    assert json.loads(body)["companyId"] == company
    assert told == lengths(len(body))


def test_a_length_can_stand_beside_chunks(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "bad_length", form="beside_chunks")
    head, _, body = answered(sandbox, company).partition(b"\r\n\r\n")
    assert b"Content-Length: " in head
    assert b"Transfer-Encoding: chunked" in head
    assert body.endswith(b"\r\n0\r\n\r\n")


def test_what_is_longer_than_its_length_stays_in_an_open_connection(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "bad_length", form="short")
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        head, _, body = for_a_while(raw).partition(b"\r\n\r\n")
    assert int(head.partition(b"Content-Length: ")[2].split()[0]) == len(body) // 2


@pytest.mark.parametrize(
    ("form", "end"),
    [
        ("not_hex", b"\r\nxyz\r\n"),
        ("negative", b"\r\n-1\r\n"),
        ("huge", b"\r\nffffffffffff\r\n"),
        ("cut", b"\r\n7\r\n"),
    ],
)
def test_chunks_can_end_in_nonsense(sandbox: Sandbox, company: str, form: str, end: bytes) -> None:
    set_fault(sandbox, "bad_chunks", form=form)
    head, _, body = answered(sandbox, company).partition(b"\r\n\r\n")
    size, _, rest = body.partition(b"\r\n")
    assert b"Content-Length" not in head
    assert json.loads(rest[: int(size, 16)])["companyId"] == company
    assert body.endswith(end)


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_can_end_after_its_answer_unannounced(sandbox: Sandbox, company: str, how: str) -> None:
    set_fault(sandbox, "close_after", how=how, seconds=0.3)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        head, _, body = raw.recv(65536).partition(b"\r\n\r\n")
        raw.sendall(sent(sandbox, company))
        if how == "close":
            assert everything(raw) == b""
        else:
            with pytest.raises(ConnectionResetError):
                everything(raw)
    assert b"Connection: close" not in head
    assert json.loads(body)["companyId"] == company
    assert the_line(sandbox, company)["applied"]


@pytest.mark.parametrize(
    ("form", "start"), [("banner", b"SSH-2.0"), ("http2", b"HTTP/2 "), ("status", b"HTTP/1.1 2000 ")]
)
def test_an_answer_can_be_no_http_of_ours(sandbox: Sandbox, company: str, form: str, start: bytes) -> None:
    set_fault(sandbox, "not_http", form=form)
    assert answered(sandbox, company).startswith(start)
    assert the_line(sandbox, company)["answered"] is None


def test_an_answer_can_come_before_the_body_was_read(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "early", status=503)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        assert everything(raw).startswith(b"HTTP/1.1 503")
    line = the_line(sandbox, company)
    assert (line["answered"], line["applied"], line["body"]) == (503, False, "")


@pytest.mark.slow
def test_nobody_else_waits_while_a_bomb_is_made(sandbox: Sandbox, company: str) -> None:
    set_fault(sandbox, "gzip_bomb", megabytes=4000)
    with a_socket(sandbox) as raw:
        raw.sendall(sent(sandbox, company))
        raw.setblocking(False)
        assert sandbox.get(path_of(company).replace("latest", "syncs/list/status")).status_code == 200
        with pytest.raises(BlockingIOError):
            raw.recv(1)
