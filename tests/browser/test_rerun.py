"""The main job: find a merchant whose sync fails, read what is wrong, re-run a few days, and watch it end."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit, take_from
from tests.browser.panel import Panel, Shop


@pytest.fixture(scope="module")
def failing(panel: Panel, taken: set[str]) -> Shop:
    """Its account was archived, and is active again."""
    kinds = ("archived_account", "archived_customer", "no_message", "near_fuse")

    def has_ended(shop: Shop) -> bool:
        """Yesterday's sync, too: right after a merchant's midnight it is still to come."""
        return shop.hour < 12 and panel.last_failed_day(shop.company_id) == shop.days_ago(1)

    return take_from(panel, taken, *kinds, rerun="succeeds", failed_days=3, fits=has_ended)


def test_it_is_found_under_the_tile_failing(visit: Visit, failing: Shop) -> None:
    page = visit("/sign-in/", by=None)
    steps.sign_in(page, "support")
    page.get_by_role("button", name="Failing").click()
    expect(page.get_by_role("button", name="Failing")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"/\?health=failing$"))
    page.get_by_role("link", name=failing.name, exact=True).click()
    expect(page.get_by_role("heading", level=1, name=failing.name)).to_be_visible()


def test_it_is_found_by_a_part_of_its_name(visit: Visit, failing: Shop) -> None:
    page = visit("/")
    steps.search(page, failing.name[2:])
    expect(page.get_by_role("link", name=failing.name, exact=True)).to_be_visible()
    expect(page.locator("#count")).to_have_text(re.compile(r"^\s*[1-3] merchants?\s*$"))


def test_it_is_found_by_its_company_id_and_by_the_id_of_a_sync(
    visit: Visit, panel: Panel, failing: Shop
) -> None:
    page = visit("/")
    for found_by in (failing.company_id, panel.codat_ids(failing.company_id)[0]):
        page.goto("/")
        steps.search(page, found_by)
        expect(page).to_have_url(re.compile(f"{failing.path}$"))


def test_its_page_says_what_is_wrong_and_who_must_act(visit: Visit, failing: Shop) -> None:
    page = visit(failing.path)
    expect(page.get_by_text("What is wrong")).to_be_visible()
    expect(page.locator("#h-wrong")).not_to_be_empty()
    facts = page.locator("dl.facts")
    expect(facts.get_by_text("Who must act")).to_be_visible()
    expect(facts.locator("dd")).to_have_count(3)
    expect(facts.locator("dd").first).to_contain_text(re.compile("merchant|Codat|us"))


def test_three_days_are_re_run_and_the_result_comes_by_itself(
    visit: Visit, panel: Panel, failing: Shop
) -> None:
    page = visit(f"{failing.path}?run=historic")
    first, last = failing.days_ago(3), failing.days_ago(1)
    steps.fill_range(page, first, last, "Merchant restored the account")
    window = page.locator("#range")
    expect(window).to_contain_text("3 days, 3 failed")
    for moment in (failing.midnight(first), failing.midnight(failing.days_ago(0))):
        expect(window).to_contain_text(moment[:16].replace("T", " "))
    steps.review(page)
    assert panel.posts(failing.company_id) == []

    page.evaluate("document.documentElement.dataset.stayed = 'yes'")
    steps.confirm_button(page).click()
    expect(steps.step(page, "Saved")).to_have_class("done")
    expect(steps.step(page, "Codat is working")).to_have_class("now")
    expect(steps.result(page)).to_contain_text("synced 3 days")
    expect(page.locator("html")).to_have_attribute("data-stayed", "yes")
    expect(page.locator("#history")).to_contain_text("Mei Tanaka")
    assert_one_exact_post(panel, failing)


def assert_one_exact_post(panel: Panel, shop: Shop) -> None:
    [post] = panel.posts(shop.company_id)
    assert json.loads(post["body"]) == {
        "dateRange": {"start": shop.midnight(shop.days_ago(3)), "finish": shop.midnight(shop.days_ago(0))}
    }
    assert (post["kind"], post["answered"], post["applied"]) == ("historic", 200, True)
    assert re.fullmatch(r"[0-9a-f-]{36}", post["idempotency_key"])


def test_the_request_is_listed_with_the_persons_name(visit: Visit, failing: Shop) -> None:
    """Of the re-run above: every press is traceable."""
    page = visit("/requests/")
    row = page.get_by_role("row").filter(has_text=failing.name)
    expect(row).to_contain_text("Mei Tanaka")
    expect(row).to_contain_text("Merchant restored the account")
    expect(row.locator(".pill")).to_contain_text("Synced")
    page.goto("/activity/")
    entries = page.get_by_role("row").filter(has_text=failing.name)
    expect(entries.filter(has_text="Asked to re-run")).to_contain_text("Mei Tanaka")
    expect(entries.filter(has_text="Asked to re-run")).to_contain_text("Merchant restored the account")


def test_a_cause_that_is_still_there_fails_again_and_says_so(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("settings", "tax_mapping", rerun="same error")
    page: Page = visit("/")
    steps.ask_for_latest(page, shop.path)
    steps.confirm_button(page).click()
    expect(steps.result(page)).to_contain_text("Failed again with the same error")
    [post] = panel.posts(shop.company_id)
    assert post["kind"] == "latest"
    assert json.loads(post["body"]).keys() == {"syncTo"}
