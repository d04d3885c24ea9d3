"""Whether a byte of the request left us is known from our own connection, never from an exception's class."""

import socket
import ssl
import time
from collections.abc import Callable

import pytest
from urllib3.connection import HTTPConnection

from syncs.codat.client import CodatClient
from syncs.codat.errors import NotSent, Refused, Uncertain
from syncs.codat.until import Until
from syncs.codat.wire import Exchange
from tests.codat.conftest import HERE, make_client
from tests.codat.examples import COMPANY, KEY_OF_REQUEST, STARTED, SYNC, ask_latest
from tests.codat.server import Server, breaks_tls, says
from tests.valkey import free_port

CERTIFICATE = HERE / "tls.pem"


@pytest.fixture
def secure() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def test_nobody_listens_so_nothing_was_sent() -> None:
    with make_client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(NotSent) as caught:
        ask_latest(client)
    assert caught.value.message == "Nothing was sent to Codat: the connection was refused."


def test_a_name_that_nobody_knows_means_nothing_was_sent() -> None:
    with make_client("http://codat.invalid") as client, pytest.raises(NotSent):
        ask_latest(client)


def test_a_certificate_nobody_vouches_for_means_nothing_was_sent(secure: ssl.SSLContext) -> None:
    with Server(tls=secure) as server, make_client(server.url) as client:
        server.answers(says(200, STARTED))
        with pytest.raises(NotSent) as caught:
            ask_latest(client)
        assert server.requests == []
    assert "certificate could not be verified" in caught.value.message


def test_a_handshake_that_never_ends_means_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with make_client(f"https://127.0.0.1:{port}") as client, pytest.raises(NotSent):
            ask_latest(client)


def test_a_tls_error_after_the_whole_request_was_read_is_uncertain(
    secure: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(tls=secure) as server, make_client(server.url, use_env_proxies=True) as client:
        server.answers(says(200, STARTED), breaks_tls)
        assert ask_latest(client).commerce_sync_id == SYNC
        with pytest.raises(Uncertain):
            ask_latest(client)
        assert [request.body for request in server.requests] == [b'{"syncTo":"2022-10-23T00:00:00Z"}'] * 2


def test_connecting_that_outlasts_the_moment_for_the_first_byte_sends_nothing() -> None:
    """A full backlog: the kernel leaves our SYN unanswered, as a dead host would."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        began = time.monotonic()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with make_client(address, connect_timeout=5) as client, pytest.raises(NotSent):
            ask_latest(client, first_byte_by=Until.after(0.2))
        assert time.monotonic() - began < 1.5
        for filler in fillers:
            filler.close()


def test_the_moment_is_checked_after_connecting_and_not_only_before(
    secure: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow handshake eats the time; the connection then stands, but must not be written to."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(tls=SlowHandshake(secure, 0.3)) as server:
        server.answers(says(200, STARTED))
        with make_client(server.url, use_env_proxies=True, connect_timeout=3, deadline=3) as client:
            monkeypatch.setattr("syncs.codat.wire.Exchange.time_to_begin", _patient_at_first())
            with pytest.raises(NotSent):
                ask_latest(client, first_byte_by=Until.after(0.1))
        assert server.connections == 1
        assert server.requests == []


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What reached a socket that breaks at its first bytes."""
    left: list[bytes] = []

    def breaks(_: HTTPConnection, data: bytes) -> None:
        left.append(data)
        raise BrokenPipeError

    monkeypatch.setattr(HTTPConnection, "send", breaks)
    return left


def test_a_write_that_breaks_half_way_is_uncertain(
    server: Server, client: CodatClient, written: list[bytes]
) -> None:
    with pytest.raises(Uncertain):
        ask_latest(client)
    assert len(written) == 1


def test_after_the_moment_not_one_byte_is_written(
    server: Server, client: CodatClient, written: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncs.codat.wire.Exchange.time_to_begin", _patient_at_first())
    with pytest.raises(NotSent):
        ask_latest(client, first_byte_by=Until.after(-1))
    assert written == []


class SlowHandshake:
    def __init__(self, context: ssl.SSLContext, seconds: float) -> None:
        self._context, self._seconds = context, seconds

    def wrap_socket(self, sock: socket.socket, **options: bool) -> ssl.SSLSocket:
        time.sleep(self._seconds)
        return self._context.wrap_socket(sock, **options)


def _patient_at_first() -> Callable[[Exchange], float]:
    """Gives the connect phase ample time, so that only the check before the write can refuse."""
    real = Exchange.time_to_begin
    calls: list[Exchange] = []

    def time_to_begin(exchange: Exchange) -> float:
        calls.append(exchange)
        return 3.0 if len(calls) == 1 else real(exchange)

    return time_to_begin


def test_a_body_that_cannot_be_encoded_was_not_sent(server: Server, client: CodatClient) -> None:
    with pytest.raises(NotSent):
        client.request_latest(COMPANY, body="\ud800", idempotency_key=KEY_OF_REQUEST)
    assert server.requests == []


@pytest.mark.parametrize("odd", ["", "..", f"{COMPANY}/../x", "{" + COMPANY + "}", COMPANY.replace("-", "")])
def test_an_id_that_is_none_never_enters_a_path(server: Server, client: CodatClient, odd: str) -> None:
    with pytest.raises(Refused):
        client.request_latest(odd, body="{}", idempotency_key=KEY_OF_REQUEST)
    with pytest.raises(Refused):
        client.sync_by_id(COMPANY, odd)
    assert server.connections == 0


def test_environment_proxies_are_ignored_unless_asked_for(
    server: Server, client: CodatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.answers(says(200, STARTED))
    assert ask_latest(client).commerce_sync_id == SYNC


def test_what_is_said_to_a_proxy_that_refuses_is_not_the_request(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    monkeypatch.setenv("https_proxy", server.url)
    server.answers(says(403))
    with make_client("https://codat.invalid", use_env_proxies=True) as client, pytest.raises(NotSent):
        ask_latest(client)
    [request] = server.requests
    assert (request.method, request.target) == ("CONNECT", "codat.invalid:443")
    assert "authorization" not in request.headers


def test_an_environment_proxy_is_used_when_asked_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server.answers(says(200, STARTED))
    with make_client("http://codat.invalid", use_env_proxies=True) as client:
        ask_latest(client)
    assert server.requests[0].target.startswith("http://codat.invalid/companies/")
