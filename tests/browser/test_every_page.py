"""Every page of ours: axe finds nothing, in both themes, wide and narrow; and nothing scrolls sideways."""

import json
import re
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.browser import pages, steps
from tests.browser.conftest import Take, Visit, take_from
from tests.browser.panel import Panel, Shop

WIDTHS = (320, 390, 768, 1024, 1440)
# A theme changes colours and nothing else.
THEMES: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (
    ("light", {}),
    ("dark", {"runOnly": ["color-contrast", "link-in-text-block"]}),
)
# Left out is what no rule of these reads: every stylesheet, loaded a second time.
ASKED = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
# Of a long table the first rows and each fifth after them: the others are made of the same.
LIKE_OTHERS = "tbody tr:nth-child(n + 5):not(:nth-child(5n))"
RUN = """([left_out, options]) => axe.run({exclude: [[left_out]]}, options)
  .then((found) => found.violations.flatMap((broken) =>
  broken.nodes.map((node) => `${broken.id}: ${node.target.join(" ")}: ${node.failureSummary}`)))"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > innerWidth + 1
    && !element.closest(".scroll, pre, .chart")).slice(0, 5).map((element) => element.outerHTML.slice(0, 120))
    .concat([`${document.documentElement.scrollWidth} px`])"""
HIDDEN_COLUMNS = """() => [...document.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth)
  .map((box) => `${box.scrollWidth} px of a table in ${box.clientWidth} px`)"""


def assert_well_made(page: Page) -> None:
    page.evaluate(AXE_SCRIPT)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 1000})
        for theme, options in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            broken = page.evaluate(RUN, [LIKE_OTHERS, options | ASKED])
            assert broken == [], f"{width} px, {theme}: " + json.dumps(broken, indent=1)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate(TOO_WIDE) == [], f"{width} px"
    # The last of the widths: on a desk no column is hidden.
    assert page.evaluate(HIDDEN_COLUMNS) == []


@pytest.fixture(scope="module")
def shop(panel: Panel, taken: set[str]) -> Shop:
    return take_from(panel, taken, "healthy")


@pytest.mark.parametrize("name", pages.OURS)
def test_a_page(visit: Visit, shop: Shop, name: str) -> None:
    page = visit("/profile/", by="admin")
    pages.OURS[name](page, shop)
    assert_well_made(page)


@pytest.mark.parametrize(
    "kind",
    ["deauthorized", "never_synced", "near_fuse", "switched_off", "slow"],
)
def test_a_merchant_of_every_kind(visit: Visit, panel: Panel, kind: str) -> None:
    page = visit(f"{panel.shops(kind)[0].path}?run=historic{pages.NO_HISTORY}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_well_made(page)


def test_what_a_viewer_sees(visit: Visit, shop: Shop) -> None:
    assert_well_made(visit(shop.path, by="viewer"))


@pytest.mark.parametrize("ended", ["", "?next=/activity/&ended=unsent"])
def test_sign_in(visit: Visit, ended: str) -> None:
    page = visit(f"/sign-in/{ended}", by=None)
    assert_well_made(page)
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert_well_made(page)


def test_a_re_run_from_its_progress_to_its_record(visit: Visit, take: Take) -> None:
    shop = take("healthy")
    page = visit("/")
    steps.ask_for_latest(page, shop.path)
    steps.confirm_button(page).click()
    expect(steps.step(page, "Codat is working")).to_have_class("now")
    page.get_by_role("button", name="Pause live updates").click()
    assert_well_made(page)
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.get_by_role("button", name="Resume live updates").click()
    expect(steps.result(page)).to_contain_text("Finished")
    assert_well_made(page)
    for path in ("/requests/", "/activity/"):
        page.goto(path)
        assert_well_made(page)
    page.goto("/requests/")
    page.get_by_role("row").filter(has_text=shop.name).get_by_role("link", name="Sync latest").click()
    expect(page).to_have_url(re.compile(r"/requests/\d+/$"))
    assert_well_made(page)
