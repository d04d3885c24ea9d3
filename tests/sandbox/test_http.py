"""The sandbox speaks HTTP/1.1 as any server does, seen from a bare socket."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.testing import Sandbox, running

GET = b"GET /_sandbox/kinds HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /_sandbox/clock HTTP/1.1\r\nHost: a\r\n"
BODY = b'{"ahead":0}'
CHUNKED = (
    b"Transfer-Encoding: chunked\r\n\r\n5;why=not\r\n" + BODY[:5] + b"\r\n6\r\n" + BODY[5:] + b"\r\n0\r\n\r\n"
)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)


@contextmanager
def a_socket(sandbox: Sandbox) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), 5) as raw:
        yield raw


@pytest.fixture
def raw(sandbox: Sandbox) -> Iterator[socket.socket]:
    with a_socket(sandbox) as raw:
        yield raw


def everything(raw: socket.socket) -> bytes:
    """Until the sandbox hangs up, which it does once we have nothing more to say."""
    raw.shutdown(socket.SHUT_WR)
    got = b""
    while part := raw.recv(65536):
        got += part
    return got


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", received)]


def test_a_connection_stays_open_for_the_next_request(raw: socket.socket) -> None:
    raw.sendall(GET + b"\r\n")
    assert b"Connection:" not in raw.recv(65536)
    raw.sendall(GET + b"\r\n")
    assert statuses(everything(raw)) == [200]


@pytest.mark.parametrize(
    "last",
    [
        GET + b"Connection: close\r\n\r\n",
        GET.replace(b"1.1", b"1.0") + b"\r\n",
        GET.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\n\r\n",
    ],
)
def test_it_ends_where_the_client_wants_it_or_knows_no_better(raw: socket.socket, last: bytes) -> None:
    raw.sendall(last + GET + b"\r\n")
    answer = everything(raw)
    assert statuses(answer) == [200]
    assert b"\r\nConnection: close\r\n" in answer


def test_http_1_0_needs_no_host(raw: socket.socket) -> None:
    raw.sendall(b"GET /_sandbox/kinds HTTP/1.0\r\n\r\n")
    assert statuses(everything(raw)) == [200]


def test_a_target_may_name_the_host_as_well() -> None:
    targets = (b"http://127.0.0.1:8900/_sandbox/kinds", b"HTTP://a/_sandbox/kinds?x=http://b/")
    with running(direct=True) as sandbox, a_socket(sandbox) as raw:
        for target in targets:
            raw.sendall(GET.replace(b"/_sandbox/kinds", target) + b"\r\n")
        assert statuses(everything(raw)) == [200, 200]


def test_the_answer_to_a_head_has_no_body(raw: socket.socket) -> None:
    raw.sendall(GET.replace(b"GET", b"HEAD") + b"\r\n")
    head, _, body = everything(raw).partition(b"\r\n\r\n")
    assert (statuses(head), body) == ([405], b"")
    assert int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]) > 0


@pytest.mark.parametrize("body", [CHUNKED, LENGTH + b"\r\n" + BODY])
def test_a_body_may_come_in_chunks_and_in_drops(raw: socket.socket, body: bytes) -> None:
    for byte in POST + body + GET:
        raw.send(bytes([byte]))
    raw.sendall(b"\r\n")
    assert statuses(everything(raw)) == [200, 200]


def test_who_waits_for_a_100_is_told_to_go_on(raw: socket.socket) -> None:
    raw.sendall(POST + LENGTH + b"Expect: 100-continue\r\n\r\n")
    assert raw.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    raw.sendall(BODY + GET + b"\r\n")
    assert statuses(everything(raw)) == [200, 200]


def test_who_does_not_wait_for_it_is_not_told(raw: socket.socket) -> None:
    raw.sendall(POST + LENGTH + b"Expect: 100-continue\r\n\r\n" + BODY)
    assert statuses(everything(raw)) == [200]


@pytest.mark.parametrize(("head", "body"), [(GET, b"\r\n"), (POST, CHUNKED), (POST, LENGTH + b"\r\n" + BODY)])
def test_an_offer_to_speak_another_protocol_is_declined(raw: socket.socket, head: bytes, body: bytes) -> None:
    offered = head + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n" + body
    raw.sendall(offered * 3)
    answers = everything(raw)
    assert statuses(answers) == [200] * 3
    assert b"Upgrade" not in answers


def test_such_an_offer_makes_no_newer_client(raw: socket.socket) -> None:
    raw.sendall(b"GET /_sandbox/kinds HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    answer = everything(raw)
    assert statuses(answer) == [200]
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (GET + b"Host: b\r\n\r\n", 400),
        (GET + b"Two Words: a\r\n\r\n", 400),
        (POST + LENGTH + LENGTH + b"\r\n" + BODY, 400),
        (POST + LENGTH + CHUNKED, 400),
        (POST + CHUNKED.replace(b"5", b"five"), 400),
        (POST + CHUNKED.replace(b"chunked", b"gzip"), 400),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (GET + b"X-Long: " + b"x" * 200_000, 431),
        (GET + b"X-Many: more\r\n" * 20_000, 431),
        (POST + CHUNKED.removesuffix(b"\r\n") + b"X-Many: more\r\n" * 20_000, 431),
        (POST + CHUNKED.replace(b"why=not", b"x" * 200_000), 431),
        (b"\r\n" * 100_000, 431),
    ],
)
def test_what_is_not_http_is_told_so_at_once(raw: socket.socket, sent: bytes, status: int) -> None:
    """We go on listening: an answer that waits for our end comes too late."""
    raw.sendall(sent)
    assert statuses(raw.recv(65536)) == [status]


def test_what_came_before_it_is_answered_first(raw: socket.socket) -> None:
    raw.sendall(GET + b"\r\n" + POST + LENGTH + b"\r\n" + BODY + b"nonsense\r\n\r\n")
    answers = everything(raw)
    assert statuses(answers) == [200, 200, 400]
    assert answers.count(b"Connection: close") == 1


@pytest.mark.parametrize("unfinished", [GET, POST + LENGTH + b"\r\n" + BODY[:-1], POST + CHUNKED[:-2]])
def test_who_leaves_in_the_middle_is_told_that_this_is_no_request(
    raw: socket.socket, unfinished: bytes
) -> None:
    raw.sendall(unfinished)
    assert statuses(everything(raw)) == [400]


def test_who_leaves_between_two_requests_is_told_nothing(raw: socket.socket) -> None:
    raw.sendall(GET + b"\r\n")
    assert statuses(everything(raw)) == [200]
