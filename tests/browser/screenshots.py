"""The pictures in docs/screenshots, taken from a running panel: `make screenshots`. The light ones have no suffix."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from playwright.sync_api import Page, expect, sync_playwright

from tests import chromium
from tests.browser import scenes
from tests.browser.panel import Panel
from tests.browser.small_png import shrink
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
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        scenes.play(panel, browser, partial(take, browser.new_page()))
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


def take(blank: Page, page: Page, name: str, make_ready: Callable[[], None] = lambda: None) -> None:
    for suffix, width, height, theme in VARIANTS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.evaluate("scrollTo(0, 0)")
        make_ready()
        picture = page.screenshot(caret="hide", animations="disabled")
        (FOLDER / f"{name}{suffix}.png").write_bytes(shrink(picture, blank))
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    sys.exit(main())
