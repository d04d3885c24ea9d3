"""However often and by whomever a button is pressed: one request, one line in the ledger."""

from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel


def test_a_double_click_on_confirm_asks_once(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("healthy")
    page = visit("/")
    steps.ask_for_latest(page, shop.path)
    steps.confirm_button(page).dblclick()
    expect(steps.step(page, "Codat is working")).to_have_class("now")
    assert len(panel.posts(shop.company_id)) == panel.count_requests(shop.company_id) == 1


def test_the_same_form_sent_again_finds_the_first_request(visit: Visit, take: Take, panel: Panel) -> None:
    """As after a reload, or from a tab that was restored."""
    shop = take("healthy")
    page = visit("/")
    steps.ask_for_latest(page, shop.path)
    form = filled_in(page)
    steps.confirm_button(page).click()
    expect(steps.step(page, "Saved")).to_have_class("done")
    for _ in range(2):
        again = steps.post(page, f"{shop.path}rerun/latest/confirm/", form)
        assert shop.path in again.url
    expect(steps.result(page)).to_contain_text("Finished")
    steps.post(page, f"{shop.path}rerun/latest/confirm/", form)
    assert len(panel.posts(shop.company_id)) == panel.count_requests(shop.company_id) == 1


def filled_in(page: Page) -> dict[str, str]:
    fields = steps.card(page).locator("form input").all()
    return {field.get_attribute("name") or "": field.input_value() for field in fields}


def test_of_two_people_at_once_the_second_reads_who_was_first(visit: Visit, take: Take, panel: Panel) -> None:
    shop = take("healthy")
    meis, lenas = visit("/", by="support"), visit("/", by="lead")
    for page in (meis, lenas):
        steps.ask_for_latest(page, shop.path)
    steps.confirm_button(meis).click()
    expect(steps.step(meis, "Saved")).to_have_class("done")
    steps.confirm_button(lenas).click()
    expect(steps.card(lenas)).to_contain_text(
        "Nothing was saved. Mei Tanaka has already asked for a sync of this merchant. Wait for its result."
    )
    expect(steps.card(lenas)).to_contain_text("Your form is put aside")
    expect(steps.result(meis)).to_contain_text("Finished")
    steps.wake(lenas, "#merchant_live")
    expect(steps.card(lenas)).to_contain_text(
        "Your form was put aside while Mei Tanaka's request was under way."
    )
    expect(steps.reason_box(lenas)).to_have_value("Ticket 4711")
    assert len(panel.posts(shop.company_id)) == panel.count_requests(shop.company_id) == 1


def test_many_presses_at_the_same_moment_are_one_request(visit: Visit, take: Take, panel: Panel) -> None:
    """From one page, each with a form token of its own, as from many tabs."""
    shop = take("healthy")
    page = visit("/")
    steps.ask_for_latest(page, shop.path)
    forms = [filled_in(page) | {"form_token": str(uuid4())} for _ in range(5)]
    answers = page.evaluate(
        """([url, forms]) => Promise.all(forms.map((form) =>
          fetch(url, {method: "POST", body: new URLSearchParams(form)}).then((answer) => answer.status)
        ))""",
        [f"{shop.path}rerun/latest/confirm/", forms],
    )
    assert sorted(answers) == [200, 422, 422, 422, 422]
    page.goto(shop.path)
    expect(steps.step(page, "Codat is working")).to_have_class("now")
    assert len(panel.posts(shop.company_id)) == panel.count_requests(shop.company_id) == 1
