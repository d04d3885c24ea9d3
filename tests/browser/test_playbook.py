"""An admin writes an entry for a failure that nobody has described, sees it as others will, and it is told."""

from playwright.sync_api import expect

from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel


def test_an_unknown_failure_is_described_previewed_and_told(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("unlisted_code")
    page = visit(shop.path, by="admin")
    page.get_by_role("link", name="Write an entry").click()
    expect(page.get_by_label("Pattern")).not_to_be_empty()
    page.get_by_label("What is wrong").fill("{acounting} has a reason without a name.")
    page.get_by_label("More about it").fill("It has none in {commerce} either.")
    page.get_by_label("Who must act").select_option("Codat")
    page.get_by_label("Will a re-run help").select_option("Yes, try now")
    page.get_by_role("button", name="Preview").click()
    preview = page.frame_locator("iframe[name=preview]")
    expect(preview.get_by_role("alert").filter(has_text="Did you mean {accounting}?")).to_be_visible()

    page.get_by_label("What is wrong").fill("{accounting} has a reason without a name.")
    page.get_by_label("to", exact=True).fill("Sage")
    page.get_by_role("button", name="Preview").click()
    told = preview.get_by_role("heading", level=2)
    expect(told).to_have_text("Sage has a reason without a name.")
    expect(preview.locator(".diag")).to_have_css("border-left-color", "rgb(208, 50, 61)")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was added successfully")).to_be_visible()
    panel.wait_until(lambda: "has a reason without a name." in page.request.get(shop.path).text())
