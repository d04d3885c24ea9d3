"""A press while a part of the whole is down: the pages say what is so, nothing is sent twice, nothing is lost."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel, Shop
from tests.browser.test_misbehaving import POSTS

# Codat is looked at again after half a minute; a part that was silent for a minute counts as gone.
SOON, A_MINUTE = 60_000, 90_000
NO_VERDICT = re.compile("Finished|Failed|Refused|Never ran")


@pytest.fixture(autouse=True)
def _all_is_well_again(panel: Panel) -> Iterator[None]:
    yield
    panel.clear_faults()
    panel.resume_sending()


@pytest.fixture
def shop(take: Take) -> Shop:
    return take("healthy", rerun="succeeds")


def pressed(page: Page, shop: Shop) -> None:
    steps.ask_for_latest(page, shop.path)
    steps.confirm_button(page).click()
    expect(steps.card(page)).to_contain_text("in progress")


def notices(page: Page) -> Locator:
    return page.get_by_role("region", name="Notices")


def row_of(page: Page, shop: Shop) -> Locator:
    page.goto("/requests/")
    return page.get_by_role("row").filter(has_text=shop.name).first


def case_of(page: Page, shop: Shop) -> Locator:
    row_of(page, shop).get_by_role("link", name="Sync latest").click()
    return page.locator("#case")


def applied(panel: Panel, shop: Shop) -> list[bool]:
    return [post["applied"] for post in panel.posts(shop.company_id)]


def assert_everywhere(page: Page, shop: Shop, word: str, sentence: str) -> None:
    """The list and the case tell the same as the merchant's page, and no result."""
    for go_to in (row_of, case_of):
        place = go_to(page, shop)
        expect(place.locator(".pill").first).to_contain_text(word)
        expect(place).to_contain_text(sentence)
        expect(place).not_to_contain_text(NO_VERDICT)
    page.goto(shop.path)


@pytest.mark.long
def test_while_codat_is_down_it_waits_and_is_then_sent_once(visit: Visit, panel: Panel, shop: Shop) -> None:
    page = visit("/")
    with panel.outage():
        pressed(page, shop)
        expect(steps.card(page)).to_contain_text("Waiting: Codat answered 503")
        assert_everywhere(page, shop, "Waiting", "Waiting: Codat answered 503")
        expect(notices(page)).to_contain_text("Codat does not answer. Showing data from ", timeout=A_MINUTE)
        expect(page.locator("#live")).to_contain_text(re.compile(r"Stale\s+· data from \d\d:\d\d"))
        assert panel.posts(shop.company_id) == []
    expect(steps.result(page)).to_contain_text("Finished: ", timeout=SOON)
    expect(page.locator("#live")).to_contain_text("Live", timeout=A_MINUTE)
    assert applied(panel, shop) == [True]


@pytest.mark.long
def test_where_codat_answers_looks_but_no_posts_three_are_uncertain_and_the_fourth_waits(
    visit: Visit, panel: Panel, take: Take
) -> None:
    first, second, third, fourth = (take("healthy", rerun="succeeds") for _ in range(4))
    page = visit("/")
    # A look that Codat answers would end the stop at once.
    with panel.asleep("refreshing"):
        for shop, fault in ((first, "drop_after"), (second, "drop_before"), (third, "drop_after")):
            panel.fault(fault, shop, method="POST", path_regex=POSTS)
            pressed(page, shop)
            expect(steps.card(page)).to_contain_text("We have no answer that we can trust.")
        pressed(page, fourth)
        expect(notices(page)).to_contain_text("Three requests in a row got no answer that we can trust")
        assert panel.posts(fourth.company_id) == []
    expect(steps.result(page)).to_contain_text("Finished: ", timeout=SOON)
    assert applied(panel, fourth) == [True]
    for shop, was_applied in ((first, True), (second, False), (third, True)):
        assert_everywhere(page, shop, "No answer yet", "No answer that we can trust")
        assert applied(panel, shop) == [was_applied]


@pytest.mark.long
def test_while_its_worker_hangs_it_is_not_called_sent_until_another_takes_the_place(
    visit: Visit, panel: Panel, shop: Shop
) -> None:
    page = visit("/")
    with panel.asleep("sending"):
        pressed(page, shop)
        expect(steps.step(page, "Saved")).to_have_class("now")
        assert_everywhere(page, shop, "Saved", "Not sent yet")
        assert panel.posts(shop.company_id) == []
        expect(steps.result(page)).to_contain_text("Finished: ", timeout=A_MINUTE)
    assert applied(panel, shop) == [True]


def test_without_a_clock_it_is_sent_and_its_result_comes_late(visit: Visit, panel: Panel, shop: Shop) -> None:
    page = visit("/")
    with panel.asleep("clock"):
        pressed(page, shop)
        expect(steps.step(page, "Codat is working")).to_have_class("now")
        assert_everywhere(page, shop, "Codat is working", "Codat accepted it")
    expect(steps.result(page)).to_contain_text("Finished: ", timeout=SOON)
    assert applied(panel, shop) == [True]


def test_without_a_queue_the_clock_sends_it_once(visit: Visit, panel: Panel, shop: Shop) -> None:
    page = visit("/")
    with panel.asleep("valkey"):
        pressed(page, shop)
        expect(steps.result(page)).to_contain_text("Finished: ", timeout=SOON)
    assert applied(panel, shop) == [True]


@pytest.mark.long
def test_while_codat_wants_no_calls_for_an_hour_it_waits_and_can_be_cancelled(
    visit: Visit, panel: Panel, shop: Shop
) -> None:
    panel.fault("429", shop, {"retry_after": 3600}, method="POST", path_regex=POSTS)
    page = visit("/")
    try:
        pressed(page, shop)
        expect(steps.card(page)).to_contain_text("Waiting: ")
        expect(notices(page)).to_contain_text("Calls to Codat are paused.", timeout=SOON)
        assert_everywhere(page, shop, "Waiting", "Waiting: Codat ")
        page.get_by_role("button", name="Cancel: Codat has not taken it").click()
        expect(page.get_by_text("Cancelled: nothing runs for")).to_be_visible()
    finally:
        panel.end_pause()
    assert applied(panel, shop) == [False]
