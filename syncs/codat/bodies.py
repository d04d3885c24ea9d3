"""The exact bytes of both requests for a sync (Sync for Commerce OpenAPI: SyncToLatestArgs, SyncRange).

They are pinned in the request's row, because an idempotency key holds for one body only.
"""

import json
from datetime import datetime

from syncs.codat.dates import as_z, parse_moment


def latest(sync_to: datetime) -> str:
    """Raises ValueError for a moment without a zone."""
    return _compact({"syncTo": as_z(sync_to)})


def historic(start: datetime, finish: datetime) -> str:
    """Raises ValueError for moments without a zone, or in the wrong order."""
    window = {"start": as_z(start), "finish": as_z(finish)}
    if window["start"] >= window["finish"]:
        raise ValueError("A date range must start before it finishes.")
    return _compact({"dateRange": window})


def asked_by(body: str) -> tuple[datetime | None, datetime | None]:
    """Start and finish that one of these bodies asks for; a latest one asks for no start."""
    asked = json.loads(body)
    window = asked.get("dateRange", {"finish": asked.get("syncTo")})
    return parse_moment(window.get("start")), parse_moment(window.get("finish"))


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
