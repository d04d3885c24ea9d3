"""What people do on the pages, in their own words."""

import re
from datetime import date

from playwright.sync_api import APIResponse, Locator, Page, expect

from tests.browser.panel import Shop


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(name)
    page.get_by_role("button", name="Sign in").click()


def search(page: Page, text: str) -> None:
    box = page.get_by_role("searchbox", name="Find a merchant")
    box.fill(text)
    box.press("Enter")


def find_with_keys(page: Page, shop: Shop) -> None:
    """To its row, where a sync can be asked for: whatever the merchants above it do at this hour."""
    for key in ("/", "ControlOrMeta+a"):
        page.keyboard.press(key)
    page.keyboard.type(shop.name)
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    row = page.locator("#results tbody tr").filter(has=page.locator(f'a.name[href="{shop.path}"]'))
    expect(row.get_by_role("link", name="Sync latest")).to_be_visible()
    page.keyboard.press("Tab")
    for _ in range(50):
        page.keyboard.press("j")
        if row.locator("a.name:focus").count():
            return
    raise AssertionError(f"{shop.name} is not to be reached.")


def choose_codes(page: Page, *codes: str) -> None:
    menu = page.locator("#code-menu")
    menu.locator("summary").click()
    for code in codes:
        menu.get_by_label(code).check()
    menu.get_by_role("button", name="Show these").click()


def card(page: Page) -> Locator:
    """Where a sync is asked for and its progress shown."""
    return page.locator("#rerun")


def fill_range(page: Page, first: date | str, last: date | str, reason: str = "Ticket 4711") -> None:
    form = card(page)
    form.get_by_label("First day").fill(str(first))
    form.get_by_label("Last day").fill(str(last))
    say_why(page, reason)


def reason_box(page: Page) -> Locator:
    """The one question: the reason, or why it helps now where something has to be fixed first."""
    return card(page).get_by_label(re.compile(r"^\s*(Reason|Why will it help now)"))


def say_why(page: Page, reason: str) -> None:
    reason_box(page).fill(reason)


def review(page: Page) -> None:
    card(page).get_by_role("button", name="Review").click()


def confirm_button(page: Page) -> Locator:
    expect(card(page).get_by_role("heading", name="Confirm")).to_be_visible()
    return card(page).get_by_role("button")


def ask_for_latest(page: Page, path: str, reason: str = "Ticket 4711") -> None:
    """Up to the confirm step, which is left to be pressed."""
    page.goto(f"{path}?run=latest")
    say_why(page, reason)
    review(page)
    expect(confirm_button(page)).to_have_text("Sync latest")


def wake(page: Page, region: str) -> None:
    """The region's next poll, now; as when somebody comes back to the tab."""
    page.evaluate("region => htmx.trigger(region, 'wake')", region)


def step(page: Page, word: str) -> Locator:
    return card(page).locator(".track li").filter(has_text=word)


def result(page: Page) -> Locator:
    """The sentence about the request that ended last."""
    return card(page).locator("#news")


def forge(page: Page, path: str, **fields: str) -> APIResponse:
    """Posts past the form, with the page's own token against forgery."""
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    return post(page, path, fields | {"csrfmiddlewaretoken": token})


def post(page: Page, path: str, fields: dict[str, str]) -> APIResponse:
    form: dict[str, str | float | bool] = {**fields}
    return page.request.post(path, form=form)
