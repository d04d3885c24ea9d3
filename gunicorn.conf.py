"""gunicorn reads this from the folder that it is started in, whatever else its command line says."""

import socket
import struct
from typing import Any

# Seconds within which more of a request must arrive. gthread itself waits for a body without end, and eight that never
# come would be all of a process's threads.
PATIENCE = 10
# Letters of a request's first line: a reason of 500 letters of any script stands in an address at times, also in one
# that is itself part of an address.
limit_request_line = 8190


def when_ready(server: Any) -> None:
    """What a listener accepts inherits this from it."""
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE, 0))
