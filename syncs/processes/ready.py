"""Is it ready? Asked over the network, as its users will ask it."""

import http.client
import socket
from contextlib import closing

TIMEOUT = 2.0


def answers_http(host: str, port: int, path: str, host_header: str | None = None) -> bool:
    """Whether a request gets an answer that is no server error."""
    with closing(http.client.HTTPConnection(host, port, timeout=TIMEOUT)) as connection:
        try:
            connection.request("GET", path, headers={"Host": host_header or f"{host}:{port}"})
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False


def accepts(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT):
            return True
    except OSError:
        return False


def answers_ping(port: int, password: str) -> bool:
    """Whether a Redis-protocol server has loaded its data and serves."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
            connection.settimeout(TIMEOUT)
            connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            return b"+PONG" in b"".join(iter(lambda: connection.recv(4096), b""))
    except OSError:
        return False
