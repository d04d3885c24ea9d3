"""An admin keeps the register: one merchant by hand, the rest by import; what is gone is archived, never deleted."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel

ADD, LIST = "/admin/syncs/merchant/add/", "/admin/syncs/merchant/"


def register(page: Page, company_id: str) -> None:
    page.goto(ADD)
    page.get_by_label("Company ID").fill(company_id)
    page.get_by_role("button", name="Save", exact=True).click()


def test_a_company_that_only_codat_knows_is_registered_by_hand(visit: Visit, panel: Panel) -> None:
    company_id = panel.create_company("Larkspur Lane Books")
    page = visit("/", by="admin")
    page.get_by_role("link", name="Admin").click()
    page.locator("#content-main").get_by_role("link", name="Merchants", exact=True).click()
    page.get_by_role("link", name=re.compile("Add merchant", re.IGNORECASE)).first.click()
    page.get_by_label("Company ID").fill(company_id)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("Larkspur Lane Books")

    page.goto("/")
    steps.search(page, company_id)
    expect(page.get_by_role("heading", level=1, name="Larkspur Lane Books")).to_be_visible()
    panel.wait_until(lambda: panel.has_looked_at(company_id))
    steps.wake(page, "#merchant_live")
    expect(page.locator("#h-wrong")).not_to_contain_text("Not known yet")
    expect(steps.card(page)).to_contain_text("has not linked both platforms yet")


@pytest.mark.parametrize(
    ("company_id", "sentence"),
    [
        ("not-an-id", "This is no company ID."),
        ("8a210b6869881 1ed", "This is no company ID."),
        ("f025bd7e-0ce5-4b56-bd45-5d0704729931", "Codat knows no company with this ID."),
    ],
)
def test_a_wrong_id_gets_a_sentence_where_it_was_typed(visit: Visit, company_id: str, sentence: str) -> None:
    page = visit("/admin/", by="admin")
    register(page, company_id)
    expect(page.locator(".field-company_id .errorlist")).to_contain_text(sentence)
    expect(page.get_by_label("Company ID")).to_have_value(company_id)


def test_an_id_that_is_registered_already_names_its_merchant(visit: Visit, take: Take) -> None:
    shop = take("healthy")
    page = visit("/admin/", by="admin")
    register(page, shop.company_id.upper())
    expect(page.locator(".field-company_id .errorlist")).to_contain_text(shop.name)


def test_the_company_id_cannot_be_edited_afterwards(visit: Visit, take: Take) -> None:
    shop = take("healthy")
    page = visit(f"{LIST}?q={shop.company_id}", by="admin")
    page.get_by_role("link", name=shop.name).click()
    expect(page.locator(".field-company_id .readonly")).to_have_text(shop.company_id)
    expect(page.locator("input[name=company_id]")).to_have_count(0)
    expect(page.get_by_role("link", name="Delete")).to_have_count(0)
    page.locator("#id_name").fill("Renamed by an admin")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(shop.path)
    expect(page.get_by_role("heading", level=1, name="Renamed by an admin")).to_be_visible()


def test_archiving_needs_a_reason_and_ends_all_sending(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("healthy")
    page = visit(f"{LIST}?q={shop.company_id}", by="admin")
    archive(page, reason="")
    expect(page.locator(".messagelist")).to_contain_text("Say why, in a few words")
    archive(page, reason="Closed for good")
    expect(page.locator(".messagelist")).to_contain_text("1 archived.")

    page.goto(f"{shop.path}?run=latest")
    expect(page.get_by_text("Archived: Closed for good")).to_be_visible()
    expect(steps.card(page)).to_contain_text("This merchant is archived. Nothing is sent for it any more.")
    assert steps.forge(page, f"{shop.path}rerun/latest/confirm/", reason="Forged").status == 422
    assert panel.posts(shop.company_id) == []


def archive(page: Page, reason: str) -> None:
    page.locator("input[name=_selected_action]").check()
    page.locator("select[name=action]").select_option("archive")
    page.locator("input[name=reason]").fill(reason)
    page.get_by_role("button", name="Run", exact=True).or_(
        page.get_by_role("button", name="Go", exact=True)
    ).click()


def test_the_import_shows_its_progress_and_brings_what_was_missing(visit: Visit, panel: Panel) -> None:
    company_id = panel.create_company("Imported in the Afternoon")
    page = visit(LIST, by="admin")
    page.get_by_role("button", name="Import from Codat").click()
    expect(page).to_have_url(re.compile(r"/admin/syncs/merchant/import/\d+/$"))
    expect(page.locator("#import-progress")).to_contain_text("The import is done.")
    progress = page.get_by_role("progressbar", name="Companies read")
    assert progress.get_attribute("value") == progress.get_attribute("max") != "0"
    page.goto("/")
    steps.search(page, company_id)
    expect(page.get_by_role("heading", level=1, name="Imported in the Afternoon")).to_be_visible()
