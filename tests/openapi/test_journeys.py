"""Whole journeys of the product with the judging proxy before the sandbox: all that it asks and hears is right."""

import os
import re
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from sandbox.testing import Sandbox, running
from syncs.codat.client import CodatClient
from syncs.models import Merchant, SyncRequest
from syncs.operations.asking import basis_of
from syncs.operations.importing import import_companies, read_connections
from syncs.operations.refresh import refresh
from syncs.operations.sending import send
from syncs.rules.states import State
from tests.looks import pressed_check_now
from tests.openapi.proxy import Proxy, Record
from tests.presses import a_day
from tests.processes.desk import ROOT, Desk
from tests.upstream import CANARY, client_of

pytestmark = pytest.mark.slow

HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*name="(\w+)"[^>]*value="([^"]*)"')
WORLDS: tuple[dict[str, str], ...] = (
    {},
    {"overlap": "refused", "never_synced": "empty", "no_zone": "null"},
    {
        "overlap": "allowed",
        "commerce_sync_id": "same",
        "by_commerce_sync_id": "known",
        "list_order": "oldest",
    },
)


@pytest.fixture
def record() -> Record:
    return Record()


@dataclass
class Judged:
    sandbox: Sandbox
    client: CodatClient


@pytest.fixture(params=WORLDS, ids=lambda switches: " ".join(switches.values()) or "default")
def codat(request: Any, record: Record) -> Iterator[Judged]:
    with (
        running(key=CANARY, switches=request.param, direct=True) as sandbox,
        Proxy(sandbox.url, record) as proxy,
        client_of(proxy.url) as client,
    ):
        yield Judged(sandbox, client)
    assert record.wrong == []


def asked_for(record: Record) -> Counter[str | None]:
    return Counter(each.operation_id for each in record.exchanges)


@pytest.mark.django_db
def test_from_the_import_to_the_end_of_every_re_run(
    codat: Judged, record: Record, as_support: Client
) -> None:
    """A merchant of each kind is re-run from its page, whatever is the matter with it."""
    import_companies(codat.client)
    read_connections(codat.client)
    for company_id in {row["kind"]: row["company_id"] for row in codat.sandbox.merchants()}.values():
        merchant = Merchant.objects.get(company_id=company_id)
        pressed_check_now(merchant)
        refresh(merchant.pk, codat.client)
        if press(as_support, merchant, "range") or press(as_support, merchant, "latest"):
            followed(merchant, codat.client)
    ended = set(SyncRequest.objects.values_list("state", flat=True))
    assert ended >= {State.SUCCEEDED, State.FAILED}
    assert asked_for(record).keys() >= {
        *("list-companies", "get-configuration", "list-connections", "list-syncs"),
        *("request-sync", "request-sync-for-date-range"),
    }
    assert SyncRequest.objects.count() == sum(each.method == "POST" for each in record.exchanges)


def press(by: Client, merchant: Merchant, kind: str) -> bool:
    """The last two days, as the confirm step would post them."""
    merchant.refresh_from_db()
    days = {"first_day": a_day(merchant, timezone.now(), 2), "last_day": a_day(merchant, timezone.now(), 1)}
    fields = {"reason": "Ticket 4812", "form_token": str(uuid.uuid4()), "basis": basis_of(merchant)}
    address = f"/merchants/{merchant.company_id}/rerun/{kind}"
    by.post(f"{address}/confirm/", fields | (days if kind == "range" else {}))
    return merchant.requests.exists()


def followed(merchant: Merchant, codat: CodatClient) -> None:
    request = merchant.requests.get()
    send(request.pk, codat)
    for _ in range(40):
        refresh(merchant.pk, codat)
        if not SyncRequest.objects.get(pk=request.pk).is_active:
            break


@pytest.fixture(scope="module")
def outside() -> Iterator[Sandbox]:
    with running(key=CANARY, speed=40, direct=True) as sandbox:
        yield sandbox


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.end()


def test_a_whole_desk_from_its_first_start_to_a_finished_re_run(
    desk: Desk, outside: Sandbox, record: Record
) -> None:
    """All its real processes, with the sandbox in the place of Codat and the proxy before it."""
    with Proxy(outside.url, record) as proxy:
        settings = {"CODAT_API_KEY": CANARY, "CODAT_API_URL": proxy.url, "CODAT_CALLS_PER_MINUTE": "1000"}
        desk.start(**settings)
        manage(desk, settings, "import_companies", "--yes")
        manage(desk, settings, "createsuperuser", "--noinput", "--username=ada", "--email=")
        unseen = "SELECT count(*) FROM syncs_merchant WHERE health = 'unseen'"
        desk.wait_until(lambda: desk.ask(unseen) == [(0,)])
        company = next(each for each in outside.merchants("no_message") if each["rerun"] == "succeeds")
        re_run(Browser(desk.port), company["company_id"])
        state = "SELECT state FROM syncs_syncrequest"
        desk.wait_until(lambda: desk.ask(state) == [(State.SUCCEEDED,)])
    assert record.wrong == []
    assert asked_for(record)["request-sync"] == len(outside.ledger()) == 1
    assert CANARY not in desk.said()


def manage(desk: Desk, settings: dict[str, str], *words: str) -> None:
    env = os.environ | settings | {"VAR_DIR": str(desk.var), "DJANGO_SUPERUSER_PASSWORD": "ada"}
    subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=env, check=True, timeout=120)


class Browser:
    """No more of one than it takes to sign in and to press."""

    def __init__(self, port: int) -> None:
        self._address, self._session = f"http://127.0.0.1:{port}", requests.Session()
        self._session.trust_env = False
        self.post("/sign-in/", self.hidden("/sign-in/"), username="ada", password="ada")

    def hidden(self, path: str) -> dict[str, str]:
        answer = self._session.get(f"{self._address}{path}", timeout=20)
        assert answer.status_code == 200
        return dict(HIDDEN.findall(answer.text))

    def post(self, path: str, fields: dict[str, str], **typed: str) -> dict[str, str]:
        answer = self._session.post(f"{self._address}{path}", {**fields, **typed}, timeout=20)
        assert answer.status_code == 200
        return dict(HIDDEN.findall(answer.text))


def re_run(browser: Browser, company_id: str) -> None:
    form = browser.hidden(f"/merchants/{company_id}/?run=latest")
    address = f"/merchants/{company_id}/rerun/latest"
    confirm = browser.post(f"{address}/review/", form, reason="Ticket 4812")
    browser.post(f"{address}/confirm/", confirm)
