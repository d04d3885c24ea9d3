"""Pages that bring themselves up to date, without moving a row under somebody's hand."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, Route, expect

from tests.browser import steps
from tests.browser.conftest import Take, Visit
from tests.browser.panel import Panel


def polled(page: Page, path: str, region: str) -> set[int]:
    """The answers to a few polls: in another window something may still be on its way, so that the first has news."""
    seen: set[int] = set()
    for _ in range(5):
        with page.expect_response(lambda answer: path in answer.url) as answer:
            steps.wake(page, region)
        seen.add(answer.value.status)
        page.wait_for_timeout(300)
    return seen


def names(page: Page) -> list[str]:
    return page.locator("#results a.name").all_inner_texts()


def test_a_sync_that_ends_shows_on_both_pages_and_no_row_moves(visit: Visit, take: Take) -> None:
    shop = take("flaky", "archived_account", rerun="succeeds", failed_days=1)
    health, merchant, hand = visit("/?health=failing", by="lead"), visit(shop.path, by="viewer"), visit("/")
    before = names(health)
    health.locator("#q").fill("Typed, not searched")
    reason = health.locator("#reasons a").first
    reason.focus()
    row = health.locator("#results tr").filter(has_text=shop.name)
    expect(row.locator(".pill").first).not_to_contain_text("Synced")

    steps.ask_for_latest(hand, shop.path)
    steps.confirm_button(hand).click()
    expect(steps.step(hand, "Codat is working")).to_have_class("now")
    steps.wake(health, "#poll")
    expect(row).to_contain_text("Mei Tanaka")
    expect(row.locator(".pill").first).to_contain_text("Synced")
    assert names(health) == before
    failing = health.locator("#tile-failing .num").inner_text()
    expect(health.locator("#reasons .cardhead")).to_contain_text(f"{failing} failing now")
    expect(reason).to_be_focused()
    expect(health.locator("#q")).to_have_value("Typed, not searched")
    expect(merchant.locator("#h-wrong")).to_contain_text("Nothing. The last sync")
    expect(merchant.locator("#history")).to_contain_text("Mei Tanaka")

    health.get_by_role("link", name="Refresh order").click()
    expect(health.locator("#results tr").filter(has_text=shop.name)).to_have_count(0)


def test_a_poll_with_nothing_new_is_empty(visit: Visit, take: Take) -> None:
    shop = take("healthy")
    page = visit(shop.path)
    assert 204 in polled(page, shop.path, "#merchant_live")
    page.goto("/?health=healthy")
    assert 204 in polled(page, "/health/live/", "#poll")
    page.goto("/requests/")
    assert 204 in polled(page, "/requests/live/", "#rows")


def test_while_paused_nothing_is_asked(visit: Visit) -> None:
    page = visit("/")
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if "/live/" in request.url else None)
    page.get_by_role("button", name="Pause live updates").click()
    expect(page.locator("#live")).to_contain_text("Paused")
    for _ in range(3):
        steps.wake(page, "#poll")
        page.wait_for_timeout(200)
    assert seen == []
    page.get_by_role("button", name="Resume live updates").click()
    expect(page.locator("#live")).to_contain_text("Live")
    with page.expect_response("**/health/live/**"):
        steps.wake(page, "#poll")


HIDDEN = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


POLLS_EVERY_TWO_SECONDS = """() => {
    const poller = document.querySelector("#poll");
    poller.setAttribute("hx-trigger", "every 2s, wake");
    poller.dataset.waitedFor = "";
    const other = poller.cloneNode();
    poller.replaceWith(other);
    htmx.process(other);
}"""


TIMED_OUT = """() => {
    const elt = document.querySelector("#rerun form button, #rerun a");
    elt.dispatchEvent(new CustomEvent("htmx:timeout", { bubbles: true, detail: { requestConfig: { elt } } }));
}"""


def test_in_a_hidden_tab_nothing_is_asked_until_somebody_comes_back(visit: Visit, panel: Panel) -> None:
    """On a list and, whose own frame it does not share, on the admin's import page."""
    with panel.asleep("refreshing"):
        page = visit("/admin/syncs/merchant/", by="admin")
        page.get_by_role("button", name="Import from Codat").click()
        expect(page.locator("#import-progress")).to_contain_text("Waiting for a worker.")
        for path, region in ((page.url, "#import-progress"), ("/", "#poll")):
            page.goto(path)
            page.evaluate(HIDDEN, True)
            seen: list[str] = []
            page.on("request", lambda request, seen=seen: seen.append(request.url))
            page.wait_for_timeout(2500)
            steps.wake(page, region)
            page.wait_for_timeout(200)
            assert seen == []
            with page.expect_request("**?v=*" if region != "#poll" else "**/health/live/**"):
                page.evaluate(HIDDEN, False)
    expect(page.locator("#live")).to_contain_text("Live")


def test_while_the_panel_is_crowded_every_other_time_is_left_out_but_not_where_somebody_waits(
    visit: Visit,
) -> None:
    page, crowded, asked = visit("/"), {"Panel-Crowded": "1"}, list[str]()

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=204, headers=crowded)

    def asks_in(seconds: int) -> int:
        before = len(asked)
        page.clock.run_for(1000 * seconds)
        page.wait_for_timeout(200)
        return len(asked) - before

    page.clock.install()
    page.route("**/health/live/**", answer)
    page.goto("/?q=nobody")
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=1))
    assert [asks_in(15) for _ in range(5)] == [1, 0, 1, 0, 1]
    steps.wake(page, "#poll")
    page.wait_for_timeout(200)
    assert len(asked) == 4, "who comes back is told at once"
    crowded.clear()
    assert [asks_in(15) for _ in range(4)] == [0, 1, 1, 1]
    crowded["Panel-Crowded"] = "1"
    page.evaluate(POLLS_EVERY_TWO_SECONDS)
    assert [asks_in(2) for _ in range(3)] == [1, 1, 1]


def test_a_page_that_nobody_touches_for_long_says_so_until_somebody_does(visit: Visit, take: Take) -> None:
    page, asked = visit(take("healthy").path), list[str | None]()
    page.route(
        "**?v=*", lambda route: (asked.append(route.request.headers.get("panel-idle")), route.continue_())
    )

    def polls() -> str | None:
        with page.expect_response("**?v=*"):
            steps.wake(page, "#merchant_live")
        return asked[-1]

    assert polls() is None
    page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=16))
    assert polls() == "1"
    with page.expect_response("**?v=*"):
        page.mouse.move(300, 300)
    assert asked[-1] is None, "who comes back is told at once"
    assert polls() is None


def test_no_poll_takes_back_that_a_press_may_not_have_gone_through(
    visit: Visit, take: Take, panel: Panel
) -> None:
    shop = take("healthy")
    page = visit(shop.path)
    page.evaluate(TIMED_OUT)
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("look in Requests before you press it again")
    checked = page.locator("#looks").input_value()
    panel.look_without_news(shop)
    steps.wake(page, "#merchant_live")
    expect(page.locator("#looks")).not_to_have_value(checked)
    expect(trouble).to_be_visible()
    page.get_by_role("button", name="Check now").click()
    expect(trouble).to_be_hidden()


def test_what_somebody_types_outlives_a_poll(visit: Visit, take: Take) -> None:
    """Also the poll that brings news: a colleague's note."""
    shop = take("healthy")
    page, colleague = visit(f"{shop.path}?run=historic"), visit(shop.path, by="lead")
    steps.reason_box(page).fill("Half a sen")
    colleague.get_by_role("textbox", name="Note").fill("I am on the phone with them")
    colleague.get_by_role("button", name="Add note").click()
    expect(colleague.get_by_text("“I am on the phone with them”")).to_be_visible()
    steps.wake(page, "#merchant_live")
    expect(page.get_by_text("“I am on the phone with them”")).to_be_visible()
    expect(steps.reason_box(page)).to_have_value("Half a sen")


def test_what_somebody_types_outlives_somebody_elses_request(visit: Visit, take: Take) -> None:
    shop = take("flaky", "archived_account", rerun="succeeds", failed_days=1)
    page, colleague = visit(f"{shop.path}?run=latest"), visit(shop.path, by="lead")
    steps.reason_box(page).fill("Half a sen")
    steps.ask_for_latest(colleague, shop.path)
    steps.confirm_button(colleague).click()
    expect(steps.step(colleague, "Saved")).to_be_visible()
    steps.wake(page, "#merchant_live")
    expect(steps.card(page)).to_contain_text("Your form is put aside while this request is under way.")
    expect(steps.reason_box(page)).to_be_hidden()
    expect(steps.card(page)).to_contain_text(
        "Your form was put aside while Lena Horvath's request was under way."
    )
    expect(steps.reason_box(page)).to_be_visible()
    expect(steps.reason_box(page)).to_have_value("Half a sen")


def test_the_filters_live_in_the_address(visit: Visit) -> None:
    page = visit("/")
    steps.choose_codes(page, "5130")
    expect(page).to_have_url(re.compile(r"code=5130"))
    expect(page.locator("#results .pill").first).to_contain_text("5130")
    page.go_back()
    expect(page).not_to_have_url(re.compile("code"))
    expect(page.locator("#code-menu summary")).to_have_text("Code")
