"""The messages to many merchants: fetched and copied by one press, and shown as a page where they cannot be copied."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

PRESSES = {"link": "/syncs/", "list": "/?by=cause", "button": "/?health=failing"}


def offered(visit: Visit, role: str) -> Page:
    page = visit(PRESSES[role])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if role == "list":
        page.locator("#reasons a", has_text="5130").first.click()
    if role == "button":
        page.locator("thead input[type=checkbox]").check()
        page.get_by_role("button", name="Sync latest for").last.click()
    return page


@pytest.mark.parametrize("role", PRESSES)
def test_a_press_copies_them_and_leaves_the_page_as_it_is(visit: Visit, role: str) -> None:
    page = offered(visit, role)
    before = page.url
    page.locator("[data-copy-from]").first.click()
    expect(page.locator("#said")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "\nCompany ID: " in copied
    assert "Hello, " in copied
    assert page.url == before


def test_where_they_cannot_be_copied_they_are_a_page(visit: Visit) -> None:
    page = offered(visit, "button")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.locator("[data-copy-from]").first.click()
    page.wait_for_url("**/messages/**")
    expect(page.locator("body")).to_contain_text("Company ID: ")
