"""Every page of the demonstration, found by following links: no rule of accessibility is broken,
nothing sticks out sideways, on a phone in the dark and on a PC in the light."""

from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml import html
from playwright.sync_api import Browser, Page
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request

from modou import demo
from modou.services import sessions
from modou.web.security import SESSION_COOKIE
from tests.browser.conftest import PATIENCE, until_ready
from tests.conftest import SiteUnderTest
from tests.serving import served

#: Answers that are no pages.
NO_PAGES = frozenset({"file", "course_cover", "theme_css", "theme_picture"})
DEVICES: dict[str, dict[str, Any]] = {
    "pc": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
}
PEOPLE = ("", "learner", "teacher", "operator", "auditor", "sysadmin")
#: Who is only looked at where learners and teachers do not come: the rest is the same for all.
OFFICE = frozenset({"operator", "auditor", "sysadmin"})
#: Links of one kind that are followed for one person: pages of activities differ by their type.
MOST = {"activity": 8}
#: An element's place in the look of a page: (its tag, classes, role and type, those of its parent).
Look = frozenset[tuple[str, str]]


@pytest.fixture(scope="module")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteUnderTest]:
    """For all of them: they only look."""
    site = SiteUnderTest(
        tmp_path_factory.mktemp("demo"),
        **{"modou.plugins": "lesson quiz notices", "modou.locale": "zh_CN"},
    )
    try:
        demo.fill(site.registry.access, lambda text: None)
        site.work()
        yield site
    finally:
        site.close()


@pytest.fixture(scope="module")
def tours(demo_site: SiteUnderTest) -> dict[str, list[str]]:
    """Person -> where to look. A page that is made of nothing but what stands on one that somebody
    before looks at (the administration, seen by the auditor) would only show the same again."""
    known: list[Look] = []
    found = {}
    for person in PEOPLE:
        paths = pages_of(demo_site, person)
        assert len(paths) > (4 if not person else 12), paths
        found[person] = []
        for path, look in paths.items():
            if person in OFFICE and not path.startswith(("/admin", "/cohorts")):
                continue
            if not any(look <= other for other in known):
                known.append(look)
                found[person].append(path)
    return found


@pytest.fixture(scope="module")
def demo_address(demo_site: SiteUnderTest) -> Iterator[str]:
    with served(demo_site.app) as found:
        yield found


def route_of(site: SiteUnderTest, path: str) -> str:
    """Name of the route that `path` leads to; "" for what is none of ours."""
    mapper = site.registry.getUtility(IRoutesMapper)
    route = mapper(Request.blank(path))["route"]
    return route.name if route is not None else ""


def look_of(page: html.HtmlElement) -> Look:
    def kind(element: Any) -> str:
        told = (element.get(name, "") for name in ("class", "role", "type"))
        return " ".join((element.tag, *told))

    return frozenset(
        (kind(element), kind(element.getparent()))
        for element in page.iterdescendants()
        if isinstance(element.tag, str)
    )


def pages_of(site: SiteUnderTest, username: str) -> dict[str, Look]:
    """One address for each route that links lead to from the front page, as `username` sees them
    (of routes in `MOST` some more)."""
    browser = site.browser(username or None)
    followed: dict[str, int] = {}
    found = {}
    seen = set()
    waiting = deque(["/"])
    while waiting:
        path = waiting.popleft()
        name = route_of(site, path)
        if name in NO_PAGES or name.startswith("__") or not name:
            continue
        if followed.get(name, 0) >= MOST.get(name, 1):
            continue
        answer = browser.get(path, expect_errors=True)
        if answer.status_int != 200 or answer.content_type != "text/html":
            continue
        followed[name] = followed.get(name, 0) + 1
        page = html.document_fromstring(answer.body)
        found[path] = look_of(page)
        for link in page.iterfind(".//a[@href]"):
            target = urlsplit(link.get("href"))
            if target.scheme or target.netloc or not target.path.startswith("/"):
                continue
            if target.path not in seen:
                seen.add(target.path)
                waiting.append(target.path)
    return found


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page, one line each."""
    found = [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        for node in rule["nodes"]
    ]
    wide = page.evaluate(
        "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    )
    if wide > 0:
        found.append(f"sticks out by {wide} px")
    return found


#: One site for all who look at it from the same device.
EVERYBODY = [
    pytest.param(device, person, marks=pytest.mark.xdist_group(f"every_page-{device}"))
    for device in DEVICES
    for person in PEOPLE
]


@pytest.mark.slow
@pytest.mark.parametrize(("device", "person"), EVERYBODY)
def test_every_page(
    demo_site: SiteUnderTest,
    demo_address: str,
    tours: dict[str, list[str]],
    chromium: Browser,
    device: str,
    person: str,
) -> None:
    context = chromium.new_context(base_url=demo_address, locale="zh-CN", **DEVICES[device])
    context.set_default_timeout(PATIENCE)
    if person:
        with demo_site.occasion() as occasion:
            user = occasion.site.users.by_id(occasion.site.user_index.usernames[person])
            token = sessions.start(occasion, user)
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": demo_address}])
    page = context.new_page()
    faults = {}
    for path in tours[person]:
        page.goto(path, wait_until="load")
        until_ready(page)
        if found := faults_of(page):
            faults[path] = found
    context.close()
    assert not faults
