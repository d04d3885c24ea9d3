"""Everything but liveness works as plain links and forms."""

import json
import time

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel


def test_a_sync_is_found_re_run_and_seen_to_end(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("no_message", "flaky", "archived_account", rerun="succeeds", failed_days=1)
    page = visit("/sign-in/", by=None, java_script_enabled=False)
    steps.sign_in(page, "support")
    page.get_by_role("button", name="Failing").click()
    steps.search(page, shop.name)
    page.get_by_role("link", name=shop.name, exact=True).click()
    page.get_by_role("link", name="Re-run range…").click()
    yesterday = shop.days_ago(1)
    steps.fill_range(page, yesterday, yesterday, "Without a script")
    steps.review(page)
    steps.confirm_button(page).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(shop.name)
    reload_until_it_ends(page)
    expect(steps.result(page)).to_contain_text("Finished: ")
    [post] = panel.posts(shop.company_id)
    window = {"start": shop.midnight(yesterday), "finish": shop.midnight(shop.days_ago(0))}
    assert json.loads(post["body"]) == {"dateRange": window}


def reload_until_it_ends(page: Page) -> None:
    deadline = time.monotonic() + 60
    while steps.result(page).count() == 0:
        assert time.monotonic() < deadline
        page.wait_for_timeout(1000)
        page.reload()


def test_filters_apply_with_a_button(visit: Visit) -> None:
    page = visit("/", java_script_enabled=False)
    steps.choose_codes(page, "5130")
    expect(page.get_by_role("table").locator(".pill").first).to_contain_text("5130")
    assert "code=5130" in page.url
    page.goto("/requests/")
    page.get_by_label("Kind").select_option("latest")
    page.get_by_role("button", name="Apply").click()
    assert "kind=latest" in page.url
    page.goto("/activity/")
    page.get_by_label("What").select_option("notes")
    page.get_by_role("button", name="Apply").click()
    assert "what=notes" in page.url


def test_a_sync_opens_and_a_note_is_added(visit: Visit, take: Take) -> None:
    shop = take("healthy")
    page = visit(shop.path, java_script_enabled=False)
    page.get_by_role("button", name="Details of the sync").first.click()
    expect(page.get_by_role("heading", name="What Codat sent")).to_be_visible()
    page.get_by_role("textbox", name="Note").fill("Called the merchant")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("“Called the merchant”")).to_be_visible()


def test_wrong_days_get_their_sentence(visit: Visit, take: Take) -> None:
    shop = take("healthy")
    page = visit(f"{shop.path}?run=historic", java_script_enabled=False)
    steps.fill_range(page, shop.days_ago(2), shop.days_ago(4))
    steps.review(page)
    expect(steps.card(page)).to_contain_text("The last day is before the first day.")
    expect(page.get_by_role("heading", level=1)).to_have_text(shop.name)
