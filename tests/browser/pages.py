"""Every page there is, by a path or by what must be done to see it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.panel import Shop

Open = Callable[[Page, Shop], None]

# Where the history is not what is looked at: axe takes its time for every row.
NO_HISTORY = "&show=ours"
ADMIN_LISTS = (
    "merchant", "connection", "sync", "cause", "merchantday", "syncrequest", "attempt", "activity", "importrun",
    "heartbeat", "user", "playbookentry",
    "heartbeat", "user", "alertrule", "delivery",
)  # fmt: skip


def at(path: str) -> Open:
    def open_page(page: Page, shop: Shop) -> None:
        page.goto(path.format(shop=shop))
        expect(page.get_by_role("heading", level=1)).to_be_attached()

    return open_page


def with_a_menu_open(page: Page, shop: Shop) -> None:
    page.goto("/?daily=table&code=5130&code=4000&success=7&cols=fuse")
    page.locator("#code-menu summary").click()
    expect(page.get_by_role("button", name="Show these")).to_be_visible()


def saved_views(page: Page, shop: Shop) -> None:
    page.goto("/?health=failing")
    page.locator("#views summary").click()
    page.get_by_label("Save this list as").fill("Failing")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_text("Saved as “Failing”.")).to_be_visible()
    page.goto("/views/")
    page.get_by_text("Change…").click()
    expect(page.get_by_role("button", name="Delete this view")).to_be_visible()


def form_with_errors(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.path}?run=historic{NO_HISTORY}")
    steps.fill_range(page, shop.days_ago(2), shop.days_ago(4), reason="")
    steps.review(page)
    expect(steps.card(page).get_by_role("alert").first).to_be_visible()


def overlap(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.path}?run=historic&first={shop.days_ago(9)}&last={shop.days_ago(2)}{NO_HISTORY}")
    expect(page.locator("#range").get_by_role("alert").first).to_be_visible()


def confirm(page: Page, shop: Shop) -> None:
    overlap(page, shop)
    steps.say_why(page, "Ticket 4711")
    steps.review(page)
    steps.confirm_button(page)


def an_open_sync(page: Page, shop: Shop) -> None:
    page.goto(shop.path)
    page.get_by_role("button", name="Details of the sync").first.click()
    expect(page.get_by_role("heading", name="What Codat sent")).to_be_visible()


def shortcuts(page: Page, shop: Shop) -> None:
    page.goto("/profile/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


OURS: dict[str, Open] = {
    "health": at("/?health="),
    "health, failing by name": at("/?health=failing&commerce=Shopify&sort=-fuse"),
    "health, nobody found": at("/?q=nobody-is-called-so"),
    "health, an odd address": at("/?health=odd&code=abc&sort=x&after=y&q=books"),
    "health, numbers as a table": with_a_menu_open,
    "saved views": saved_views,
    "merchant": at("{shop.path}"),
    "merchant, latest": at("{shop.path}?run=latest" + NO_HISTORY),
    "merchant, an open sync": an_open_sync,
    "form with errors": form_with_errors,
    "overlap": overlap,
    "confirm": confirm,
    "all syncs": at("/syncs/"),
    "all syncs, an odd address": at("/syncs/?result=odd&code=x&day=9&until=1&cause=no&commerce=none"),
    "requests": at("/requests/"),
    "activity": at("/activity/"),
    "snoozed": at("/snoozed/"),
    "hand-over": at("/hand-over/"),
    "needs a person": at("/requests/review/"),
    "sending": at("/sending/"),
    "profile": at("/profile/"),
    "shortcuts": shortcuts,
    "not found": at("/nothing/here/"),
}
