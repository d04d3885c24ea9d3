"""Ages in words grow while a page stays open; what the browser says then is what the server would say."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, Route

from syncs import moments
from tests.browser.conftest import Visit

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
ZONE = ZoneInfo("Europe/London")
EVENING = datetime(2026, 11, 20, 22, 10, tzinfo=ZONE)
AGES = [
    *(0 * SECOND, 30 * SECOND, 59 * SECOND, MINUTE, 14 * MINUTE, 59 * MINUTE, HOUR, 119 * MINUTE),
    *(11 * HOUR, 13 * HOUR, 22 * HOUR),
]
PUT = """([id, at, words, isSpan]) => {
    const time = document.createElement("time");
    time.id = id; time.dateTime = at; time.textContent = words;
    if (isSpan) time.dataset.soFar = "";
    document.body.append(time);
}"""


@pytest.fixture
def page(visit: Visit) -> Page:
    """A page of somebody in London, on an evening."""
    return opened(visit("/profile/"))


def opened(page: Page, *, server_says: datetime = EVENING, zone: str = "Europe/London") -> Page:
    """On a computer whose clock says that it is this evening."""

    def in_the_evening(route: Route) -> None:
        answer = route.fetch()
        says = f'data-zone="{zone}" data-now="{server_says.timestamp():.0f}"'
        route.fulfill(response=answer, body=re.sub(r'data-zone="[^"]*" data-now="\d+"', says, answer.text()))

    page.clock.install(time=EVENING)
    page.route("**/profile/", in_the_evening)
    page.goto("/profile/")
    assert page.locator("#live").get_attribute("data-zone") == zone
    return page


def put(page: Page, key: str, at: datetime, words: str, *, is_span: bool = False) -> None:
    page.evaluate(PUT, [key, at.isoformat(), words, is_span])


def test_ages_are_told_in_the_words_of_the_server(page: Page) -> None:
    """Also over midnight, from which on they are of yesterday."""
    for number, age in enumerate(AGES):
        put(page, f"age-{number}", EVENING - age, moments.relative(EVENING - age, EVENING))
        put(page, f"span-{number}", EVENING - age, moments.length(age), is_span=True)
    then = EVENING
    for step in (15 * SECOND, 45 * SECOND, 44 * MINUTE, 55 * MINUTE, 80 * MINUTE, 2 * HOUR):
        then += step
        page.clock.fast_forward(int(step.total_seconds() * 1000))
        for number, age in enumerate(AGES):
            at = EVENING - age
            assert page.locator(f"#age-{number}").inner_text() == moments.relative(at, then), (then, age)
            assert page.locator(f"#span-{number}").inner_text() == moments.length(then - at), (then, age)


def test_what_counts_no_minutes_waits_for_the_next_answer(page: Page) -> None:
    said = ["Yesterday", "21 days ago", "18 Sep", "in 5 min", "Tomorrow", "14 min ago · Today, 21:56"]
    for number, words in enumerate(said):
        put(page, f"it-{number}", EVENING - 14 * MINUTE, words)
    page.clock.fast_forward(60_000)
    for number, words in enumerate(said):
        assert page.locator(f"#it-{number}").inner_text() == words.replace("14 min", "15 min")


@pytest.mark.parametrize("ahead", [-20 * MINUTE, 26 * HOUR], ids=str)
def test_a_computer_whose_clock_is_wrong_tells_the_ages_of_the_servers(
    visit: Visit, ahead: timedelta
) -> None:
    now = EVENING - ahead
    page = opened(visit("/profile/"), server_says=now)
    put(page, "it", now - 14 * MINUTE, "14 min ago")
    page.clock.fast_forward(60_000)
    assert page.locator("#it").inner_text() == "15 min ago"


def test_what_is_older_than_yesterday_is_not_said_to_be_of_yesterday(page: Page) -> None:
    """In a tab that was paused over the weekend; its next answer tells it."""
    put(page, "it", EVENING - HOUR, "1 h ago")
    page.clock.fast_forward(int((30 * HOUR).total_seconds() * 1000))
    assert page.locator("#it").inner_text() == "1 h ago"


def test_of_a_zone_that_the_browser_has_not_heard_of_ages_grow_all_the_same(visit: Visit) -> None:
    page = opened(visit("/profile/"), zone="Mars/Olympus")
    put(page, "it", EVENING - 14 * MINUTE, "14 min ago")
    page.clock.fast_forward(60_000)
    assert page.locator("#it").inner_text() == "15 min ago"
