"""Django's own admin pages under our content policy: each opens without a complaint of the browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.pages import ADMIN_LISTS


@pytest.mark.parametrize("name", ADMIN_LISTS)
def test_a_list_its_search_and_a_row(visit: Visit, name: str) -> None:
    page = visit(f"/admin/syncs/{name}/", by="admin")
    expect(page.locator("#changelist")).to_be_visible()
    if page.locator("#searchbar").count():
        page.locator("#searchbar").fill("a")
        page.locator("#searchbar").press("Enter")
        expect(page.locator("#changelist")).to_be_visible()
        page.go_back()
    row = page.locator("#result_list tbody th a").first
    if row.count():
        row.click()
        expect(page.locator("#content h1, #content h2").first).to_be_visible()
        expect(page.get_by_role("link", name="Delete")).to_have_count(0)


@pytest.mark.parametrize(
    "path",
    [
        *("/admin/", "/admin/password_change/", "/admin/nothing/here/"),
        *("/admin/syncs/merchant/add/", "/admin/syncs/user/add/"),
        "/admin/syncs/merchant/?health=failing&archived=no",
    ],
)
def test_another_page_of_the_admin(visit: Visit, path: str) -> None:
    page = visit(path, by="admin")
    expect(page.get_by_role("heading").first).to_be_visible()


def test_a_merchants_history_and_a_persons_password(visit: Visit) -> None:
    page = visit("/admin/syncs/merchant/", by="admin")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/admin/syncs/user/")
    page.locator("#result_list tbody th a").first.click()
    page.get_by_role("link", name="Reset password").or_(page.locator("a[href$='password/']")).first.click()
    expect(page.locator("input[type=password]").first).to_be_visible()
