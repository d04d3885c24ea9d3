"""Many at once: selected in the list, looked at before anything is sent, and watched to the end of each."""

import re
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel, Shop
from tests.browser.test_every_page import assert_well_made


def box(page: Page, shop: Shop) -> Locator:
    return page.get_by_role("checkbox", name=f"Select {shop.name}", exact=True)


def select(page: Page, shop: Shop) -> None:
    """By way of the search: the list is another one each time."""
    page.goto(f"/?q={quote(shop.name)}")
    box(page, shop).first.check()


def bar(page: Page) -> Locator:
    return page.get_by_role("form", name="Selected merchants")


def test_a_bulk_with_some_refused_sends_for_those_that_can_run_and_tells_of_each(
    visit: Visit, take: Take, panel: Panel
) -> None:
    fine, broken, cut = take("healthy"), take("settings"), take("deauthorized")
    page = visit(by="lead")
    for shop in (fine, broken, cut):
        select(page, shop)
    expect(bar(page)).to_contain_text("3 selected")
    assert_well_made(page)
    expect(bar(page)).to_contain_text("1 can run · ")
    expect(bar(page)).to_contain_text("1 needs the merchant first")
    bar(page).get_by_role("button", name="Sync latest for 1…").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Sync latest for 1 of 3 merchants?")
    page.get_by_label("Why does it help now?").fill("They chose the account again")
    page.get_by_role("button", name="Run it too").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sync latest for 2 of 3 merchants?")
    refused = page.locator("section").filter(has=page.get_by_role("heading", name="1 will not, because…"))
    expect(refused).to_contain_text("1 not linked.")
    expect(refused).to_contain_text(cut.name)
    assert_well_made(page)
    page.get_by_role("button", name="Sync latest for 2").click()
    expect(page.get_by_role("alert").filter(has_text="Nothing was saved.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sync latest for 2 of 3 merchants?")
    page.go_forward()
    expect(page.get_by_role("alert").filter(has_text="Nothing was saved.")).to_be_visible()
    page.get_by_label("Reason").fill("Codat incident of 06:10")
    page.get_by_role("button", name="Sync latest for 2").dblclick()

    expect(page).to_have_url(re.compile(r"/bulk/[0-9a-f-]{36}/$"))
    expect(page.locator("#progress")).to_contain_text("2 of 2 sent")
    expect(page.locator("#progress")).to_contain_text("All is done.")
    result = page.get_by_role("row").filter(has_text=fine.name)
    # Whether yesterday was still to come is told by the hour.
    expect(result).to_contain_text(re.compile(r"Synced \d+ days?\.|It ran to its end\."))
    expect(page.get_by_role("row").filter(has_text=broken.name)).to_contain_text("As before, ")
    expect(page.get_by_role("heading", name="1 did not run, because…")).to_be_visible()
    assert_well_made(page)
    for shop in (fine, broken):
        [post] = panel.posts(shop.company_id)
        assert "syncTo" in post["body"]
    assert panel.posts(cut.company_id) == []
    page.goto("/")
    expect(bar(page)).to_have_count(0)


def test_a_selection_outlives_a_poll_that_draws_its_row_anew(visit: Visit, take: Take) -> None:
    shop = take("healthy")
    page, colleague = visit(), visit(shop.path, by="lead")
    select(page, shop)
    row = page.locator("#results tr").filter(has=box(page, shop))
    row.evaluate("row => row.classList.add('drawn-before')")
    colleague.get_by_role("textbox", name="Note").fill("Rang the owner")
    colleague.get_by_role("button", name="Add note").click()
    expect(colleague.locator(".feed")).to_contain_text("Rang the owner")
    steps.wake(page, "#poll")
    expect(page.locator(".drawn-before")).to_have_count(0)
    expect(box(page, shop)).to_be_checked()
    expect(bar(page)).to_contain_text("1 selected")
    bar(page).get_by_role("button", name="Clear").click()
    expect(box(page, shop)).not_to_be_checked()
    expect(bar(page)).to_have_count(0)


def test_without_a_script_days_are_re_run_for_those_that_are_ticked(
    visit: Visit, take: Take, panel: Panel
) -> None:
    shop = take("healthy")
    page = visit(f"/?q={quote(shop.name)}", java_script_enabled=False)
    box(page, shop).check()
    page.get_by_role("button", name="Re-run range…").last.click()
    first, last = shop.days_ago(1500), shop.days_ago(1499)
    page.get_by_label("First day").fill(str(first))
    page.get_by_label("Last day").fill(str(last))
    page.get_by_role("button", name="Look at these days").click()
    page.get_by_role("button", name="It confirms: not in the books").click()
    page.get_by_label("Reason").fill("Days from before our time")
    page.get_by_role("button", name="Re-run 2 days for 1").click()
    expect(page).to_have_url(re.compile(r"/bulk/[0-9a-f-]{36}/$"))
    panel.wait_until(lambda: len(panel.posts(shop.company_id)) == 1)
    [post] = panel.posts(shop.company_id)
    assert f'"start":"{shop.midnight(first)}"' in post["body"]
