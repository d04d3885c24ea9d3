"""The health list as a console: what only a browser can show of its chart, its views and its tab."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, Route, expect

from tests.browser import steps
from tests.browser.conftest import Visit
from tests.browser.test_live import HIDDEN

# As after a minute in which the clock counted: the next poll is told that this page shows another chart.
SHOWS_AN_OLDER_CHART = """() => {
    const poller = document.querySelector("#poll");
    const other = poller.cloneNode();
    const older = poller.getAttribute("hx-get").replace(/chart=[^&]*/, "chart=0-older").replace(/v=[^&]*/, "v=");
    other.setAttribute("hx-get", older);
    poller.replaceWith(other);
    htmx.process(other);
}"""


def test_an_open_table_of_the_daily_results_outlives_a_poll_with_the_hand_on_it(visit: Visit) -> None:
    page = visit("/?health=failing")
    page.get_by_role("link", name="View as table").click()
    table = page.get_by_role("region", name="Numbers of the daily results").get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(31)
    expect(page).to_have_url(re.compile("health=failing&daily=table"))
    page.locator("#daily-numbers").focus()
    page.locator("#daily").evaluate("card => { card.dataset.before = '' }")
    page.evaluate(SHOWS_AN_OLDER_CHART)
    steps.wake(page, "#poll")
    expect(page.locator("#daily[data-before]")).to_have_count(0)
    expect(table.get_by_role("row")).to_have_count(31)
    expect(page.locator("#daily-numbers")).to_be_focused()
    page.get_by_role("link", name="All results").click()
    expect(page.locator(".chart")).to_be_visible()
    expect(page.get_by_role("link", name="All results")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    day_before = page.locator(".bar").nth(28)
    expect(day_before).to_be_focused()
    expect(day_before.locator(".callout")).to_be_visible()


def test_a_saved_view_opens_first_until_somebody_wants_all_merchants_again(visit: Visit) -> None:
    page = visit("/", by="viewer")
    page.get_by_role("button", name="Failing").click()
    expect(page).to_have_url(re.compile("health=failing"))
    views = page.locator("#views")
    views.locator("summary").click()
    expect(views).to_contain_text("No saved views yet")
    views.get_by_label("Save this list as").fill("My morning")
    views.get_by_role("button", name="Save view").click()
    expect(views.locator("summary")).to_contain_text("My morning")
    views.locator("summary").click()
    views.get_by_role("link", name="Rename, delete").click()
    page.get_by_role("button", name="Open Sync health with it").click()
    page.get_by_role("link", name="Sync health", exact=True).click()
    expect(page.locator("#tile-failing")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_title(re.compile(r"^\(\d+\) Sync health"))

    page.locator("#tile-all").click()
    expect(page.locator("#tile-all")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("#tile-all")).to_have_attribute("aria-pressed", "true")
    take_away(page)
    page.goto("/")
    expect(page.locator("#tile-all")).to_have_attribute("aria-pressed", "true")


def take_away(page: Page) -> None:
    page.goto("/views/")
    page.get_by_text("Change…").click()
    page.get_by_role("button", name="Delete this view").click()
    expect(page.get_by_text("Deleted the view “My morning”.")).to_be_visible()


def test_a_hidden_tab_looks_at_its_title_once_in_five_minutes(visit: Visit) -> None:
    page, asked = visit("/activity/"), list[str]()

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(json={"title": "(7) Sync health · Sync Desk", "trouble": "bad"})

    page.clock.install()
    page.route("**/health/sign/", answer)
    page.goto("/")
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=1))
    page.clock.run_for(300_000)
    assert asked == [], "who looks at the page is told by its polls"
    page.evaluate(HIDDEN, True)
    page.clock.run_for(300_000)
    expect(page).to_have_title("(7) Sync health · Sync Desk")
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("favicon-bad"))
    assert len(asked) == 1
    page.evaluate(HIDDEN, False)
    expect(page).to_have_title(re.compile(r"^\(\d+\) Sync health"))
