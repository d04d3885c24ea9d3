"""What the pictures show: a morning at the panel, told so that each page has something to say."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.panel import Panel, Shop
from tests.browser.test_misbehaving import POSTS

Take = Callable[..., None]


def play(panel: Panel, browser: Browser, take: Take) -> None:
    """`take(page, name)` is called with each page when it is as it should be seen."""
    mei, lena, priya = (signed_in(panel, browser, name) for name in ("support", "lead", "admin"))
    stranger = browser.new_page(base_url=panel.url)
    stranger.goto("/sign-in/")
    take(stranger, "sign_in")
    alert_rules(priya, take)
    a_morning(panel, mei, lena)
    a_range(panel, priya, take)
    what_needs_a_person(panel, mei, lena, take)
    lists(priya, take)
    a_view(mei, take)
    own_pages(mei, take)
    a_bulk(lena, take)
    in_the_admin(panel, priya, take)


def signed_in(panel: Panel, browser: Browser, name: str) -> Page:
    page = browser.new_page(base_url=panel.url)
    page.goto("/sign-in/")
    steps.sign_in(page, name)
    page.wait_for_url("**/")
    return page


def a_morning(panel: Panel, mei: Page, lena: Page) -> None:
    """What the pages of requests and activity tell of: results of every colour, by two people, and a note."""
    told = ("Ticket 4806", "Ticket 4811: week missing in the books", "Owner rang", "Codat incident of 06:10")
    kinds = ("flaky", "settings", "no_message", "quiet")
    for page, kind, reason in zip((mei, lena, mei, lena), kinds, told, strict=True):
        steps.ask_for_latest(page, panel.shops(kind)[0].path, reason)
        steps.confirm_button(page).click()
        expect(steps.result(page)).to_be_visible()
    lena.goto(restored(panel).path)
    lena.get_by_role("textbox", name="Note").fill(
        "Emailed the merchant about the account. Waiting for a reply."
    )
    lena.get_by_role("button", name="Add note").click()
    expect(lena.locator(".feed")).to_contain_text("Waiting for a reply")


def restored(panel: Panel) -> Shop:
    """The merchant of the pictures: its account was archived for the longest time, and is active again."""
    fixed = [shop for shop in panel.shops("archived_account") if shop.rerun == "succeeds" and shop.hour == 0]
    return max(fixed, key=lambda shop: panel.failed_days(shop.company_id))


def a_range(panel: Panel, priya: Page, take: Take) -> None:
    """From the days that went wrong to their request."""
    shop = restored(panel)
    failed = panel.failed_days(shop.company_id)
    priya.goto(f"{shop.path}?run=historic")
    steps.fill_range(priya, shop.days_ago(failed + 2), shop.days_ago(1), "Merchant restored the account")
    expect(priya.locator("#range").get_by_role("alert").filter(has_text="already synced")).to_be_visible()
    take(priya, "merchant")
    take(priya, "range", lambda: to_card(priya))
    priya.locator("#range").get_by_role("link", name="instead").click()
    expect(priya.locator("#range").get_by_role("alert").filter(has_text="already synced")).to_have_count(0)
    steps.review(priya)
    button = steps.confirm_button(priya)
    take(priya, "confirm", lambda: to_card(priya))
    button.click()
    expect(steps.step(priya, "Codat is working")).to_have_class("now")
    priya.get_by_role("button", name="Pause live updates").click()
    take(priya, "progress", lambda: to_card(priya))
    priya.goto("/requests/")
    priya.get_by_role("row").filter(has_text=shop.name).get_by_role("link", name="Re-run").click()
    take(priya, "request")


def what_needs_a_person(panel: Panel, mei: Page, lena: Page, take: Take) -> None:
    shops = [shop for shop in panel.shops("healthy") if shop.rerun == "succeeds"][:3]
    for shop, fault in zip(shops, ("drop_before", "drop_after", "drop_before"), strict=True):
        panel.fault(fault, shop, method="POST", path_regex=POSTS)
        steps.ask_for_latest(mei, shop.path, "Ticket 4820")
        steps.confirm_button(mei).click()
        expect(steps.card(mei)).to_contain_text("We have no answer that we can trust.")
        panel.resume_sending()
    panel.clear_faults()
    panel.do_last_looks(shops)
    lena.goto("/requests/review/")
    ran = lena.locator(".rulings").get_by_text("It ran:")
    while not (ran.count() and lena.locator(".rulings > li").count() > len(shops)):
        lena.wait_for_timeout(1000)
        lena.reload()
    take(lena, "review")
    lena.goto("/requests/")
    take(lena, "requests")
    lena.locator("#h-cases").locator("xpath=../..").get_by_role("link").filter(has_text=shops[1].name).click()
    expect(lena.get_by_text("It ran: it is the sync below")).to_be_visible()
    take(lena, "verdict")


def lists(priya: Page, take: Take) -> None:
    for path, name in (
        ("/activity/", "activity"),
        ("/syncs/?result=failed", "all_syncs"),
        ("/?health=failing", "health"),
        ("/hand-over/", "hand_over"),
    ):
        priya.goto(path)
        expect(priya.get_by_role("heading", level=1)).to_be_visible()
        take(priya, name)


def a_view(mei: Page, take: Take) -> None:
    for path, name, is_shared in (
        ("/?health=failing&accounting=Xero", "Failing into Xero", True),
        ("/?health=needs_reconnect&sort=fuse", "To be reconnected", False),
    ):
        mei.goto(path)
        mei.locator("#views summary").click()
        mei.get_by_label("Save this list as").fill(name)
        mei.get_by_label("Share it").set_checked(is_shared)
        mei.get_by_role("button", name="Save view").click()
        expect(mei.get_by_text(f"Saved as “{name}”.")).to_be_visible()
    mei.goto("/views/")
    take(mei, "saved_views")


def own_pages(mei: Page, take: Take) -> None:
    for path, name in (
        ("/profile/", "profile"),
        ("/sending/", "sending"),
        ("/merchants/00000000-0000-4000-8000-000000000000/", "not_found"),
    ):
        mei.goto(path)
        take(mei, name)
    mei.goto("/requests/")
    mei.keyboard.press("?")
    take(mei, "shortcuts")


def a_bulk(lena: Page, take: Take) -> None:
    lena.goto("/?health=failing")
    lena.get_by_role("checkbox", name="Select all on this page").check()
    lena.get_by_role("button", name=re.compile("^Sync latest")).click()
    lena.get_by_label("Why does it help now?").fill("They have all been told")
    lena.get_by_role("button", name="Run these").click()
    expect(lena.get_by_label("Type")).to_be_visible()
    take(lena, "bulk_review")
    lena.get_by_label("Reason").fill("Codat incident of 06:10")
    lena.get_by_label("Type").fill(lena.locator("#h-run").inner_text().split()[0])
    lena.get_by_role("button", name="Sync latest for").click()
    expect(lena.locator("#progress")).to_contain_text("Codat is working")
    lena.wait_for_timeout(8_000)
    lena.get_by_role("button", name="Pause live updates").click()
    take(lena, "bulk")
    lena.get_by_role("button", name="Resume live updates").click()
    expect(lena.locator("#progress")).to_contain_text("All is done.", timeout=300_000)
    lena.reload()
    take(lena, "bulk_result")


def alert_rules(priya: Page, take: Take) -> None:
    for name, kind, address in (
        ("Start of shift", "digest", "support@example.com"),
        ("What breaks", "changes", "on-call@example.com"),
    ):
        priya.goto("/admin/syncs/alertrule/add/")
        priya.locator("[name=name]").fill(name)
        priya.locator("[name=kind]").select_option(kind)
        for event in priya.locator("[name=events]").all():
            event.check()
        priya.locator("[name=at]").fill("08:00")
        priya.locator("[name=channel]").select_option("email")
        priya.locator("[name=address]").fill(address)
        priya.locator("[name=_save]").click()
        expect(priya.get_by_text("was added successfully")).to_be_visible()
    take(priya, "alert_rules")


def in_the_admin(panel: Panel, priya: Page, take: Take) -> None:
    priya.goto("/admin/syncs/delivery/")
    take(priya, "deliveries")
    priya.goto(panel.shops("unlisted_code")[0].path)
    priya.get_by_role("link", name="Write an entry").click()
    priya.get_by_label("What is wrong").fill("{accounting} has a reason without a name.")
    priya.get_by_label("More about it").fill("It has none in {commerce} either.")
    priya.get_by_label("Who must act").select_option("Codat")
    priya.get_by_label("Will a re-run help").select_option("Yes, try now")
    priya.get_by_role("button", name="Preview").click()
    preview = priya.locator("iframe[name=preview]")
    expect(preview.content_frame.get_by_role("heading", level=2)).to_contain_text("reason without a name")
    take(priya, "playbook", preview.scroll_into_view_if_needed)


def to_card(page: Page) -> None:
    steps.card(page).evaluate("card => card.scrollIntoView({block: 'start'})")
