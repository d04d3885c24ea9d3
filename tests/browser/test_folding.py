"""Syncs that ended alike are one row of the history; the keyboard opens it, and what is open stays open."""

from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit


def test_a_fold_is_opened_by_the_keyboard_and_outlives_a_poll(visit: Visit, take: Take) -> None:
    page = visit(take("healthy").path)
    history = page.locator("#history")
    shown = history.get_by_role("button", name="Details of the sync")
    folded = shown.count()
    history.get_by_role("button", name="Show them").first.focus()
    page.keyboard.press("Enter")
    opened = history.get_by_role("button", name="Hide them")
    expect(opened).to_be_focused()
    expect(opened).to_have_attribute("aria-expanded", "true")
    assert shown.count() > folded + 2
    with page.expect_response(lambda response: "unfold=" in response.url and "v=" in response.url):
        steps.wake(page, "#merchant_live")
    expect(opened).to_be_visible()
    page.keyboard.press("Enter")
    expect(opened).to_have_count(0)
    expect(shown).to_have_count(folded)
