"""Workers and the clock that die or hang are replaced within a minute; where nobody replaces them, pages say so."""

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.browser.panel import Panel, Shop
from tests.processes.test_run_on_postgres import send

pytestmark = [pytest.mark.slow, pytest.mark.long]
PARTS = ("sending", "refreshing", "clock")
FEW = "--merchants 20"
REPLACED_WITHIN, SAID_WITHIN = 60, 120
SAID = ("Nothing is being sent.", "Results are not refreshed.", "clock is silent.")


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[float]]:
    """Of a house whose supervisor was killed, and then its parts: seconds until every page said so."""
    panel = Panel(tmp_path_factory.mktemp("unwatched"))
    try:
        # Nobody presses there, so that its merchants need no look.
        super(Panel, panel).start(SANDBOX_OPTIONS=FEW)
        panel.signal(signal.SIGKILL)
        panel.wait_for_its_end(seconds=5)
        with ThreadPoolExecutor() as beside:
            yield beside.submit(seconds_until_said, panel)
    finally:
        panel.end()


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory, silence: object) -> Iterator[Panel]:
    """Waited for while the other one falls silent."""
    panel = Panel(tmp_path_factory.mktemp("panel"))
    try:
        panel.start(SANDBOX_OPTIONS=FEW)
        yield panel
    finally:
        panel.end()


@pytest.mark.parametrize(("number", "which"), [(signal.SIGSTOP, 0), (signal.SIGKILL, 1)])
def test_parts_that_are_stopped_or_killed_are_replaced_and_a_press_meanwhile_goes_once(
    panel: Panel, number: signal.Signals, which: int
) -> None:
    shop, before = panel.shops("flaky")[which], {name: panel.children()[name].pid for name in PARTS}
    with signed_in(panel) as support:
        for pid in before.values():
            os.kill(pid, number)
        began = time.monotonic()
        press(panel, support, shop)
        web = served_by(panel)[0]
        os.kill(web, number)
    # What is left of the minute.
    seconds = REPLACED_WITHIN - (time.monotonic() - began)
    panel.wait_until(lambda: all(is_another(panel, name, pid) for name, pid in before.items()), seconds)
    panel.wait_until(lambda: web not in served_by(panel) and len(served_by(panel)) == 2, REPLACED_WITHIN)
    panel.wait_until(lambda: "succeeded" in state(panel))
    assert len(panel.posts(shop.company_id)) == 1


def test_what_nobody_replaces_is_said_on_every_page_within_two_minutes(silence: Future[float]) -> None:
    assert silence.result() < SAID_WITHIN


def seconds_until_said(panel: Panel) -> float:
    with signed_in(panel) as support:
        for name, number in zip(PARTS, (signal.SIGKILL, signal.SIGSTOP, signal.SIGSTOP), strict=True):
            os.kill(panel.children()[name].pid, number)
        began = time.monotonic()
        panel.wait_until(lambda: all(words in page(support, panel) for words in SAID), SAID_WITHIN)
        return time.monotonic() - began


def served_by(panel: Panel) -> list[int]:
    """The processes of the web server that serve; their master replaces them."""
    master = panel.children()["web"].pid
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def is_another(panel: Panel, name: str, pid: int) -> bool:
    """And works."""
    return name in panel.children() and panel.children()[name].pid != pid and panel.beats(name)


def signed_in(panel: Panel) -> requests.Session:
    support = requests.Session()
    support.trust_env = False
    send(support, f"{panel.url}/sign-in/", username="support", password="support")
    return support


def page(person: requests.Session, panel: Panel) -> str:
    return person.get(f"{panel.url}/activity/", timeout=30).text


def press(panel: Panel, person: requests.Session, shop: Shop) -> None:
    """Again while the database does not answer: a part stopped in the middle of writing holds SQLite's lock."""

    def patiently(path: str, **form: str) -> requests.Response:
        deadline = time.monotonic() + REPLACED_WITHIN
        while True:
            try:
                return send(person, f"{panel.url}{shop.path}rerun/latest/{path}/", **form)
            except requests.HTTPError:
                assert time.monotonic() < deadline, panel.said()[-4000:]

    step = patiently("review", reason="Ticket 4812", override_reason="The merchant says so")
    patiently("confirm", **dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', step.text)))


def state(panel: Panel) -> str:
    """Of the last press."""
    return str(panel.ask("SELECT state FROM syncs_syncrequest ORDER BY id DESC")[0][0])
