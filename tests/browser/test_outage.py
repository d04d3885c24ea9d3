"""After an outage of Codat a lead decides in one go what nobody could prove, with the keyboard alone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel, Shop
from tests.browser.test_every_page import assert_well_made
from tests.browser.test_misbehaving import POSTS

REASON = "Codat was out at 06:10"


@pytest.fixture(autouse=True)
def _codat_behaves_again(panel: Panel) -> Iterator[None]:
    yield
    panel.clear_faults()
    panel.resume_sending()


def left_without_an_answer(page: Page, panel: Panel, shop: Shop, fault: str) -> None:
    panel.fault(fault, shop, method="POST", path_regex=POSTS)
    steps.ask_for_latest(page, shop.path)
    steps.confirm_button(page).click()
    expect(steps.card(page)).to_contain_text("We have no answer that we can trust.")
    # Three in a row stop all sending; here the outage goes on.
    panel.resume_sending()


def row(page: Page, shop: Shop) -> Locator:
    return page.locator(".rulings > li").filter(has_text=shop.name)


def reload_until(page: Page, *there: Locator) -> None:
    for _ in range(90):
        if all(locator.count() for locator in there):
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError("The evidence never came.")


@pytest.mark.long
def test_an_outages_worth_of_requests_is_decided_in_one_go(visit: Visit, panel: Panel, take: Take) -> None:
    shops = [take("healthy", rerun="succeeds") for _ in range(4)]
    support = visit("/")
    for shop, fault in zip(shops, ("drop_before", "drop_after", "drop_before", "drop_before"), strict=True):
        left_without_an_answer(support, panel, shop, fault)
    panel.do_last_looks(shops)
    never_ran, ran = [shops[0], shops[2], shops[3]], shops[1]

    page = visit("/requests/review/", by="lead")
    boxes = [row(page, shop).get_by_role("checkbox") for shop in never_ran]
    reload_until(page, *boxes, row(page, ran).get_by_text("It ran:"))
    expect(row(page, ran)).to_contain_text("Codat lists 1 sync that is new since.")
    expect(row(page, ran).get_by_role("checkbox")).to_have_count(0)
    every = page.get_by_label("Tick all")
    every.press("Space")
    for box in boxes:
        expect(box).to_be_checked()
    every.press("Space")
    for box in boxes:
        box.press("Space")
    row(page, ran).get_by_role("radio", name="It ran:").press("Space")
    page.get_by_label("Reason").fill(REASON)
    page.get_by_label("Reason").press("Enter")
    expect(page.get_by_text("3 ticked requests have no verdict yet.")).to_be_visible()
    assert_well_made(page)
    page.get_by_role("checkbox", name="Nothing ran").press("Space")
    page.get_by_role("button", name="Review the verdicts…").press("Enter")

    expect(page.get_by_role("heading", name=re.compile("^Decide (4 of )?these .* together"))).to_be_visible()
    expect(page.get_by_text("3 end as “Never ran”; nothing is sent by this.")).to_be_visible()
    assert_well_made(page)
    page.get_by_role("button", name="Save 4 verdicts").press("Enter")
    expect(page.get_by_role("heading", name="4 of 4 verdicts saved")).to_be_visible()
    assert_well_made(page)
    for shop in never_ran:
        expect(row(page, shop)).to_contain_text(f"This never ran, Lena Horvath decided: {REASON}")
    expect(row(page, ran)).to_contain_text("Synced")
    assert [len(panel.posts(shop.company_id)) for shop in shops] == [1, 1, 1, 1]


def test_what_is_before_a_person_is_well_shown_to_all(visit: Visit, panel: Panel, take: Take) -> None:
    shop = take("healthy", rerun="succeeds")
    left_without_an_answer(visit("/"), panel, shop, "drop_before")
    panel.do_last_looks([shop])
    viewer = visit("/requests/review/", by="viewer")
    reload_until(viewer, row(viewer, shop))
    expect(viewer.get_by_text("Leads decide: ")).to_be_visible()
    assert_well_made(viewer)
    lead = visit("/requests/", by="lead")
    lead.locator("#review-all").press("Enter")
    row(lead, shop).get_by_role("link", name="Sync latest").first.click()
    assert_well_made(lead)
    lead.get_by_label("Nothing ran").check()
    lead.get_by_label("Reason").fill(REASON)
    lead.get_by_role("button", name="Save verdict").click()
    expect(lead.get_by_text("Your verdict is saved")).to_be_visible()
