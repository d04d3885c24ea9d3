"""Two colleagues and one merchant: one says that she is on it, the other sees it, and it is put aside for a while."""

import re

from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.test_every_page import assert_well_made


def test_a_colleague_sees_who_is_on_it_and_a_snooze_takes_it_off_the_list(visit: Visit, take: Take) -> None:
    shop = take("settings", "archived_account", failed_days=1)
    priya, mei = visit(shop.path), visit(f"/?q={shop.name}", by="lead")
    priya.get_by_role("button", name="I am on it").click()
    expect(priya.locator("#care")).to_contain_text("You are on it")
    row = mei.get_by_role("row").filter(has_text=shop.name)
    steps.wake(mei, "#poll")
    expect(row).to_contain_text("is on it")

    priya.get_by_text("Snooze…").click()
    why = priya.get_by_role("textbox", name="Why saved in the activity log")
    why.fill("Owner is on holiday")
    row.get_by_role("link", name=shop.name, exact=True).click()
    mei.get_by_role("button", name="Take over").click()
    # What Priya is typing outlives the poll that tells her.
    steps.wake(priya, "#merchant_live")
    expect(priya.get_by_role("button", name="Take over")).to_be_visible()
    expect(why).to_have_value("Owner is on holiday")
    assert_well_made(priya)
    priya.get_by_role("button", name="Snooze", exact=True).click()
    expect(priya.locator("#care")).to_contain_text("Snoozed until")

    mei.goto("/")
    expect(mei.get_by_role("row").filter(has_text=shop.name)).to_have_count(0)
    mei.get_by_role("link", name=re.compile(r"^\d+ snoozed$")).click()
    expect(row).to_contain_text("Owner is on holiday")
    assert_well_made(mei)
