"""The link of a row: copied by a press where the clipboard can be written, opened where not."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit

LINK = "Copy the link to the sync"


def test_a_press_copies_the_whole_address_and_says_so(visit: Visit) -> None:
    page = visit("/syncs/?result=failed")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = page.get_by_role("link", name=LINK).first
    link.click()
    expect(page.locator("#said")).to_have_text("Link copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.evaluate("link => link.href", link.element_handle())
    assert copied.startswith("http")
    assert "/syncs/?result=failed" in page.url


def test_where_it_cannot_be_copied_it_is_opened(visit: Visit) -> None:
    page = visit("/syncs/?result=failed")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.get_by_role("link", name=LINK).first.click()
    page.wait_for_url("**/merchants/**")


def test_of_a_reconnect_link_a_press_copies_and_opens_nothing(visit: Visit) -> None:
    page = visit("/?health=needs_reconnect")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = page.get_by_role("link", name="Copy reconnect link").first
    link.click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == link.get_attribute("href")
    assert "/?health=needs_reconnect" in page.url


def test_without_javascript_the_row_still_has_its_link(visit: Visit) -> None:
    page = visit("/?health=needs_reconnect", java_script_enabled=False)
    expect(page.get_by_role("link", name="Copy reconnect link").first).to_be_visible()
