"""A real browser and a real installation, started once and shared by all journeys; each has merchants of its own."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from tests import chromium
from tests.browser.panel import Panel, Shop
from tests.browser.watch import Watch
from tests.openapi.watching import AGAINST

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PATIENCE = 20_000
Visit = Callable[..., Page]
Take = Callable[..., Shop]


MISSING = "There is no Chromium here (Debian: apt-get install chromium-headless-shell)."


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if "tests/browser/" in item.path.as_posix()]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    if chromium.executable() is None and not os.environ.get("CI"):
        # One line says it for all of them.
        config.hook.pytest_deselected(items=ours[1:])
        items[:] = [item for item in items if item not in ours[1:]]


@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    """Ended with the last test of this folder: others cannot use Django's ORM beside Playwright's event loop."""
    executable = chromium.executable()
    if executable is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        yield playwright.chromium.launch(executable_path=executable, args=FLAGS)


@pytest.fixture(scope="package")
def panel(chrome: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    panel = Panel(tmp_path_factory.mktemp("panel"))
    try:
        panel.start()
        yield panel
        assert AGAINST not in panel.said()
    finally:
        panel.end()


@pytest.fixture(scope="package")
def sessions(panel: Panel, chrome: Browser) -> dict[str, StorageState]:
    """Sessions of the demo users, by role."""
    return {role: sign_in(chrome, panel, role) for role in ("viewer", "support", "lead", "admin")}


def sign_in(chrome: Browser, panel: Panel, role: str) -> StorageState:
    context = chrome.new_context(base_url=panel.url)
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("Name").fill(role)
    page.get_by_label("Password").fill(role)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def visit(panel: Panel, chrome: Browser, sessions: dict[str, StorageState]) -> Iterator[Visit]:
    """`visit("/requests/", by="lead")`: a page in a window of its own, signed in; `by=None` is nobody."""
    contexts: list[tuple[BrowserContext, Watch]] = []

    def visit(path: str = "/", by: str | None = "support", **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1440, "height": 1000})
        # What pulses is drawn anew all the time, at the expense of what is tried.
        options.setdefault("reduced_motion", "reduce")
        state = sessions[by] if by else None
        context = chrome.new_context(base_url=panel.url, storage_state=state, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append((context, Watch(context)))
        page = context.new_page()
        page.goto(path)
        return page

    yield visit
    for context, _ in contexts:
        context.close()
    assert [complaint for _, watch in contexts for complaint in watch.complaints] == []


@pytest.fixture(scope="package")
def taken() -> set[str]:
    return set()


@pytest.fixture
def take(panel: Panel, taken: set[str]) -> Take:
    """`take("flaky", rerun="succeeds")`: a merchant of this kind that no other test has had or will get."""
    return partial(take_from, panel, taken)


def take_from(
    panel: Panel,
    taken: set[str],
    *kinds: str,
    rerun: str | None = None,
    failed_days: int = 0,
    fits: Callable[[Shop], bool] = lambda shop: True,
) -> Shop:
    for shop in (shop for kind in kinds for shop in panel.shops(kind)):
        as_asked = rerun in {None, shop.rerun} and shop.company_id not in taken and fits(shop)
        if as_asked and panel.failed_days(shop.company_id) >= failed_days:
            taken.add(shop.company_id)
            return shop
    raise LookupError(f"The sandbox has no more merchants of these kinds: {', '.join(kinds)}")
