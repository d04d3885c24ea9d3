"""The whole of `make run` with DATABASE_URL set: a re-run from press to end, and no database of its own beside it."""

import os
import re
from collections.abc import Iterator

import pytest
import requests

from tests import postgres
from tests.browser.panel import Panel

pytestmark = pytest.mark.slow
MISSING = "There is no PostgreSQL here."


@pytest.fixture
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    if postgres.binaries() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    panel = Panel(tmp_path_factory.mktemp("panel"))
    with postgres.running_postgres() as url:
        try:
            panel.start(DATABASE_URL=url, SANDBOX_OPTIONS="--merchants 20")
            yield panel
        finally:
            panel.end()


def test_a_rerun_goes_from_press_to_end_on_postgresql_and_no_sqlite_file_arises(panel: Panel) -> None:
    shop = next(shop for shop in panel.shops("flaky") if shop.rerun == "succeeds")
    with requests.Session() as support:
        support.trust_env = False
        send(support, f"{panel.url}/sign-in/", username="support", password="support")
        step = send(support, f"{panel.url}{shop.path}rerun/latest/review/", reason="Ticket 4812")
        confirmed = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', step.text))
        pressed = send(support, f"{panel.url}{shop.path}rerun/latest/confirm/", **confirmed)
    assert "Ticket 4812" in pressed.text
    panel.wait_until(lambda: state(panel) not in {"queued", "sending", "accepted"}, seconds=60)
    assert state(panel) in {"succeeded", "succeeded_empty"}
    assert len(panel.posts(shop.company_id)) == 1
    assert not list(panel.var.glob("*.sqlite3*"))


def send(person: requests.Session, address: str, **form: str) -> requests.Response:
    person.get(address, timeout=20).raise_for_status()
    form["csrfmiddlewaretoken"] = person.cookies["syncdesk-csrf"]
    answer = person.post(address, form, timeout=20)
    answer.raise_for_status()
    return answer


def state(panel: Panel) -> str:
    [(state,)] = panel.ask("SELECT state FROM syncs_syncrequest")
    return str(state)
