"""Days that are in the books already: said before anything is sent, mended in one press, or knowingly accepted."""

import json
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel, Shop

KINDS = (
    "settings",
    "archived_account",
    "tax_mapping",
    "write_error",
    "missing_customer",
    "archived_customer",
)


@pytest.fixture
def partly(take: Take) -> Shop:
    """Its newest days failed, and those before are synced; its days end when its sync is due."""
    return take(*KINDS, failed_days=2, fits=lambda shop: shop.hour == 0)


def test_an_overlap_is_named_with_its_days_and_mended_in_one_press(
    visit: Visit, partly: Shop, panel: Panel
) -> None:
    synced, yesterday = panel.last_synced_day(partly.company_id), partly.days_ago(1)
    missing = (yesterday - synced).days
    page = visit(f"{partly.path}?run=historic")
    steps.fill_range(page, synced - timedelta(days=2), yesterday)
    warning = page.locator("#range").get_by_role("alert").filter(has_text="already synced")
    expect(warning).to_contain_text(f"3 of these {missing + 3} days are already synced")
    expect(warning).to_contain_text(f"{synced:%-d %b}")
    warning.get_by_role("link", name="instead").click()
    expect(steps.card(page).get_by_label("First day")).to_have_value(str(synced + timedelta(days=1)))
    expect(steps.card(page).get_by_label("Last day")).to_have_value(str(yesterday))
    expect(page.locator("#range")).to_contain_text(f"{missing} day")
    expect(warning).to_have_count(0)


def test_an_overlap_that_is_meant_goes_on_once_the_box_is_ticked(
    visit: Visit, take: Take, panel: Panel
) -> None:
    shop = take("healthy")
    first, last = shop.days_ago(4), shop.days_ago(3)
    page = visit(f"{shop.path}?run=historic")
    steps.fill_range(page, first, last, "The merchant deleted these days in the books")
    expect(
        page.locator("#range").get_by_role("alert").filter(has_text="Both days are already synced")
    ).to_be_visible()
    steps.review(page)
    button = steps.confirm_button(page)
    button.click()
    assert panel.count_requests(shop.company_id) == 0
    steps.card(page).get_by_label("I know 2 days are already synced").check()
    button.click()
    expect(steps.step(page, "Codat is working")).to_have_class("now")
    [post] = panel.posts(shop.company_id)
    window = {"start": shop.midnight(first), "finish": shop.midnight(shop.days_ago(2))}
    assert json.loads(post["body"]) == {"dateRange": window}


def test_the_box_is_asked_for_by_the_server_too(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("healthy")
    page = visit(f"{shop.path}?run=historic")
    steps.fill_range(page, shop.days_ago(4), shop.days_ago(3))
    steps.review(page)
    steps.confirm_button(page)
    page.locator("[name=seen_overlap]").evaluate("box => box.removeAttribute('required')")
    steps.confirm_button(page).click()
    expect(
        steps.card(page).get_by_role("alert").filter(has_text="Look again before you send")
    ).to_be_visible()
    assert panel.count_requests(shop.company_id) == 0
