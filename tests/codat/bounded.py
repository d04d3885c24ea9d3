"""Calls, each in a process of its own: what came of it, how long it took, and how much memory beyond what was there.

`python -m tests.codat.bounded` reads a call a line, as JSON: url, company, "post" or "get", deadline, read timeout.
"""

import json
import os
import resource
import sys
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from syncs.codat import bodies
from syncs.codat.client import CodatClient
from syncs.codat.errors import CodatError
from tests.codat.conftest import make_client

MEBIBYTE = 1 << 20
# More than is read of any of these before they are cut off, and far less than they are.
ROOM = 64 * MEBIBYTE


def main() -> None:
    for line in sys.stdin:
        if os.fork():
            os.wait()
        else:
            sys.stdout.write(json.dumps(_bounded(*json.loads(line))) + "\n")
            sys.stdout.flush()
            os._exit(0)


def _bounded(url: str, company: str, method: str, deadline: float, read_timeout: float) -> dict[str, Any]:
    with make_client(url, deadline=deadline, read_timeout=read_timeout) as client:
        client.company(company)
        before = _no_more_than(ROOM)
        began = time.monotonic()
        verdict, message = _call(client, company, method)
        seconds = time.monotonic() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {"verdict": verdict, "message": message, "seconds": seconds, "mebibytes": grown}


def _call(client: CodatClient, company: str, method: str) -> tuple[str, str]:
    try:
        if method == "post":
            body = bodies.latest(datetime.now(UTC))
            client.request_latest(company, body=body, idempotency_key=uuid4())
        else:
            client.syncs(company)
    except CodatError as error:
        return type(error).__name__, error.message
    return "parsed", ""


def _no_more_than(room: int) -> int:
    """Limits the address space to what is in use and so many bytes; the most kilobytes held until now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        in_use = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + room, in_use + room))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
