"""A viewer reads everything and runs nothing, also past the pages."""

import pytest
from playwright.sync_api import expect

from syncs.views.access import MAY_NOT_ASK as SENTENCE
from tests.browser import steps
from tests.browser.conftest import Visit, take_from
from tests.browser.panel import Panel, Shop


@pytest.fixture(scope="module")
def shop(panel: Panel, taken: set[str]) -> Shop:
    return take_from(panel, taken, "healthy")


def test_the_pages_offer_nothing_to_press(visit: Visit, shop: Shop) -> None:
    page = visit("/", by="viewer")
    for path in ("/", "/?health=failing", shop.path, "/requests/", "/activity/"):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for words in ("Re-run", "Sync latest", "Add note", "Cancel", "Ask again"):
            expect(page.locator("main").get_by_role("button", name=words)).to_have_count(0)
            expect(page.locator("main .btn").filter(has_text=words)).to_have_count(0)
    page.goto(f"{shop.path}?run=historic")
    expect(steps.card(page)).to_contain_text(SENTENCE)


def test_the_whole_record_can_be_read(visit: Visit, shop: Shop) -> None:
    page = visit(shop.path, by="viewer")
    page.get_by_role("button", name="Details of the sync").first.click()
    expect(page.get_by_role("heading", name="What Codat sent")).to_be_visible()
    expect(page.locator("pre")).to_contain_text('"syncId"')


@pytest.mark.parametrize("step", ["review", "confirm"])
def test_a_forged_press_is_refused_with_a_sentence(visit: Visit, shop: Shop, panel: Panel, step: str) -> None:
    page = visit(shop.path, by="viewer")
    answer = steps.forge(page, f"{shop.path}rerun/latest/{step}/", reason="Forged")
    assert answer.status == 403
    assert SENTENCE in answer.text()
    assert panel.posts(shop.company_id) == []
    assert panel.count_requests(shop.company_id) == 0


def test_the_admin_site_is_closed(visit: Visit) -> None:
    page = visit("/", by="viewer")
    expect(page.get_by_role("link", name="Admin", exact=True)).to_have_count(0)
    answer = page.goto("/admin/")
    assert answer
    assert answer.status == 403
    expect(page.get_by_text("These pages are for the role admin.")).to_be_visible()
