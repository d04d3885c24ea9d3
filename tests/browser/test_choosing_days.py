"""The grid of days fills the form: by a drag, by the keyboard; the server says what the range would do."""

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel, Shop


def day(page: Page, shop: Shop, days_ago: int) -> str:
    return f"#day-{shop.days_ago(days_ago)}"


def expect_range(page: Page, shop: Shop, first: int, last: int) -> None:
    expect(steps.card(page).get_by_label("First day")).to_have_value(str(shop.days_ago(first)))
    expect(steps.card(page).get_by_label("Last day")).to_have_value(str(shop.days_ago(last)))
    expect(page.locator("#range")).to_contain_text(f"{first - last + 1} days")
    expect(page.locator("#days .sel")).to_have_count(first - last + 1)


def test_a_range_is_dragged_moved_by_keys_and_nothing_is_sent(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("healthy")
    page = visit(f"{shop.path}?run=historic")
    page.locator(day(page, shop, 6)).scroll_into_view_if_needed()
    page.locator(day(page, shop, 6)).hover()
    page.mouse.down()
    page.locator(day(page, shop, 5)).hover()
    page.locator(day(page, shop, 4)).hover()
    page.mouse.up()
    expect_range(page, shop, 6, 4)
    expect(
        page.locator("#range").get_by_role("alert").filter(has_text="All 3 days are already synced")
    ).to_be_visible()

    page.locator(day(page, shop, 4)).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(day(page, shop, 5))).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect_range(page, shop, 6, 3)
    expect(page.locator(day(page, shop, 3))).to_be_focused()
    assert page.locator("#days a.day[tabindex='0']").count() == 1

    # However slowly: its last day stays while the first moves.
    page.locator(day(page, shop, 6)).focus()
    for first in (7, 8):
        page.keyboard.press("Shift+ArrowLeft")
        expect_range(page, shop, first, 3)
    assert panel.count_requests(shop.company_id) == 0
