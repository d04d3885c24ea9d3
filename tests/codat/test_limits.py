"""Whatever a server does with its time and its bytes, an exchange ends in time and in little memory."""

import gzip
import json
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError, Uncertain
from tests.codat.conftest import make_client
from tests.codat.examples import COMPANY, DONE, STARTED, SYNC, ask_latest
from tests.codat.server import Server, Step, drips, keeps_silent, says, sends

OK = b"HTTP/1.1 200 OK\r\n"
LONG = b"Content-Length: 200000000\r\n\r\n"
MEBIBYTE = 1024 * 1024
LINK = {"id": "c-1", "sourceType": "Commerce", "platformName": "Shopify", "status": "Linked"}


@contextmanager
def within(seconds: float, mebibytes: float) -> Iterator[None]:
    tracemalloc.start()
    began = time.monotonic()
    try:
        yield
        assert time.monotonic() - began < seconds
        assert tracemalloc.get_traced_memory()[1] < mebibytes * MEBIBYTE
    finally:
        tracemalloc.stop()


DRIPS = {
    "the status line": drips(b"HTTP/1.1 2"),
    "a header": drips(OK + b"X-Long: "),
    "many headers": drips(OK, drop=b"X: y\r\n"),
    "the body": drips(OK + LONG),
    "a chunk": drips(OK + b"Transfer-Encoding: chunked\r\n\r\nffffff\r\n"),
    "chunks": drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", drop=b"1\r\nx\r\n"),
    "a body without an end": drips(OK + b"\r\n"),
    "go on, go on": drips(b"", drop=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "nothing": keeps_silent,
}


@pytest.mark.parametrize("step", DRIPS.values(), ids=DRIPS.keys())
@pytest.mark.slow
def test_a_drip_ends_at_the_deadline(server: Server, step: Step) -> None:
    server.answers(step)
    with make_client(server.url, deadline=0.5) as client, within(1.5, 4), pytest.raises(Uncertain):
        ask_latest(client)
    assert len(server.requests) == 1


def test_the_deadline_holds_for_all_tries_of_a_read_together(server: Server) -> None:
    server.answers(drips(OK + LONG))
    with make_client(server.url, deadline=0.5) as client, within(1.5, 4), pytest.raises(CodatError):
        client.syncs(COMPANY)


def test_and_for_all_pages_of_a_companys_connections(server: Server) -> None:
    page = json.dumps(
        {"results": [LINK], "totalResults": 1000, "_links": {"next": {"href": "/more"}}}
    ).encode()
    whole = OK + b"Content-Length: %d\r\n\r\n" % len(page) + page

    def slowly(sock: socket.socket) -> bool:
        time.sleep(0.2)
        return sends(whole, stays=True)(sock)

    server.answers(slowly)
    with make_client(server.url, deadline=0.5) as client, within(1.0, 4), pytest.raises(CodatError):
        client.connections(COMPANY)
    assert 2 <= len(server.requests) <= 3


FLOODS = {
    "a body": drips(OK + LONG, drop=b"x" * 500_000, every=0),
    "chunks": drips(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", drop=b"ffff\r\n" + b"x" * 65535 + b"\r\n", every=0
    ),
    "headers": drips(OK, drop=b"X-Long: " + b"x" * 60_000 + b"\r\n", every=0),
    "one header": drips(OK + b"X-Long: ", drop=b"x" * 60_000, every=0),
    "go on, go on": drips(b"", drop=b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, every=0),
    "the size of a chunk": drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", drop=b"0" * 60_000, every=0),
}


@pytest.mark.parametrize("step", FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_is_cut_off_at_the_limit(server: Server, step: Step) -> None:
    server.answers(step)
    with (
        make_client(server.url, deadline=10, read_timeout=10) as client,
        within(3, 12),
        pytest.raises(Uncertain),
    ):
        client.latest_sync(COMPANY)
    assert len(server.requests) <= 5


@pytest.mark.parametrize("news", [b"100 Continue", b"103 Early Hints"])
def test_what_comes_before_the_answer_has_the_room_of_headers_and_no_more(
    server: Server, news: bytes
) -> None:
    early = b"HTTP/1.1 " + news + b"\r\nX-Long: " + b"x" * 50_000 + b"\r\n\r\n"
    body = json.dumps(DONE).encode()
    answer = OK + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    server.answers(sends(early * 4 + answer), sends(early * 6 + answer))
    with make_client(server.url) as client:
        assert client.latest_sync(COMPANY)
        with pytest.raises(Uncertain, match="too large"):
            client.latest_sync(COMPANY)


@pytest.mark.slow
def test_a_small_body_that_unpacks_to_a_huge_one(server: Server, client: CodatClient) -> None:
    bomb = gzip.compress(b" " * 100 * MEBIBYTE)
    server.answers(says(200, bomb, Content_Encoding="gzip"))
    with within(3, 8), pytest.raises(Uncertain) as caught:
        ask_latest(client)
    assert "too large" in caught.value.message


def test_an_honest_packed_body_is_read(server: Server, client: CodatClient) -> None:
    server.answers(says(200, gzip.compress(json.dumps(STARTED).encode()), Content_Encoding="gzip"))
    assert ask_latest(client).commerce_sync_id == SYNC


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(json.dumps(STARTED).encode())[:-4], "gzip"),
        (b"not packed", "gzip"),
        (json.dumps(STARTED).encode(), "br"),
        (gzip.compress(gzip.compress(b"{}")), "gzip, gzip"),
    ],
    ids=["cut off", "not packed", "in a way we did not ask for", "twice"],
)
def test_a_packed_body_that_cannot_be_unpacked(
    server: Server, client: CodatClient, body: bytes, encoding: str
) -> None:
    server.answers(says(200, body, Content_Encoding=encoding))
    with pytest.raises(Uncertain):
        ask_latest(client)


def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not(server: Server) -> None:
    plain = json.dumps(DONE).encode()
    server.answers(says(200, plain), says(200, plain + b" "))
    with make_client(server.url, body_limit=len(plain)) as client:
        assert client.latest_sync(COMPANY).code == 2000
        with pytest.raises(Uncertain):
            client.latest_sync(COMPANY)
    assert len(server.requests) == 2


def test_the_list_of_syncs_may_be_longer_than_any_other_answer(server: Server) -> None:
    """A thousand a day for a month, which Codat lists in one answer."""
    long = json.dumps([DONE | {"syncId": f"{number:036d}"} for number in range(30_000)]).encode()
    server.answers(says(200, long), says(200, long), says(200, long))
    with make_client(server.url, deadline=30, read_timeout=30) as client:
        assert len(client.syncs(COMPANY)) == len(client.syncs_before_send(COMPANY)) == 30_000
        with pytest.raises(Uncertain, match="too large"):
            client.latest_sync(COMPANY)


def test_a_full_page_of_companies_with_many_connections_is_read(server: Server) -> None:
    """Five hundred of 3 kB each and more: half the room of such a page is left, and no other answer has so much."""
    links = [LINK | {"id": str(uuid4()), "linkUrl": f"https://link.codat.io/{'x' * 400}"} for _ in range(12)]
    companies = [{"id": str(uuid4()), "name": "Bank of Dave", "dataConnections": links} for _ in range(500)]
    page = json.dumps({"results": companies, "totalResults": 500}).encode()
    assert len(page) > 3 * MEBIBYTE
    server.answers(says(200, page), says(200, page))
    with make_client(server.url, deadline=30, read_timeout=30) as client:
        read = client.companies(1, 500).items
        assert [len(company.connections or ()) for company in read] == [12] * 500
        with pytest.raises(Uncertain, match="too large"):
            client.company(COMPANY)


def test_a_page_of_companies_without_an_end_is_cut_off(server: Server) -> None:
    server.answers(sends(OK + LONG + b"x" * 9 * MEBIBYTE))
    with (
        make_client(server.url, deadline=10, read_timeout=10) as client,
        within(5, 32),
        pytest.raises(Uncertain, match="too large"),
    ):
        client.companies(1, 500)


@pytest.mark.parametrize("body", [b"[" + b"[],{}," * 400_000 + b"1]", b"[" + b"1," * 1_500_000 + b"1]"])
def test_more_values_than_a_list_can_have_are_not_made(server: Server, body: bytes) -> None:
    """Small on the wire, large in memory."""
    server.answers(says(200, body))
    with (
        make_client(server.url, deadline=10, read_timeout=10) as client,
        within(5, 16),
        pytest.raises(Uncertain, match="more values"),
    ):
        client.syncs(COMPANY)


def test_the_rest_of_a_read_is_not_taken_for_the_next_answer(server: Server, client: CodatClient) -> None:
    """A pooled connection whose answer was not read to its end must not be used again."""
    server.answers(sends(OK + LONG + b"x" * 2 * MEBIBYTE, stays=True), says(200, DONE))
    with pytest.raises(Uncertain):
        client.latest_sync(COMPANY)
    assert client.latest_sync(COMPANY).code == 2000
    assert server.connections == 2
