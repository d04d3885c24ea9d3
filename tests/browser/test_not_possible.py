"""Where a sync can have no effect, the page says why, and the server holds to it."""

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel

CASES = {
    "deauthorized": ("is not linked. A sync would fail until the merchant links it.", "Reconnect link"),
    "never_synced": ("A sync would fail until", "never synced"),
    "switched_off": ("Only the merchant can switch it on again, in Codat's sync flow.", "Switched off"),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_merchant_that_cannot_sync(visit: Visit, take: Take, panel: Panel, kind: str) -> None:
    shop = take(kind)
    sentence, words = CASES[kind]
    page = visit(f"{shop.path}?run=latest")
    expect(steps.card(page)).to_contain_text(sentence)
    expect(page.locator("main")).to_contain_text(words, ignore_case=True)
    expect(steps.card(page).get_by_role("button")).to_have_count(0)

    answer = steps.forge(page, f"{shop.path}rerun/latest/confirm/", reason="Forged")
    assert answer.status == 422
    assert panel.posts(shop.company_id) == []
    assert panel.count_requests(shop.company_id) == 0


def test_a_merchant_whose_sync_runs_now(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("slow")
    page = visit(f"{shop.path}?run=latest")
    expect(page.locator(".pagehead .pill").filter(has_text="1010")).to_be_visible()
    expect(steps.card(page)).to_contain_text("A sync is already running for this merchant.")
    assert panel.posts(shop.company_id) == []


STRANGER = "8a210b68-6988-11ed-a1eb-0242ac120002"
NOWHERE = {
    f"/merchants/{STRANGER}/": f"There is no merchant with the ID {STRANGER} here.",
    "/merchants/8a210b68/": "There is nothing at this address.",
    "/requests/999999/": "There is no request with the number 999999 here.",
    "/nothing/here/": "There is nothing at this address.",
}


@pytest.mark.parametrize("path", NOWHERE)
def test_an_address_where_nothing_is(visit: Visit, path: str) -> None:
    page = visit("/")
    answer = page.goto(path)
    assert answer
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text(NOWHERE[path])
    page.get_by_role("link", name="Search for a merchant").click()
    expect(page.get_by_role("heading", name="Sync health")).to_be_visible()


def test_a_search_that_finds_nobody(visit: Visit) -> None:
    page = visit("/")
    steps.search(page, "harbor <b>")
    expect(page.get_by_text("No merchant matches “harbor <b>”.")).to_be_visible()
    page.get_by_role("link", name="Clear search").click()
    expect(page.get_by_role("table")).to_be_visible()
