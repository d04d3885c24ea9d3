"""A lead stops sending, and the others see it on the page that they are on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel


@pytest.fixture(autouse=True)
def _sending_goes_on(panel: Panel) -> Iterator[None]:
    yield
    panel.resume_sending()


def test_a_request_waits_while_sending_is_frozen_and_is_sent_once_when_a_lead_resumes_it(
    visit: Visit, panel: Panel, take: Take
) -> None:
    shop = take("healthy", rerun="succeeds")
    lead, support = visit("/sending/", by="lead"), visit("/")
    lead.get_by_role("button", name="Freeze sending").click()
    lead.get_by_label("Why").fill("Codat asked us to pause")
    lead.get_by_role("button", name="Freeze sending").click()
    expect(lead.get_by_role("heading", name="Sending is frozen")).to_be_visible()
    steps.ask_for_latest(support, shop.path)
    steps.confirm_button(support).click()
    notices = support.get_by_role("region", name="Notices")
    expect(notices).to_contain_text("Sending is frozen. By Lena Horvath since")
    expect(notices).to_contain_text("“Codat asked us to pause”")
    expect(notices.get_by_role("link", name="Resume")).to_have_count(0)
    expect(steps.card(support)).to_contain_text(
        "Sending is frozen. It goes on by itself when sending is resumed."
    )
    assert panel.posts(shop.company_id) == []
    lead.goto("/")
    lead.get_by_role("link", name="Resume…").click()
    expect(lead.get_by_text("1 saved request goes to Codat as soon as you resume.")).to_be_visible()
    lead.get_by_role("button", name="Resume sending").click()
    expect(lead.get_by_role("heading", name="Sending is on")).to_be_visible()
    expect(steps.result(support)).to_contain_text("Finished: ")
    assert [post["applied"] for post in panel.posts(shop.company_id)] == [True]
