"""A whole house on a broker of ours: people who press, and what the database and Codat's ledger say of each press."""

import json
import os
import re
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID

import requests

from tests import postgres
from tests.browser.panel import Panel, Shop
from tests.outages import broker
from tests.outages.broker import Broker

HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
# Codat's own limits would only make a run wait.
WORLD = "--merchants 40 --switch per_minute=off --switch concurrency=off --switch quota=counted"
ACTIVE = {"queued", "sending", "uncertain", "accepted"}
ENDED = {"succeeded", "succeeded_empty", "failed"}
# Nobody cancels, refuses or keeps waiting for an hour what is pressed in a run.
NEVER_RAN = {"cancelled", "not_run", "rejected"}
PRESSES = "SELECT form_token, idempotency_key, state FROM syncs_syncrequest"
BUSY = """
    SELECT company_id FROM syncs_merchant m JOIN syncs_syncrequest r ON r.merchant_id = m.id
    WHERE r.finished_at IS NULL
"""


@dataclass(frozen=True)
class Press:
    token: str
    took: float
    """Seconds that the person waited for the page."""


@dataclass(frozen=True)
class Row:
    state: str
    posts: int
    """How many had an effect."""


class House:
    def __init__(self, panel: Panel, queue: Broker, dice: Random) -> None:
        self.panel, self.broker, self.dice = panel, queue, dice
        self.presses: list[Press] = []
        self._person = self._signed_in()
        self._shops = [shop for kind in ("healthy", "flaky", "quiet") for shop in panel.shops(kind)]

    def press(self) -> Press:
        """The latest sync of a merchant that is free, reviewed and confirmed as in a browser."""
        shop = self._free_shop()
        step = self._post(f"{shop.path}rerun/latest/review/", reason="Ticket 4812")
        form = dict(HIDDEN.findall(step.text))
        began = time.monotonic()
        self._post(f"{shop.path}rerun/latest/confirm/", **form)
        press = Press(form["form_token"], time.monotonic() - began)
        self.presses.append(press)
        return press

    def row(self, press: Press) -> Row | None:
        """None: the press was lost."""
        return self.rows().get(press.token)

    def rows(self) -> dict[str, Row]:
        applied: dict[str, int] = defaultdict(int)
        for line in self._ledger():
            if line["applied"] and line["idempotency_key"]:
                applied[line["idempotency_key"]] += 1
        found = self.panel.ask(PRESSES)
        return {_uuid(token): Row(state, applied[_uuid(key)]) for token, key, state in found}

    def takes_from(self, queue: str, since: str) -> bool:
        """Whether a worker has done what a message said, after this moment of the database's clock."""
        return bool(
            self.panel.ask("SELECT 1 FROM syncs_heartbeat WHERE name = ? AND at > ?", f"free {queue}", since)
        )

    @contextmanager
    def senders_stopped(self) -> Iterator[None]:
        """For a moment that nobody notices: what is pressed meanwhile stands in the queue."""
        pid = self.panel.children()["sending"].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _free_shop(self) -> Shop:
        busy = {_uuid(company) for (company,) in self.panel.ask(BUSY)}
        free = [shop for shop in self._shops if shop.company_id not in busy]
        return self.dice.choice(free)

    def _signed_in(self) -> requests.Session:
        self._person = requests.Session()
        self._person.trust_env = False
        self._person.get(f"{self.panel.url}/sign-in/", timeout=20).raise_for_status()
        self._post("/sign-in/", username="support", password="support")
        return self._person

    def _post(self, path: str, **form: str) -> requests.Response:
        form["csrfmiddlewaretoken"] = self._person.cookies["syncdesk-csrf"]
        answer = self._person.post(f"{self.panel.url}{path}", form, timeout=60)
        answer.raise_for_status()
        return answer

    def _ledger(self) -> Iterator[dict[str, object]]:
        path = self.panel.var / "sandbox" / "ledger.jsonl"
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        return (json.loads(line) for line in lines[:-1])


@contextmanager
def house(folder: Path, *, seed: int, sqlite: bool = False) -> Iterator[House]:
    with ExitStack() as stack:
        database = {} if sqlite else {"DATABASE_URL": stack.enter_context(postgres.running_postgres())}
        queue = stack.enter_context(broker.running(folder / "broker"))
        panel = Panel(folder)
        stack.callback(panel.end)
        panel.start(REDIS_URL=queue.url, SANDBOX_OPTIONS=WORLD, **database)
        yield House(panel, queue, Random(seed))


def _uuid(value: object) -> str:
    """SQLite keeps them without dashes."""
    return str(UUID(str(value)))
