"""An accounting software is down at Codat: one notice says so, its merchants are held, all others are free."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.conftest import sign_in
from tests.browser.panel import Panel
from tests.browser.watch import Watch

pytestmark = pytest.mark.long
DOWN = "Codat looks down for Xero merchants."
# Results of a bulk, and a clock that looks each minute.
NOTICED = 180_000
WAVE = {
    "platform": "gbol",
    "cause": {"code": 5000, "message": "An error occurred while processing the sync."},
    "share": 1.0,
}


@pytest.fixture
def panel_of_its_own(tmp_path: Path) -> Iterator[Panel]:
    """What befalls a platform befalls the merchants of other journeys too."""
    panel = Panel(tmp_path)
    try:
        panel.start()
        yield panel
    finally:
        panel.end()


@contextmanager
def signed_in(chrome: Browser, panel: Panel, role: str) -> Iterator[Page]:
    context = chrome.new_context(base_url=panel.url, storage_state=sign_in(chrome, panel, role))
    watch = Watch(context)
    yield context.new_page()
    context.close()
    assert watch.complaints == []


def ask_for_all(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("checkbox", name="Select all on this page").check()
    page.get_by_role("button", name=re.compile("^Sync latest")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sync latest for ")


def test_while_xero_is_down_its_merchants_are_held_and_others_are_not(
    chrome: Browser, panel_of_its_own: Panel
) -> None:
    panel = panel_of_its_own
    with (
        signed_in(chrome, panel, "lead") as lead,
        signed_in(chrome, panel, "support") as support,
        panel.wave(WAVE),
    ):
        held = panel.healthy_on("Xero")
        ask_for_all(lead, "/?health=healthy")
        lead.get_by_label("Reason").fill("A ticket about Xero")
        if said := re.search(r"Type ([\d,]+) to confirm", lead.locator("main").inner_text()):
            lead.get_by_label("Type").fill(said[1])
        lead.get_by_role("button", name=re.compile("^Sync latest for")).click()
        lead.goto("/")
        notices = lead.get_by_role("region", name="Notices")
        expect(notices).to_contain_text(DOWN, timeout=NOTICED)
        expect(notices).to_contain_text("Re-runs are held.")

        free = panel.healthy_on("QuickBooks Online")
        before = len(panel.posts(held.company_id))
        assert before == 1
        support.goto(f"{held.path}?run=latest")
        expect(steps.card(support)).to_contain_text(DOWN)
        expect(steps.card(support)).to_contain_text("Only a lead may run it before.")
        steps.ask_for_latest(support, free.path)
        ask_for_all(support, "/?health=&accounting=Xero")
        expect(support.locator("main")).to_contain_text("held: Codat looks down for Xero merchants")

        lead.goto(f"{held.path}?run=latest")
        steps.card(lead).get_by_label("Why will it help now?").fill("Codat says that it is over")
        steps.review(lead)
        assert len(panel.posts(held.company_id)) == before
        steps.confirm_button(lead).click()
        expect(steps.result(lead)).to_contain_text(re.compile("Failed|Finished"), timeout=60_000)
        assert len(panel.posts(held.company_id)) == before + 1
