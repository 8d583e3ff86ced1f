"""A real browser on a real server: headless Chromium (the package of the system) and waitress."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from modou.services import sessions
from modou.web.security import SESSION_COOKIE
from tests.conftest import SiteUnderTest
from tests.serving import served

#: The shell has no windows, bars and menus of its own to paint; that is a third of the work.
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), ""
)


#: Milliseconds that something may take on a machine that has much else to do.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            # The last net, for CI; each rerun is told at the end, and is a defect to mend.
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("the package chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def address(site: SiteUnderTest) -> Iterator[str]:
    """The site, served on a free port of this machine."""
    with served(site.app) as found:
        yield found


def until_ready(page: Page) -> None:
    """Wait until the theme's scripts have done their work: some are loaded after the page."""
    if page.locator('script[src*="/modou.js"]').count():
        page.locator("html[data-ready]").wait_for(state="attached")


@pytest.fixture
def open_page(
    site: SiteUnderTest, address: str, chromium: Browser
) -> Iterator[Callable[..., Page]]:
    """`open_page("/path", "username", **options of the browser context)` -> the page.

    A script error or a breach of the content security policy fails the test.
    """
    contexts = []
    faults: list[str] = []

    def open_(path: str, username: str = "", **options: Any) -> Page:
        context = chromium.new_context(base_url=address, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if username:
            with site.occasion() as occasion:
                user = occasion.site.users.by_id(occasion.site.user_index.usernames[username])
                token = sessions.start(occasion, user)
            context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text) if "Content Security" in message.text else None
            ),
        )
        page.goto(path)
        if options.get("java_script_enabled", True):
            until_ready(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not faults
