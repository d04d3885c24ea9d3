"""TCP ports on this machine."""

import random
import socket
from itertools import islice

from syncs.processes.errors import CannotRun

# Below the range from which the kernel takes outgoing ports: a server that restarts finds its port again.
QUIET_PORTS = range(20_000, 32_000)


def refuse_taken(host: str, port: int) -> None:
    """Raises CannotRun, with the reason, when a server could not listen there."""
    try:
        _listen(host, port)
    except PermissionError:
        raise CannotRun(f"Port {port} needs more rights than this user has; try PORT=8123.") from None
    except OSError as error:
        if error.errno is not None and is_free("127.0.0.1", port):
            raise CannotRun(f"Cannot listen on {host}: {error.strerror}.") from None
        raise CannotRun(f"Port {port} is taken by another program; try PORT=8123.") from None


def is_free(host: str, port: int) -> bool:
    try:
        _listen(host, port)
    except OSError:
        return False
    return True


def free(count: int) -> list[int]:
    """Ports of 127.0.0.1 on which nothing listens now."""
    found = islice((port for port in random.sample(QUIET_PORTS, 500) if is_free("127.0.0.1", port)), count)
    return list(found)


def _listen(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen()
