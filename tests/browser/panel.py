"""The whole of `make run` in a folder of its own, and a look behind its scenes: the sandbox and its ledger."""

import json
import os
import signal
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import requests
from redis import Redis

from syncs.codat.shared_budget import KEY
from tests.processes.desk import Desk


@dataclass(frozen=True)
class Shop:
    """A merchant as the sandbox knows it."""

    company_id: str
    name: str
    kind: str
    rerun: str
    zone: str
    hour: int

    @property
    def path(self) -> str:
        return f"/merchants/{self.company_id}/"

    def days_ago(self, count: int) -> date:
        return datetime.now(ZoneInfo(self.zone)).date() - timedelta(days=count)

    def midnight(self, day: date) -> str:
        """The first moment of a sales day, in UTC, as Codat is told."""
        return f"{datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def is_at_rest(self) -> bool:
        """Its daily sync is behind it and the next is not near: none will come between a test and its merchant."""
        now = datetime.now(ZoneInfo(self.zone))
        due = now.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        since = (now - due) % timedelta(days=1)
        return timedelta(hours=10, minutes=30) < since < timedelta(hours=23, minutes=30)


class Panel(Desk):
    command = ("-m", "tests.browser.run_fast", "80")
    may_have_tables = True

    def start(self, **given: str) -> None:
        super().start(CODAT_CALLS_PER_MINUTE="1000", **given)
        self.wait_until(lambda: self._unseen() == 0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def shops(self, kind: str | None = None) -> list[Shop]:
        """Those whose day is over come first; those without a zone of their own are left out."""
        listed = self._sandbox("GET", "/_sandbox/merchants", params={"kind": kind} if kind else {})
        found = [Shop(**row) for row in listed if row["zone"]]
        return sorted(found, key=lambda shop: not shop.is_at_rest)

    def posts(self, company_id: str) -> list[dict[str, Any]]:
        """What the ledger holds of this merchant: every POST that asked for a sync, in order."""
        ledger = self.var / "sandbox" / "ledger.jsonl"
        if not ledger.exists():
            return []
        lines = map(json.loads, ledger.read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line["company_id"] == company_id]

    def create_company(self, name: str) -> str:
        """At Codat only: nobody here knows it yet."""
        return str(self._sandbox("POST", "/companies", json={"name": name})["id"])

    def codat_ids(self, company_id: str) -> list[str]:
        syncs = self._sandbox("GET", f"/companies/{company_id}/sync/commerce/syncs/list/status")
        return [sync["syncId"] for sync in syncs]

    def fault(self, fault: str, shop: Shop, args: dict[str, Any] | None = None, **where: Any) -> None:
        """Codat misbehaves to this merchant, until `clear_faults`."""
        body = {"fault": fault, "args": args or {}, "company_id": shop.company_id, **where}
        self._sandbox("POST", "/_sandbox/faults", json=body)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Codat runs nothing and answers 503 to everything."""
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        self._sandbox("POST", "/_sandbox/outages", json={"until": until, "running": "waits", "api": True})
        try:
            yield
        finally:
            self._sandbox("DELETE", "/_sandbox/outages")

    @contextmanager
    def wave(self, wave: dict[str, Any]) -> Iterator[None]:
        """Every sync of one platform's merchants ends as this says."""
        self._sandbox("POST", "/_sandbox/waves", json=wave)
        try:
            yield
        finally:
            self._sandbox("DELETE", "/_sandbox/waves")

    def healthy_on(self, platform: str) -> Shop:
        """One whose last sync went well, and which runs none now."""
        question = (
            "SELECT company_id FROM syncs_merchant JOIN syncs_connection ON merchant_id = syncs_merchant.id"
            " WHERE platform_name = ? AND last_code = 2000 AND health = 'healthy' AND running_since IS NULL"
        )
        ids = {company_id for (company_id,) in self.ask(question, platform)}
        return next(shop for shop in self.shops() if shop.company_id.replace("-", "") in ids)

    @contextmanager
    def asleep(self, *names: str) -> Iterator[None]:
        """These children do nothing, and no one sees that they are not dead."""
        pids = [self.children()[name].pid for name in names]
        try:
            self.wait_until(lambda: self._fall_asleep(pids))
            yield
        finally:
            _signal(pids, signal.SIGCONT)

    def _fall_asleep(self, pids: list[int]) -> bool:
        """Not in the middle of writing: who is stopped there keeps SQLite's lock, and every page answers 503."""
        _signal(pids, signal.SIGSTOP)
        with (
            suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(self._sqlite, timeout=1)) as database,
        ):
            database.execute("BEGIN IMMEDIATE")
            return True
        _signal(pids, signal.SIGCONT)
        return False

    def end_pause(self) -> None:
        """What a good answer would do in a minute."""
        with Redis.from_url((self.var / "valkey" / "url").read_text().strip()) as queue:
            queue.hdel(KEY, "paused_until")

    def clear_faults(self) -> None:
        self._sandbox("DELETE", "/_sandbox/faults")

    def resume_sending(self) -> None:
        if self._number("SELECT count(*) FROM syncs_freeze WHERE ended_at IS NULL"):
            assert self.manage("resume_sending").returncode == 0

    def do_last_looks(self, shops: list[Shop]) -> None:
        """Lets the clock do now what it would do half an hour after the POST."""
        ids = [shop.company_id.replace("-", "") for shop in shops]
        theirs = f"SELECT id FROM syncs_merchant WHERE company_id IN ({','.join('?' * len(ids))})"  # noqa: S608
        due = "SET looks = 5, not_before = datetime('now') WHERE state = 'uncertain'"
        self._write(f"UPDATE syncs_syncrequest {due} AND merchant_id IN ({theirs})", *ids)

    def let_check_again(self, shop: Shop) -> None:
        """What ten seconds would do: a merchant is looked at once in that time, however often it is asked for."""
        long_ago = "SET checked_at = datetime('now', '-1 minute') WHERE company_id = ?"
        self._write(f"UPDATE syncs_merchant {long_ago}", shop.company_id.replace("-", ""))

    def look_without_news(self, shop: Shop) -> None:
        """What a look leaves behind that finds all as it was."""
        self._write(
            "UPDATE syncs_merchant SET refreshed_at = datetime('now') WHERE company_id = ?",
            shop.company_id.replace("-", ""),
        )

    def _write(self, statement: str, *values: str) -> None:
        with closing(sqlite3.connect(self._sqlite, timeout=20)) as database, database:
            database.execute(statement, values)

    def failed_days(self, company_id: str) -> int:
        return self._number("SELECT failed_days FROM syncs_merchant WHERE company_id = ?", company_id)

    def last_failed_day(self, company_id: str) -> date | None:
        """In the merchant's zone."""
        question = (
            "SELECT max(day) FROM syncs_merchantday JOIN syncs_merchant ON syncs_merchant.id = merchant_id"
            " WHERE company_id = ? AND syncs_merchantday.outcome = 'failed'"
        )
        [(found,)] = self.ask(question, company_id.replace("-", ""))
        return date.fromisoformat(found) if found else None

    def last_synced_day(self, company_id: str) -> date:
        """In the merchant's zone; right after its midnight the day that has just ended is not yet synced."""
        question = (
            "SELECT max(day) FROM syncs_merchantday JOIN syncs_merchant ON syncs_merchant.id = merchant_id"
            " WHERE company_id = ? AND covered_by_id IS NOT NULL"
        )
        return date.fromisoformat(self.ask(question, company_id.replace("-", ""))[0][0])

    def count_requests(self, company_id: str) -> int:
        return self._number(
            "SELECT count(*) FROM syncs_syncrequest JOIN syncs_merchant ON syncs_merchant.id = merchant_id"
            " WHERE company_id = ?",
            company_id,
        )

    def has_looked_at(self, company_id: str) -> bool:
        asked = "SELECT count(refreshed_at) FROM syncs_merchant WHERE company_id = ?"
        return self._number(asked, company_id) == 1

    def _unseen(self) -> int:
        return self._number("SELECT count(*) FROM syncs_merchant WHERE health = 'unseen'")

    def _number(self, question: str, *ids: str) -> int:
        """Ids as Django keeps them in SQLite."""
        return int(self.ask(question, *(text.replace("-", "") for text in ids))[0][0])

    def _sandbox(self, method: str, path: str, **options: Any) -> Any:
        answer = self._codat.request(
            method, f"http://127.0.0.1:{self._sandbox_port}{path}", timeout=10, **options
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    @cached_property
    def _sandbox_port(self) -> int | None:
        return self.children()["sandbox"].port

    @cached_property
    def _codat(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        key = (self.var / "sandbox" / "key").read_text().strip()
        session.headers["Authorization"] = f"Basic {b64encode(key.encode()).decode()}"
        return session


def _signal(pids: list[int], signum: int) -> None:
    """Whom the supervisor has replaced meanwhile needs none."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signum)
