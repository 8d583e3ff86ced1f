"""Every page of the demonstration, found by following links: no rule of accessibility is broken,
nothing sticks out sideways, on a phone in the dark and on a PC in the light."""

from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request

from modou import demo
from modou.services import sessions
from modou.web.security import SESSION_COOKIE
from tests.conftest import SiteUnderTest
from tests.serving import served

# One site for all who look at it.
pytestmark = pytest.mark.xdist_group("every_page")

#: Answers that are no pages.
NO_PAGES = frozenset({"file", "course_cover", "theme_css", "theme_picture"})
DEVICES: dict[str, dict[str, Any]] = {
    "pc": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
}
#: Who is only looked at where learners and teachers do not come: the rest is the same for all.
OFFICE = frozenset({"operator", "auditor", "sysadmin"})
#: Links of one kind that are followed for one person: pages of activities differ by their type.
MOST = {"activity": 8}


@pytest.fixture(scope="module")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """For all of them: they only look."""
    site = SiteUnderTest(
        tmp_path_factory.mktemp("demo"),
        **{"modou.plugins": "lesson notices quiz", "modou.locale": "zh_CN"},
    )
    try:
        demo.fill(site.registry.access, lambda text: None)
        site.work()
        yield site
    finally:
        site.close()


@pytest.fixture(scope="module")
def demo_address(demo_site: SiteUnderTest) -> Iterator[str]:
    with served(demo_site.app) as found:
        yield found


def route_of(site: SiteUnderTest, path: str) -> str:
    """Name of the route that `path` leads to; "" for what is none of ours."""
    mapper = site.registry.getUtility(IRoutesMapper)
    route = mapper(Request.blank(path))["route"]
    return route.name if route is not None else ""


def pages_of(site: SiteUnderTest, username: str) -> list[str]:
    """One address for each route that links lead to from the front page, as `username` sees them
    (of routes in `MOST` some more)."""
    browser = site.browser(username or None)
    found: dict[str, list[str]] = {}
    seen = set()
    waiting = deque(["/"])
    while waiting:
        path = waiting.popleft()
        name = route_of(site, path)
        if name in NO_PAGES or name.startswith("__") or not name:
            continue
        of_this = found.setdefault(name, [])
        if len(of_this) >= MOST.get(name, 1):
            continue
        answer = browser.get(path, expect_errors=True)
        if answer.status_int != 200 or answer.content_type != "text/html":
            continue
        of_this.append(path)
        for link in answer.html.select("a[href]"):
            target = urlsplit(link["href"])
            if target.scheme or target.netloc or not target.path.startswith("/"):
                continue
            if target.path not in seen:
                seen.add(target.path)
                waiting.append(target.path)
    return [path for paths in found.values() for path in paths]


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page, one line each."""
    found = [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in Axe().run(page).response["violations"]
        for node in rule["nodes"]
    ]
    wide = page.evaluate(
        "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    )
    if wide > 0:
        found.append(f"sticks out by {wide} px")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("person", ["", "learner", "teacher", "operator", "auditor", "sysadmin"])
def test_every_page(
    demo_site: SiteUnderTest, demo_address: str, chromium: Browser, person: str
) -> None:
    paths = pages_of(demo_site, person)
    assert len(paths) > (4 if not person else 12), paths
    if person in OFFICE:
        paths = [path for path in paths if path.startswith(("/admin", "/cohorts"))]
    cookies = []
    if person:
        with demo_site.occasion() as occasion:
            user = occasion.site.users.by_id(occasion.site.user_index.usernames[person])
            token = sessions.start(occasion, user)
        cookies.append({"name": SESSION_COOKIE, "value": token, "url": demo_address})
    faults = {}
    for device, options in DEVICES.items():
        context = chromium.new_context(base_url=demo_address, locale="zh-CN", **options)
        context.set_default_timeout(10_000)
        context.add_cookies(cookies)
        page = context.new_page()
        for path in paths:
            page.goto(path, wait_until="load")
            if found := faults_of(page):
                faults[device, path] = found
        context.close()
    assert not faults
