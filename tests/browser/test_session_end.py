"""The session ends in the middle: nothing is lost silently, and after signing in people are where they were."""

import re

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel


def end_session(page: Page) -> None:
    page.context.clear_cookies(name="syncdesk")


def test_a_poll_leads_to_sign_in_and_back_to_the_merchant(visit: Visit, take: Take) -> None:
    shop = take("healthy")
    page = visit(f"{shop.path}?show=failed")
    end_session(page)
    steps.wake(page, "#merchant_live")
    expect(page.get_by_text("Your session ended. Sign in again")).to_be_visible()
    steps.sign_in(page, "support")
    expect(page).to_have_url(re.compile(rf"{shop.path}\?show=failed$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(shop.name)


def test_a_poll_of_the_list_leads_back_to_the_list_as_it_was_filtered(visit: Visit) -> None:
    page = visit("/?health=failing&sort=name")
    end_session(page)
    steps.wake(page, "#poll")
    expect(page.get_by_text("Your session ended.")).to_be_visible()
    steps.sign_in(page, "support")
    expect(page).to_have_url(re.compile(r"/\?health=failing&sort=name$"))


def test_a_press_is_not_sent_and_says_so(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("healthy")
    page = visit("/")
    steps.ask_for_latest(page, shop.path)
    end_session(page)
    steps.confirm_button(page).click()
    expect(page.get_by_text("What you pressed was not sent.")).to_be_visible()
    steps.sign_in(page, "support")
    expect(page.get_by_role("heading", level=1)).to_have_text(shop.name)
    expect(page.get_by_text("what you pressed was not sent")).to_be_visible()
    assert panel.count_requests(shop.company_id) == 0
    assert panel.posts(shop.company_id) == []


def test_a_link_leads_to_sign_in_and_on_to_where_it_points(visit: Visit) -> None:
    page = visit("/activity/")
    end_session(page)
    page.get_by_role("link", name="Requests", exact=True).click()
    steps.sign_in(page, "support")
    expect(page).to_have_url(re.compile("/requests/$"))
