"""What differs from the seed, in one SQLite file: events by company, answers kept for replay, the birth."""

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.cards import Event

_TABLES = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY, company_id TEXT NOT NULL, at TEXT NOT NULL, what TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_of_company ON event (company_id, id);
CREATE INDEX IF NOT EXISTS event_what ON event (what, id);
CREATE TABLE IF NOT EXISTS kept (
    key TEXT PRIMARY KEY, at TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS webhook_consumer (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, since REAL NOT NULL, url TEXT NOT NULL,
    event_types TEXT NOT NULL, company_tags TEXT NOT NULL, disabled INTEGER NOT NULL, secrets TEXT NOT NULL,
    failing_since REAL
);
CREATE TABLE IF NOT EXISTS webhook_message (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at REAL NOT NULL,
    event_type TEXT NOT NULL, tags TEXT NOT NULL, body BLOB NOT NULL,
    addressed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS webhook_message_unaddressed ON webhook_message (at) WHERE NOT addressed;
CREATE TABLE IF NOT EXISTS webhook_delivery (
    n INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, consumer_id TEXT NOT NULL, state TEXT NOT NULL,
    due REAL NOT NULL, attempts TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS webhook_delivery_due ON webhook_delivery (consumer_id, due) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS webhook_delivery_message ON webhook_delivery (message_id);
"""


class Kept(NamedTuple):
    """An answer remembered under an idempotency key."""

    at: datetime
    request: str
    status: int
    body: bytes


class Store:
    """Without a folder everything is forgotten at the end."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "sandbox.sqlite3" if folder else ":memory:")
        self._db.execute("PRAGMA journal_mode=WAL")
        # Survives a killed process, which is what is tested; a power cut may cost the last requests.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)

    def fact(self, name: str, otherwise: str) -> str:
        """What was noted under this name, noted now if it never was."""
        self._db.execute("INSERT OR IGNORE INTO fact VALUES (?, ?)", (name, otherwise))
        self._db.commit()
        return str(self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()[0])

    def note(self, name: str, value: object) -> None:
        """Keep a JSON value under this name, in the place of what stood there."""
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, json.dumps(value)))

    def noted(self, name: str) -> Any:
        """The JSON value under this name, None when there is none."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def append(self, company_id: str, event: Event) -> None:
        row = (company_id, event.at.isoformat(), event.what, json.dumps(event.body))
        self._db.execute("INSERT INTO event (company_id, at, what, body) VALUES (?, ?, ?, ?)", row)

    def events_of(self, company_id: str) -> list[Event]:
        rows = self._db.execute(
            "SELECT at, what, body FROM event WHERE company_id = ? ORDER BY id", (company_id,)
        )
        return [_event(*row) for row in rows]

    def events_called(self, what: str) -> list[tuple[str, Event]]:
        rows = self._db.execute(
            "SELECT company_id, at, what, body FROM event WHERE what = ? ORDER BY id", (what,)
        )
        return [(company_id, _event(*row)) for company_id, *row in rows]

    def companies_with(self, *what: str) -> list[str]:
        marks = ", ".join("?" * len(what))
        rows = self._db.execute(f"SELECT DISTINCT company_id FROM event WHERE what IN ({marks})", what)  # noqa: S608
        return [row[0] for row in rows]

    def companies(self) -> set[str]:
        return {row[0] for row in self._db.execute("SELECT DISTINCT company_id FROM event")}

    def kept(self, key: str) -> Kept | None:
        row = self._db.execute("SELECT at, request, status, body FROM kept WHERE key = ?", (key,)).fetchone()
        return Kept(datetime.fromisoformat(row[0]), *row[1:]) if row else None

    def keep(self, key: str, kept: Kept) -> None:
        row = (key, kept.at.isoformat(), *kept[1:])
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", row)

    def forget_kept_before(self, moment: datetime) -> None:
        self._db.execute("DELETE FROM kept WHERE at < ?", (moment.isoformat(),))

    def execute(self, question: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """For rooms that know their own tables; part of the transaction that is open."""
        return self._db.execute(question, values)

    def commit(self) -> None:
        self._db.commit()

    def rollback(self) -> None:
        self._db.rollback()

    def close(self) -> None:
        self._db.close()


def _event(at: str, what: str, body: str) -> Event:
    return Event(datetime.fromisoformat(at), what, json.loads(body))
