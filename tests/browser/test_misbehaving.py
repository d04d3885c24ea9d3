"""Codat, a gateway or the network misbehaves while somebody works: each page says what is known, and no more."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel, Shop

POSTS = r"/sync/commerce/(latest|historic)$"


@pytest.fixture(autouse=True)
def _codat_behaves_again(panel: Panel) -> Iterator[None]:
    yield
    panel.clear_faults()
    panel.resume_sending()


@pytest.fixture
def shop(take: Take) -> Shop:
    return take("healthy", rerun="succeeds")


def pressed(visit: Visit, shop: Shop) -> Page:
    page = visit("/")
    steps.ask_for_latest(page, shop.path)
    steps.confirm_button(page).click()
    return page


@pytest.mark.parametrize(
    ("fault", "applied", "why"),
    [
        ("drop_after", True, "the connection was cut"),
        ("drop_before", False, "the connection was cut"),
        ("500_after", True, "Codat answered 500"),
        ("html", False, "Codat answered 502"),
        ("truncated_json", True, "is not valid JSON"),
    ],
)
def test_without_an_answer_to_trust_it_is_not_sent_again_and_the_page_says_so(  # noqa: PLR0917
    visit: Visit, panel: Panel, shop: Shop, fault: str, applied: bool, why: str
) -> None:
    panel.fault(fault, shop, method="POST", path_regex=POSTS)
    page = pressed(visit, shop)
    card = steps.card(page)
    expect(card).to_contain_text("We have no answer that we can trust.")
    expect(card).to_contain_text("will not run twice")
    expect(steps.step(page, "Codat is working")).not_to_have_class("done")
    [post] = panel.posts(shop.company_id)
    assert post["applied"] is applied
    page.goto("/requests/")
    row = page.get_by_role("row").filter(has_text=shop.name)
    expect(row.locator(".pill")).to_contain_text("No answer yet")
    page.goto("/activity/")
    expect(page.get_by_role("row").filter(has_text=shop.name).filter(has_text=why)).to_have_count(1)


def test_a_refusal_is_told_in_codats_own_words(visit: Visit, panel: Panel, shop: Shop) -> None:
    panel.fault("overlap", shop, method="POST", path_regex=POSTS)
    page = pressed(visit, shop)
    expect(steps.result(page)).to_contain_text("Codat refused this request")
    expect(steps.result(page)).to_contain_text("Date overlaps with a previous sync date range")
    expect(steps.result(page)).to_contain_text("Nothing was run")
    [post] = panel.posts(shop.company_id)
    assert not post["applied"]


def test_while_codat_wants_fewer_calls_the_request_waits_and_is_then_sent_once(
    visit: Visit, panel: Panel, shop: Shop
) -> None:
    panel.fault("429", shop, {"retry_after": 2}, method="POST", path_regex=POSTS, count=1)
    page = pressed(visit, shop)
    expect(steps.result(page)).to_contain_text("Finished: ")
    assert [post["applied"] for post in panel.posts(shop.company_id)] == [False, True]


def test_what_cannot_be_asked_is_shown_with_its_age(visit: Visit, panel: Panel, shop: Shop) -> None:
    page = visit(shop.path)
    panel.fault("503", shop, method="GET")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("Codat could not be asked.")).to_be_visible()
    expect(page.get_by_text("Codat answered 503")).to_be_visible()
    panel.clear_faults()
    panel.let_check_again(shop)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("Codat could not be asked.")).to_have_count(0)


def test_somebody_elses_sync_is_not_taken_for_ours(visit: Visit, panel: Panel, shop: Shop) -> None:
    """Pressed in the Portal in the moment between our look and our POST: ours then collides with it."""
    panel.fault("foreign_sync", shop, method="POST", path_regex=POSTS, count=1)
    page = pressed(visit, shop)
    expect(steps.result(page)).to_contain_text("Failed with “Stopped: duplicate risk” (5080)")
    foreign, ours = panel.posts(shop.company_id)
    assert (foreign["kind"], ours["kind"]) == ("foreign", "latest")
