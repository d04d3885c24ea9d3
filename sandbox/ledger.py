"""The truth for tests: one JSON line for each POST that asks for a sync, written before its answer."""

import json
from datetime import datetime
from pathlib import Path

from sandbox.exchange import Answer, Request


class Ledger:
    def __init__(self, path: Path | None) -> None:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8") if path else None

    def write(self, at: datetime, kind: str, request: Request, answer: Answer) -> None:
        if not self._file:
            return
        line = {
            "at": at.isoformat(),
            "path": request.path,
            "company_id": request.params["companyId"],
            "kind": kind,
            "idempotency_key": request.headers.get("idempotency-key"),
            "body": request.text,
            "answered": answer.status,
            "applied": answer.started is not None,
            "sync_id": answer.started,
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
