"""Through the panel with the keyboard alone: where the focus is can always be seen, and it is never lost."""

import re
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel

# What has the focus, whether a ring is around it, and whether something else lies over its middle.
FOCUS = """() => { const at = document.activeElement, box = at.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + Math.min(box.width, 200) / 2, box.y + Math.min(box.height, 40) / 2);
  return { words: at === document.body ? "" : at.id || at.ariaLabel || at.textContent.trim() || at.name,
    ringed: getComputedStyle(at).outlineStyle !== "none" || at.matches("[type=checkbox]"),
    free: top !== null && (at.contains(top) || top.contains(at)) }; }"""


def assert_focus_is_seen(page: Page) -> None:
    focus = page.evaluate(FOCUS)
    assert all([focus["words"], focus["ringed"], focus["free"]]), focus


def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """As often as it takes, looking each time."""
    for _ in range(250):
        page.keyboard.press(key)
        assert_focus_is_seen(page)
        if wanted.evaluate("wanted => wanted === document.activeElement"):
            return
    raise AssertionError(f"{wanted} is not to be reached.")


def test_from_an_id_in_a_ticket_to_a_range_that_runs(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("no_message", "flaky", "archived_account", rerun="succeeds", failed_days=2)
    page = visit("/requests/")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url(f"{panel.url}/")
    page.keyboard.press("/")
    page.keyboard.type(shop.company_id)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{shop.path}")
    page.keyboard.press("r")
    page.wait_for_url("**run=historic#rerun")

    tab_to(page, page.locator("#days a.day[tabindex='0']"), key="Shift+Tab")
    for key in ("ArrowLeft", "ArrowLeft", "Enter", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#days .sel")).to_have_count(2)
    # No person presses the next key before what came with this one has settled.
    expect(page.locator("#range:not(.htmx-added)")).to_contain_text("2 days")
    expect(page.locator("#days:not(.htmx-added, .htmx-request) .sel.z2")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#days .sel")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#range")).to_contain_text("2 days")

    tab_to(page, steps.reason_box(page))
    page.keyboard.type("The merchant has fixed it")
    page.keyboard.press("Enter")
    expect(steps.card(page).get_by_role("link", name="Go back")).to_be_focused()
    assert_focus_is_seen(page)
    tab_to(page, steps.confirm_button(page))
    assert panel.posts(shop.company_id) == []
    page.keyboard.press("Enter")
    expect(steps.step(page, "Codat is working").or_(steps.result(page))).to_be_visible()
    assert_focus_is_seen(page)
    expect(steps.result(page)).to_contain_text("Finished: ")
    expect(page.locator("#said")).to_contain_text("Finished: ")
    assert_focus_is_seen(page)


def test_from_rows_that_are_picked_to_a_bulk_that_is_confirmed(visit: Visit, take: Take) -> None:
    shop = take("healthy")
    page = visit("/?health=healthy&sort=name")
    for key in ("j", "j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
        assert_focus_is_seen(page)
    bar = page.get_by_role("form", name="Selected merchants")
    expect(bar).to_contain_text("3 selected")
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    assert_focus_is_seen(page)
    for _ in range(30):
        page.keyboard.press("j")
        assert_focus_is_seen(page)
    steps.find_with_keys(page, shop)
    assert_focus_is_seen(page)
    page.keyboard.press("x")
    expect(bar).to_contain_text("1 selected")
    tab_to(page, bar.get_by_role("button", name=re.compile("^Sync latest")))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sync latest for 1 merchant")
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Nothing was saved.")).to_be_visible()
    expect(page.get_by_label("Reason")).to_be_focused()


def test_escape_clears_what_was_searched_for_and_a_sheet_gives_the_focus_back(visit: Visit) -> None:
    page = visit(f"/?q={quote('nobody-is-called-so')}")
    expect(page.get_by_text("No merchant matches")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/\?health=$"))
    expect(page.locator("#said")).to_contain_text(re.compile(r"\d+ merchants"))
    for key in ("/", *"nobody", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_text("No merchant matches")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Find a merchant")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/\?health=$"))
    page.get_by_label("Signed in as").focus()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Keyboard shortcuts"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Signed in as")).to_be_focused()
    assert_focus_is_seen(page)
