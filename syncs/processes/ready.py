"""Is it ready? Asked over the network, as its users will ask it."""

import http.client
import socket
from contextlib import closing

TIMEOUT = 2.0


def answers_http(host: str, port: int, path: str, known_as: str) -> bool:
    """Whether a request for this host name gets what it asked for, or is sent on to HTTPS."""
    with closing(http.client.HTTPConnection(host, port, timeout=TIMEOUT)) as connection:
        try:
            connection.request("GET", path, headers={"Host": known_as})
            return connection.getresponse().status < 400
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
