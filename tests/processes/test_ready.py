import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from syncs.processes import ports, ready


class Panel(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.headers["Host"] == "panel.example.com"
        self.send_response(int(self.path.strip("/")) if known else 400)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Panel) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "is_ready"), [(200, True), (301, True), (404, False), (500, False), (503, False)]
)
def test_the_panel_is_ready_when_it_gives_what_is_asked_for(port: int, status: int, is_ready: bool) -> None:
    assert ready.answers_http("127.0.0.1", port, f"/{status}", known_as="panel.example.com") is is_ready


def test_the_panel_is_asked_by_a_name_it_knows(port: int) -> None:
    assert not ready.answers_http("127.0.0.1", port, "/200", known_as="127.0.0.1")


def test_what_does_not_listen_is_not_ready() -> None:
    [port] = ports.free(1)
    assert not ready.accepts(port)
    assert not ready.answers_ping(port, "password")
    assert not ready.answers_http("127.0.0.1", port, "/healthz", known_as="127.0.0.1")


def test_what_talks_something_else_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_talk, args=(server,), daemon=True).start()
        assert not ready.answers_http("127.0.0.1", server.getsockname()[1], "/healthz", known_as="127.0.0.1")


def _talk(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1024)
        connection.sendall(b"220 mail.example.com ESMTP\r\n")
