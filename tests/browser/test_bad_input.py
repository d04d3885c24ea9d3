"""What a form cannot take: the sentence stands under the field, and nothing is saved."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit, take_from
from tests.browser.panel import Panel, Shop

CASES: dict[str, tuple[str | int, str | int, str, str]] = {
    "reversed": (2, 4, "Last day", "The last day is before the first day."),
    "future": (2, -3, "Last day", "Choose up to yesterday"),
    "today": (0, 0, "Last day", "Choose up to yesterday"),
    "empty": ("", "", "First day", "Choose a day."),
    "400 days": (401, 2, "First day", "400 days are too many. Choose at most 366 at once."),
    "year 1": ("0001-01-01", "0001-01-02", "First day", "before the year 2000"),
}


@pytest.fixture(scope="module")
def shop(panel: Panel, taken: set[str]) -> Iterator[Shop]:
    """Nothing is ever asked for it."""
    shop = take_from(panel, taken, "healthy")
    yield shop
    assert panel.count_requests(shop.company_id) == 0
    assert panel.posts(shop.company_id) == []


def under(page: Page, label: str) -> str:
    """The sentence that the field itself names as its error."""
    field = steps.card(page).get_by_label(label)
    expect(field).to_have_attribute("aria-invalid", "true")
    described_by = (field.get_attribute("aria-describedby") or "").split()
    return " ".join(page.locator(f"#{name}").inner_text() for name in described_by)


def day(shop: Shop, typed: str | int) -> str:
    return str(shop.days_ago(typed)) if isinstance(typed, int) else typed


@pytest.mark.parametrize("case", CASES)
def test_days_that_cannot_be_asked_for(visit: Visit, shop: Shop, case: str) -> None:
    first, last, label, sentence = CASES[case]
    page = visit(f"{shop.path}?run=historic")
    steps.fill_range(page, day(shop, first), day(shop, last))
    steps.review(page)
    expect(steps.card(page).get_by_role("alert").filter(has_text="Nothing was saved.")).to_be_visible()
    assert sentence in under(page, label)
    expect(steps.reason_box(page)).to_have_value("Ticket 4711")


def test_a_request_without_a_reason(visit: Visit, shop: Shop) -> None:
    page = visit(f"{shop.path}?run=latest")
    steps.review(page)
    expect(steps.card(page).get_by_role("alert").filter(has_text="Nothing was saved.")).to_be_visible()
    assert "Say why, in a few words" in under(page, "Reason")


@pytest.mark.parametrize(
    "query", ["first=abc&last=xyz", "first=2026-02-30&last=", "first=%00&last=9999-99-99"]
)
def test_days_in_the_address_that_are_none(visit: Visit, shop: Shop, query: str) -> None:
    page = visit(f"{shop.path}?run=historic&{query}")
    expect(page.get_by_role("heading", level=1)).to_have_text(shop.name)
    expect(steps.card(page).get_by_label("First day")).to_have_value("")
    expect(page.locator("#range")).to_contain_text("Whole days, midnight to midnight")


def test_a_kind_in_the_address_that_is_none(visit: Visit, shop: Shop) -> None:
    page = visit(f"{shop.path}?run=everything&open=x&before=y&show=z")
    expect(steps.card(page).get_by_label("First day")).to_be_visible()


def test_days_that_are_none_posted_past_the_form(visit: Visit, shop: Shop) -> None:
    page = visit(f"{shop.path}?run=historic")
    typed = {"first_day": "abc", "last_day": "31/12/2026", "reason": "Ticket"}
    answer = steps.forge(page, f"{shop.path}rerun/range/confirm/", **typed)
    assert answer.status == 422
    assert answer.text().count("This is not a day.") == 2


def test_a_day_on_which_the_clocks_change_has_23_or_25_hours(visit: Visit, take: Take) -> None:
    shop = take("healthy", fits=lambda shop: clock_change(shop) is not None)
    day = clock_change(shop)
    assert day
    hours = length(shop, day)
    assert hours in {23, 25}
    page = visit(f"{shop.path}?run=historic&first={day}&last={day}")
    for moment in (shop.midnight(day), shop.midnight(day + timedelta(days=1))):
        expect(page.locator("#range")).to_contain_text(moment[:16].replace("T", " "))


def clock_change(shop: Shop) -> date | None:
    days = (shop.days_ago(count) for count in range(1, 300))
    return next((day for day in days if length(shop, day) != 24), None)


def length(shop: Shop, day: date) -> float:
    start, finish = (
        datetime(d.year, d.month, d.day, tzinfo=ZoneInfo(shop.zone)).astimezone(UTC)
        for d in (day, day + timedelta(days=1))
    )
    return (finish - start) / timedelta(hours=1)
