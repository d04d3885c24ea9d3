import socket

import pytest

from syncs.processes import ports
from syncs.processes.errors import CannotRun


def test_a_free_port_is_not_refused() -> None:
    [port] = ports.free(1)
    ports.refuse_taken("127.0.0.1", port)


def test_a_taken_port_is_refused_by_its_number() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotRun, match=f"Port {port} is taken"):
            ports.refuse_taken("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    [port] = ports.free(1)
    with pytest.raises(CannotRun, match=r"Cannot listen on 192\.0\.2\.1"):
        ports.refuse_taken("192.0.2.1", port)


def test_free_ports_differ_and_lie_outside_the_range_of_outgoing_connections() -> None:
    found = ports.free(20)
    assert len(set(found)) == 20
    assert all(20_000 <= port < 32_000 for port in found)
