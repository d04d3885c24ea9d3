"""The pictures in docs/screenshots, taken from a running panel: `make screenshots`. The light ones have no suffix."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import chromium
from tests.browser import steps
from tests.browser.panel import Panel, Shop
from tests.processes.desk import ROOT

FOLDER = ROOT / "docs" / "screenshots"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"]
Theme = Literal["light", "dark"]
# Suffix, size and theme; together the pictures stay small enough for a repository.
VARIANTS: tuple[tuple[str, int, int, Theme], ...] = (
    ("", 1440, 720, "light"),
    ("_dark", 1440, 720, "dark"),
    ("_narrow", 390, 844, "light"),
)


class Village(Panel):
    command = ("-m", "tests.browser.run_fast", "200")


def main() -> int:
    executable = chromium.executable()
    if executable is None:
        print("There is no Chromium here (Debian: apt-get install chromium-headless-shell).", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, running(Path(folder)) as panel, sync_playwright() as playwright:
        expect.set_options(timeout=60_000)
        take_all(panel, playwright.chromium.launch(executable_path=executable, args=FLAGS))
    size = sum(file.stat().st_size for file in FOLDER.glob("*.png"))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures, {size / 1e6:.1f} MB, in {FOLDER}")
    return 0


@contextmanager
def running(folder: Path) -> Iterator[Panel]:
    panel = Village(folder)
    try:
        panel.start()
        yield panel
    finally:
        panel.end()


def take_all(panel: Panel, browser: Browser) -> None:
    mei, lena, priya = (signed_in(panel, browser, name) for name in ("support", "lead", "admin"))
    stranger = browser.new_page(base_url=panel.url)
    stranger.goto("/sign-in/")
    take(stranger, "sign_in")
    a_morning(panel, mei, lena)

    shop = restored(panel)
    failed = panel.failed_days(shop.company_id)
    priya.goto(f"{shop.path}?run=historic")
    steps.fill_range(priya, shop.days_ago(failed + 2), shop.days_ago(1), "Merchant restored the account")
    expect(priya.locator("#range").get_by_role("alert")).to_be_visible()
    take(priya, "merchant")
    priya.locator("#range").get_by_role("link", name="instead").click()
    expect(priya.locator("#range").get_by_role("alert")).to_have_count(0)
    steps.review(priya)
    button = steps.confirm_button(priya)
    take(priya, "confirm", lambda: to_card(priya))
    button.click()
    expect(steps.step(priya, "Codat is working")).to_have_class("now")
    priya.get_by_role("button", name="Pause live updates").click()
    take(priya, "progress", lambda: to_card(priya))

    priya.goto("/requests/")
    take(priya, "requests")
    priya.get_by_role("row").filter(has_text=shop.name).get_by_role("link", name="Re-run").click()
    take(priya, "request")
    priya.goto("/activity/")
    take(priya, "activity")
    priya.goto("/syncs/?result=failed")
    take(priya, "all_syncs")
    priya.goto("/?health=failing")
    take(priya, "health")
    take_a_bulk(lena)


def take_a_bulk(lena: Page) -> None:
    lena.goto("/?health=failing")
    lena.get_by_role("checkbox", name="Select all on this page").check()
    lena.get_by_role("button", name="Sync latest…").click()
    take(lena, "bulk_review")
    lena.get_by_label("Reason").fill("Codat incident of 06:10")
    lena.get_by_label("Type").fill(lena.locator("#h-run").inner_text().split()[0])
    lena.get_by_role("button", name="Sync latest for").click()
    expect(lena.locator("#progress")).to_contain_text("Codat is working")
    lena.wait_for_timeout(8_000)
    lena.get_by_role("button", name="Pause live updates").click()
    take(lena, "bulk")


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


def to_card(page: Page) -> None:
    steps.card(page).evaluate("card => card.scrollIntoView({block: 'start'})")


def take(page: Page, name: str, make_ready: Callable[[], None] = lambda: None) -> None:
    for suffix, width, height, theme in VARIANTS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.evaluate("scrollTo(0, 0)")
        make_ready()
        page.screenshot(path=FOLDER / f"{name}{suffix}.png", caret="hide", animations="disabled")
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    sys.exit(main())
