"""On paper: what a page says, black on white from the dark theme too, and nothing that can only be pressed."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.panel import Panel
from tests.browser.test_every_page import TOO_WIDE

# An A4 page within its margins, in CSS pixels, upright and on its side.
UPRIGHT, ON_ITS_SIDE = 703, 1032
PRESSED_ONLY = ".topbar, .toolbar, .btn, .iconbtn, .chip, .bulk, form.form"
COLOURS = "() => { const body = getComputedStyle(document.body); return [body.color, body.backgroundColor]; }"


@pytest.mark.parametrize("path", ["merchant", "/hand-over/", "/?health=failing", "/requests/"])
def test_a_page_prints(visit: Visit, panel: Panel, path: str) -> None:
    shop = panel.shops("settings")[0]
    page = visit(shop.path if path == "merchant" else path, color_scheme="dark")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    is_wide = page.locator(".list, .dense, #results .cards").count() > 0
    page.set_viewport_size({"width": ON_ITS_SIDE if is_wide else UPRIGHT, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(PRESSED_ONLY).filter(visible=True)).to_have_count(0)
    assert page.evaluate(COLOURS) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    assert page.evaluate(TOO_WIDE) == []
