"""The truth for tests: one JSON line for each POST that asks for a sync, flushed before its answer or its fault.

The line is written just before the world's own memory is committed. A process killed between the two is ahead of
its world by that line, so the next start tells the world of it.
"""

import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.exchange import Request
from sandbox.store import Kept
from sandbox.syncs import Sync, to_json

_AT_ONCE = 8
"""More lines than one request can write."""


class Told(NamedTuple):
    """A sync that the ledger tells of."""

    company_id: str
    at: datetime
    body: dict[str, Any]
    kept: dict[str, Kept]
    """What was remembered of it under its idempotency key."""


class Ledger:
    def __init__(self, path: Path | None) -> None:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+", encoding="utf-8") if path else None

    def write(
        self,
        at: datetime,
        kind: str,
        request: Request,
        *,
        answered: int | None,
        started: Sync | None = None,
        kept: Kept | None = None,
        faults: Sequence[str] = (),
    ) -> None:
        """`answered` is None when the client gets no status."""
        self._append(
            at=at.isoformat(),
            path=request.path,
            company_id=request.params.get("companyId"),
            kind=kind,
            idempotency_key=request.headers.get("idempotency-key"),
            body=request.text,
            answered=answered,
            applied=started is not None,
            sync_id=started and started.sync_id,
            faults=list(faults),
            sync=started and _sync(started),
            kept=kept and [kept.at.isoformat(), kept.request, kept.status, kept.body.decode()],
        )

    def write_foreign(self, company_id: str, sync: Sync) -> None:
        """A sync that somebody else started: no request of ours, nothing answered."""
        self._append(
            at=sync.at.isoformat(),
            path=None,
            company_id=company_id,
            kind="foreign",
            idempotency_key=None,
            body=None,
            answered=None,
            applied=True,
            sync_id=sync.sync_id,
            faults=[],
            sync=_sync(sync),
            kept=None,
        )

    def newest(self) -> Iterator[Told]:
        """The syncs of the last lines, oldest first; a line that was torn off is forgotten."""
        for line in self._last_lines():
            if line["applied"]:
                body = dict(line["sync"])
                at = datetime.fromisoformat(body.pop("at"))
                yield Told(line["company_id"], at, body, _kept(line))

    def _append(self, **fields: Any) -> None:
        if self._file:
            self._file.write(json.dumps(fields) + "\n")
            self._file.flush()

    def _last_lines(self) -> list[dict[str, Any]]:
        if not self._file:
            return []
        self._file.seek(0)
        whole, _, torn = self._file.read().rpartition("\n")
        if torn:
            self._file.truncate(os.fstat(self._file.fileno()).st_size - len(torn.encode()))
        return [json.loads(line) for line in whole.split("\n")[-_AT_ONCE:] if line]


def _sync(sync: Sync) -> dict[str, Any]:
    return {"at": sync.at.isoformat(), **to_json(sync)}


def _kept(line: dict[str, Any]) -> dict[str, Kept]:
    """Nothing for lines of before it was told."""
    if not (kept := line.get("kept")):
        return {}
    at, request, status, body = kept
    return {line["idempotency_key"]: Kept(datetime.fromisoformat(at), request, status, body.encode())}
