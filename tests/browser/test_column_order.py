"""Columns of Sync health are moved in their menu, with the keyboard alone, and stand so from then on."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit


def test_columns_are_put_in_another_order_and_the_rows_follow(visit: Visit) -> None:
    page = visit("/?health=", by="viewer")
    menu = page.locator("#columns")
    menu.locator("summary").press("Enter")
    up = menu.get_by_role("button", name="Move Switches off in up")
    for place in (4, 3, 2, 1):
        up.press("Enter")
        expect(page.locator("#said")).to_have_text(f"Switches off in: {place} of 5")
        expect(up).to_be_focused()
    up.press("Enter")
    menu.get_by_role("button", name="Move Platforms down").press("Enter")
    menu.get_by_role("checkbox", name="Last 14 days").press("Space")
    menu.get_by_role("button", name="Show these").press("Enter")
    heads = ["Merchant", "Switches off in", "Last result", "Platforms", "Last success", "Actions"]
    expect(page.locator("table.list thead th:visible")).to_have_text(heads)
    row = page.locator("table.list tbody tr").first
    expect(row.locator("td:visible").nth(2).locator(".pill").first).to_be_visible()
    expect(row.locator("td:visible").nth(3).locator(".flow, .subtle").first).to_be_visible()
    menu.locator("summary").press("Enter")
    box = menu.get_by_role("checkbox", name="Last 14 days")
    box.press("Space")
    with page.expect_navigation():
        box.press("Enter")
    expect(page.locator("table.list thead th.c-days")).to_be_visible()
