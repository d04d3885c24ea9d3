"""The proxy between a client and the sandbox hands on every byte as it came, and judges what passes."""

import http.client
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import requests

from sandbox.testing import running
from tests.codat.server import Server, Step, drips, hangs_up, resets, says, sends
from tests.openapi.proxy import Proxy, Record

QUOTA = dict.fromkeys(("X_Rate_Limit_Limit", "X_Rate_Limit_Remaining", "X_Rate_Limit_Reset"), "1000")
GET = b"GET /companies HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def record() -> Record:
    return Record()


@contextmanager
def before(record: Record, *steps: Step) -> Iterator[tuple[Server, str]]:
    with Server() as server, Proxy(server.url, record) as proxy:
        server.answers(*steps)
        yield server, proxy.url


@contextmanager
def talking(url: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 5) as raw:
        raw.settimeout(5)
        yield raw


def everything(raw: socket.socket) -> bytes:
    received = b""
    while part := raw.recv(65536):
        received += part
    return received


def test_a_connection_stays_open_and_each_exchange_is_recorded(record: Record) -> None:
    with (
        before(record, says(200, {"results": []}, Content_Type="application/json", **QUOTA)) as (
            server,
            url,
        ),
        requests.Session() as session,
    ):
        for page in (1, 2, 3):
            assert session.get(f"{url}/companies?page={page}", timeout=5).json() == {"results": []}
    assert server.connections == 1
    assert [each.target for each in record.exchanges] == [f"/companies?page={page}" for page in (1, 2, 3)]
    assert record.exchanges[0].operation_id == "list-companies"
    assert 'answer: "pageNumber" is a required property' in record.wrong[1]


def test_a_body_in_chunks_and_one_that_waits_to_be_continued_arrive_whole(record: Record) -> None:
    with (
        before(record, says(404, {})) as (server, url),
        closing(http.client.HTTPConnection(url[7:])) as client,
    ):
        client.request("POST", "/companies", body=b'{"name":"Dave"}', headers={"Expect": "100-continue"})
        client.getresponse().read()
    assert server.requests[0].body == record.exchanges[0].body == b'{"name":"Dave"}'


def test_requests_in_one_breath_are_told_apart(record: Record) -> None:
    answer = b"HTTP/1.1 404 X\r\nContent-Length: 2\r\n\r\n{}"
    with before(record, sends(answer * 2, stays=True)) as (_, url), talking(url) as raw:
        raw.sendall(GET + GET.replace(b"/companies", b"/nowhere"))
        raw.shutdown(socket.SHUT_WR)
        assert everything(raw).startswith(answer * 2)
    assert [(each.target, each.status) for each in record.exchanges] == [
        ("/companies", 404),
        ("/nowhere", 404),
    ]


def test_a_drip_stays_a_drip_and_a_client_that_leaves_is_nobodys_fault(record: Record) -> None:
    with before(record, drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")) as (_, url):
        with talking(url) as raw:
            raw.sendall(GET)
            began = time.monotonic()
            received = b""
            while not received.endswith(b"xxx"):
                received += raw.recv(1)
            assert time.monotonic() - began > 0.1
        until(lambda: record.exchanges)
    [told] = record.exchanges
    assert (told.status, told.client_left) == (None, True)
    assert not [each for each in record.wrong if "answer" in each]


def until(true: object) -> None:
    deadline = time.monotonic() + 5
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "half", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
def test_half_an_answer_arrives_as_half_an_answer_and_is_told(record: Record, half: bytes) -> None:
    with before(record, sends(half)) as (_, url), talking(url) as raw:
        raw.sendall(GET)
        assert everything(raw) == half
    assert "request: " not in record.wrong[0] or "Basic" in record.wrong[0]
    assert "ended before there was a whole answer" in record.wrong[-1]


@pytest.mark.parametrize("step", [resets, hangs_up])
def test_a_connection_that_is_dropped_is_dropped(record: Record, step: Step) -> None:
    with before(record, step) as (server, url), talking(url) as raw:
        raw.sendall(GET)
        if step is resets:
            with pytest.raises(ConnectionResetError):
                raw.recv(1)
        else:
            assert raw.recv(1) == b""
    assert len(server.requests) == 1


def test_a_server_that_closes_its_half_still_hears_the_rest(record: Record) -> None:
    heard: list[bytes] = []

    def half_closes(sock: socket.socket) -> bool:
        sock.shutdown(socket.SHUT_WR)
        heard.append(sock.recv(4))
        return False

    with before(record, half_closes) as (_, url), talking(url) as raw:
        raw.sendall(GET)
        assert raw.recv(1) == b""
        raw.sendall(b"more")
        until(lambda: heard == [b"more"])


def test_what_is_no_http_is_handed_on_too(record: Record) -> None:
    refusal = b"HTTP/1.1 400 X\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    with before(record, sends(refusal)) as (_, url), talking(url) as raw:
        raw.sendall(b"GET / NONSENSE\r\n\r\n")
        assert everything(raw) == refusal
    [told] = record.exchanges
    assert (told.method, told.status) == ("", 400)


def test_a_very_long_answer_passes_in_little_memory(record: Record) -> None:
    long = 100 << 20

    def floods(sock: socket.socket) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % long)
        for _ in range(long >> 20):
            sock.sendall(b"x" * (1 << 20))
        return True

    with (
        before(record, floods) as (_, url),
        requests.get(f"{url}/companies", stream=True, timeout=5) as answer,
    ):
        assert sum(map(len, answer.iter_content(1 << 20))) == long
    assert len(record.exchanges[0].answer_body) < 65 << 20


def test_many_talk_at_once(record: Record) -> None:
    with before(record, says(404, {}, Content_Type="application/json", **QUOTA)) as (_, url):
        threads = [
            threading.Thread(target=requests.get, args=(f"{url}/n/{n}",), kwargs={"timeout": 5})
            for n in range(40)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {each.target for each in record.exchanges} == {f"/n/{n}" for n in range(40)}


@pytest.mark.slow
def test_it_can_be_put_between_by_hand() -> None:
    with running(direct=True) as sandbox:
        command = [sys.executable, "-m", "tests.openapi.proxy", "--upstream", sandbox.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                line = process.stdout.readline()
                url = re.search(rf"judging {sandbox.url} on (\S+);", line)[1]
                sandbox.session.get(f"{url}/companies?page=0", timeout=5)
                assert (
                    "GET /companies?page=0 -> 400: request: the parameter page" in process.stdout.readline()
                )
            finally:
                process.terminate()
