"""Shortcuts: from row to row, into a form and to a page; never in a field, and never further than the form."""

from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel


def test_keys_walk_the_list_and_open_the_form_and_send_nothing(
    visit: Visit, take: Take, panel: Panel
) -> None:
    shop = take("healthy")
    page = visit("/?health=healthy&sort=name")
    leads = page.locator("main tbody tr a.name")
    page.keyboard.press("j")
    expect(leads.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(leads.nth(0)).to_be_focused()
    steps.find_with_keys(page, shop)
    page.keyboard.press("l")
    page.wait_for_url(f"**{shop.path}?run=latest#rerun")
    expect(page.get_by_role("button", name="Review Sync latest")).to_be_focused()
    assert panel.count_requests(shop.company_id) == 0
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/requests/")


def test_a_key_that_can_do_nothing_here_says_why_until_somebody_goes_on(visit: Visit) -> None:
    page = visit("/?health=healthy", by="viewer")
    page.keyboard.press("j")
    page.keyboard.press("r")
    row = page.locator("#results tbody tr").filter(has=page.locator("a.name:focus"))
    why = row.get_by_text("Your role can view but not run syncs.")
    expect(why).to_be_in_viewport()
    expect(page.locator("#said")).to_have_text("Your role can view but not run syncs.")
    page.keyboard.press("j")
    expect(page.locator(".why-not:visible")).to_have_count(0)


def test_the_sheet_opens_and_closes_and_a_field_takes_its_letters(visit: Visit) -> None:
    page = visit("/requests/")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("gh?")
    field = page.get_by_role("searchbox", name="Find a merchant")
    expect(field).to_have_value("gh?")
    expect(sheet).to_be_hidden()
    assert page.url.endswith("/requests/")


def test_who_switched_them_off_types_in_vain_and_finds_the_sheet_in_the_menu(visit: Visit) -> None:
    page = visit("/requests/", by="viewer")
    page.keyboard.press("?")
    page.get_by_role("button", name="Switch them off").click()
    expect(page.get_by_text("Single-key shortcuts are off.").first).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("h")
    assert page.url.endswith("/requests/")
    page.get_by_label("Signed in as").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("button", name="Switch them on").click()
    expect(page.get_by_text("Single-key shortcuts are on.").first).to_be_visible()
